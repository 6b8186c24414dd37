"""A past: rows that PostgreSQL makes up itself, as a hub in its third week of the month would have them.

Ids are UUIDv7-shaped and in the order of time; what is random in a real hub (blind indexes, providers' ids, digests) is
random here, because that is what makes an index large to work on.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product

from psycopg import sql

from benchmarks.running import BenchmarkFailed, Hub
from tracking.delivery import AttemptStatus, Status

DAYS = timedelta(days=20)
FUNCTIONS = """
    CREATE FUNCTION past_time(i bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
        'SELECT to_timestamp({first} + i * {step})';
    CREATE FUNCTION past_id(i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
        SELECT (lpad(to_hex((1000 * ({first} + i * {step}))::bigint), 12, '0')
                || '7' || substr(md5(i::text), 1, 3) || 'a' || substr(md5(i::text), 4, 15))::uuid
    $$;
"""
MESSAGES = """
    INSERT INTO messages (workspace_id, id, api_key_id, test, channel, lane, purpose, status, final, to_index, sealed,
                          route, step, created_at, deadline_at, finished_at)
    SELECT k.workspace_id, past_id(i), k.id, true, 'sms', 'normal', 'transactional', {delivered}, true,
           decode(md5('to' || i) || md5('index' || i), 'hex'),
           coalesce({sealed}, convert_to('gAAAAA' || repeat(md5(i::text), 7), 'UTF8')),
           '[{{"channel": "sms", "until": "delivered"}}]', 0, past_time(i),
           past_time(i) + interval '2 days',
           past_time(i) + interval '1 s'
    FROM api_keys k, generate_series({begin}, {end}) AS i
"""
PROVIDER_IDS = """
    INSERT INTO provider_ids (workspace_id, provider_account_id, provider_message_id, message_id, number, created_at)
    SELECT p.workspace_id, p.id, 'SM' || md5('sid' || i), past_id(i), 1, past_time(i)
    FROM provider_accounts p, generate_series({begin}, {end}) AS i
"""
ATTEMPTS = """
    INSERT INTO attempts (workspace_id, message_id, number, channel, provider, provider_account_id, sender, status,
                          marked_at, finished_at, provider_message_id, segments)
    SELECT p.workspace_id, past_id(i), 1, 'sms', p.provider, p.id, p.sender, {attempt_delivered},
           past_time(i), past_time(i) + interval '1 s', 'SM' || md5('sid' || i), 1
    FROM provider_accounts p, generate_series({begin}, {end}) AS i
"""
EVENTS = """
    INSERT INTO events (workspace_id, message_id, digest, number, kind, received_at)
    SELECT p.workspace_id, past_id(i), decode(md5(kind || i), 'hex'), 1, kind,
           past_time(i) + interval '1 s'
    FROM provider_accounts p, generate_series({begin}, {end}) AS i, unnest(ARRAY['sent', 'delivered']) AS kind
"""
FEED = """
    INSERT INTO feed (workspace_id, number, id, at, type, subject, data)
    SELECT w.id, 2 * i + place, gen_random_uuid(), past_time(i) + interval '1 s', 'message.' || word, past_id(i), data
    FROM workspaces w, generate_series({begin}, {end}) AS i, (VALUES
        (1, 'sent', jsonb '{{"final": false, "reason": null, "status": "sent", "reference": null}}'),
        (2, 'delivered', jsonb '{{"final": true, "reason": null, "status": "delivered", "reference": null}}')
    ) AS said(place, word, data)
"""
HEADS = "INSERT INTO feed_heads SELECT id, 2 * {count} FROM workspaces"
BESIDE_EACH_OTHER = ((MESSAGES, PROVIDER_IDS), (EVENTS, ATTEMPTS, FEED))
AT_ONCE = 250_000  # then a checkpoint, so that the log stays small
SIZE = "SELECT pg_database_size('hub')"


def make(hub: Hub, count: int, sealed: bytes | None = None) -> int:
    """Give a fresh hub's demo workspace this many delivered messages; return the size of its database in bytes.

    `sealed` is the content of each, if somebody is going to read them.
    """
    now = datetime.now(UTC)
    first = max(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0), now - DAYS)
    step = (now - first).total_seconds() / (count + 1)
    with hub.connect() as connection:
        connection.execute(_filled(FUNCTIONS, first=first.timestamp(), step=step))
        connection.execute(_filled(HEADS, count=count))
    with ThreadPoolExecutor(len(BESIDE_EACH_OTHER)) as pool:
        list(pool.map(lambda statements: _insert(hub, statements, count, sealed), BESIDE_EACH_OTHER))
    with hub.connect() as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        found = connection.execute(SIZE).fetchone()
    assert found
    return int(found[0])


def _insert(hub: Hub, statements: Sequence[str], count: int, sealed: bytes | None) -> None:
    with hub.connect() as connection:
        connection.execute("SET session_replication_role = replica")  # the references hold; nobody need check each
        connection.execute("SET synchronous_commit = off")
        for statement, begin in product(statements, range(0, count, AT_ONCE)):
            end = min(begin + AT_ONCE, count)
            made = connection.execute(
                _filled(
                    statement,
                    begin=begin,
                    end=end - 1,
                    delivered=Status.DELIVERED.value,
                    attempt_delivered=AttemptStatus.DELIVERED.value,
                    sealed=sealed,
                )
            )
            if made.rowcount < end - begin:
                raise BenchmarkFailed(f"{made.rowcount} rows instead of {end - begin}:{statement}")
            connection.execute("CHECKPOINT")


def _filled(statement: str, **values: float | bytes | None) -> sql.Composed:
    return sql.SQL(statement).format(**{name: sql.Literal(value) for name, value in values.items()})
