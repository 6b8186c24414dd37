"""SQL of accepting and reading messages. What happens to them afterwards is in `ledger.py`."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Select, delete, select, text, tuple_
from sqlalchemy.orm import Session

from hub.accounts.service import Actor, ActorKind
from hub.core.crypto import Vault
from hub.core.db import rows_of
from hub.messages import listing
from hub.messages.commands import Filter
from hub.messages.models import ATTEMPTS, EVENTS, MESSAGES, PROVIDER_IDS
from hub.messages.snapshots import Attempt, Event, Message
from hub.routing.models import PROVIDER_ACCOUNTS
from tracking.delivery import AttemptStatus, Status

ACCEPT = """
    WITH tenant AS MATERIALIZED (SELECT set_config('hub.workspace_id', %(workspace)s, true)),
    new AS MATERIALIZED (
        SELECT n.* FROM tenant, json_to_recordset(CAST(%(rows)s AS json)) AS n(
            id uuid, status smallint, channel text, lane text, purpose text, reference text, to_index text,
            sealed text, route jsonb, send_at timestamptz, deadline_at timestamptz)
    ),
    key AS (
        INSERT INTO idempotency_keys (workspace_id, api_key_id, kind, key, digest, sealed, created_at)
        SELECT CAST(%(workspace)s AS uuid), CAST(%(actor)s AS uuid), k.kind, k.key, decode(k.digest, 'hex'),
               convert_to(k.sealed, 'UTF8'), %(now)s
        FROM tenant, json_to_recordset(CAST(%(keys)s AS json)) AS k(kind text, key text, digest text, sealed text)
    ),
    message AS (
        INSERT INTO messages (workspace_id, id, api_key_id, user_id, test, channel, lane, purpose, status, final,
                              reference, to_index, sealed, route, step, created_at, send_at, deadline_at)
        SELECT CAST(%(workspace)s AS uuid), id, CAST(%(api_key)s AS uuid), CAST(%(user)s AS uuid), %(test)s, channel,
               lane, purpose, status, false, reference, decode(to_index, 'hex'), convert_to(sealed, 'UTF8'), route, 0,
               %(now)s, send_at, deadline_at
        FROM new
    )
    INSERT INTO outbox (workspace_id, topic, key, lane, due_at, expires_at)
    SELECT CAST(%(workspace)s AS uuid), 'send', id, lane, coalesce(send_at, %(now)s), deadline_at FROM new
    """
"""One statement, so one round trip and one transaction: it names its workspace before it writes.

The rows come as one JSON text, which costs a third of array parameters and may be one row or a thousand.
"""

TAKE_REFERENCES = text(
    """
    INSERT INTO idempotency_keys (workspace_id, api_key_id, kind, key, digest, sealed, created_at)
    SELECT :workspace, :api_key, 'reference', k.key, decode(k.digest, 'hex'), convert_to(k.sealed, 'UTF8'), :now
    FROM json_to_recordset(CAST(:keys AS json)) AS k(key text, digest text, sealed text)
    ORDER BY k.key
    ON CONFLICT DO NOTHING RETURNING key
    """
)

ATTEMPT_COLUMNS = tuple(ATTEMPTS.c[field.name] for field in fields(Attempt))
EVENT_NAMES = ("number", "kind", "occurred_at", "received_at", "provider_code")
EVENT_COLUMNS = tuple(EVENTS.c[name] for name in EVENT_NAMES)


def parameters_of(
    actor: Actor, rows: Sequence[dict[str, Any]], keys: Sequence[dict[str, Any]], now: datetime
) -> dict[str, Any]:
    """Return the parameters of `ACCEPT`."""
    by_key = actor.kind is ActorKind.KEY
    return {
        "workspace": str(actor.workspace_id),
        "actor": str(actor.id),
        "api_key": str(actor.id) if by_key else None,
        "user": None if by_key else str(actor.id),
        "test": actor.test,
        "now": now,
        "rows": orjson.dumps(rows).decode(),
        "keys": orjson.dumps(keys).decode(),
    }


def accept(session: Session, parameters: dict[str, Any]) -> None:
    """Insert messages with their outbox rows in a transaction that does more."""
    session.connection().exec_driver_sql(ACCEPT, parameters)


def take_references(session: Session, **parameters: Any) -> set[str]:  # noqa: ANN401 - the statement's parameters
    """Claim references for 24 hours; return those that were free."""
    parameters["keys"] = orjson.dumps(parameters["keys"]).decode()
    return set(session.scalars(TAKE_REFERENCES, parameters))


def find(session: Session, vault: Vault, workspace_id: UUID, message_id: UUID) -> Message | None:
    """Return one message with its attempts and events."""
    found = _read(session, vault, _of(workspace_id).where(MESSAGES.c.id == message_id))
    return found[0] if found else None


def page(
    session: Session, vault: Vault, workspace_id: UUID, wanted: Filter, limit: int
) -> tuple[list[Message], UUID | None]:
    """Return messages, newest first, and where the next page begins; a page may be short and yet not the last."""
    found = listing.page(session, vault, workspace_id, wanted, limit)
    query = _of(workspace_id).where(MESSAGES.c.id.in_(found.ids)).order_by(MESSAGES.c.id.desc())
    return (_read(session, vault, query) if found.ids else []), found.before


def of_provider_id(session: Session, workspace_id: UUID, provider_message_id: str) -> UUID | None:
    """Return the newest message that one of the workspace's provider accounts knows by this id."""
    accounts = select(PROVIDER_ACCOUNTS.c.id).where(PROVIDER_ACCOUNTS.c.workspace_id == workspace_id)
    query = select(PROVIDER_IDS.c.message_id).where(
        PROVIDER_IDS.c.workspace_id == workspace_id,
        PROVIDER_IDS.c.provider_account_id.in_(accounts),
        PROVIDER_IDS.c.provider_message_id == provider_message_id,
    )
    return session.scalars(query.order_by(PROVIDER_IDS.c.message_id.desc()).limit(1)).first()


def sweep_provider_ids(session: Session, before: datetime, limit: int) -> int:
    """Forget some of the providers' ids that no receipt will name any more; return how many."""
    key = (PROVIDER_IDS.c.workspace_id, PROVIDER_IDS.c.provider_account_id, PROVIDER_IDS.c.provider_message_id)
    old = select(*key).where(PROVIDER_IDS.c.created_at < before).limit(limit)
    return rows_of(session.execute(delete(PROVIDER_IDS).where(tuple_(*key).in_(old))))


def _of(workspace_id: UUID) -> Select[Any]:
    return select(MESSAGES).where(MESSAGES.c.workspace_id == workspace_id)


def _read(session: Session, vault: Vault, query: Select[Any]) -> list[Message]:
    rows = session.execute(query).all()
    if not rows:
        return []
    keys = [row.id for row in rows]
    workspace_id = rows[0].workspace_id
    attempts: dict[UUID, list[Attempt]] = {key: [] for key in keys}
    events: dict[UUID, list[Event]] = {key: [] for key in keys}
    for row in session.execute(
        select(ATTEMPTS.c.message_id, *ATTEMPT_COLUMNS)
        .where(ATTEMPTS.c.workspace_id == workspace_id, ATTEMPTS.c.message_id.in_(keys))
        .order_by(ATTEMPTS.c.message_id, ATTEMPTS.c.number)
    ).mappings():
        values = {column.name: row[column.name] for column in ATTEMPT_COLUMNS}
        attempts[row["message_id"]].append(Attempt(**values | {"status": AttemptStatus(values["status"])}))
    for event in session.execute(
        select(EVENTS.c.message_id, *EVENT_COLUMNS).where(
            EVENTS.c.workspace_id == workspace_id, EVENTS.c.message_id.in_(keys)
        )
    ):
        events[event.message_id].append(Event(**{name: getattr(event, name) for name in EVENT_NAMES}))
    return [_message(row, vault, attempts[row.id], events[row.id]) for row in rows]


def _message(row: Row[Any], vault: Vault, attempts: Sequence[Attempt], events: Sequence[Event]) -> Message:
    personal = vault.unseal(row.sealed)
    return Message(
        id=row.id,
        api_key_id=row.api_key_id,
        user_id=row.user_id,
        test=row.test,
        channel=row.channel,
        to=personal["to"],
        body=personal["body"],
        status=Status(row.status),
        final=row.final,
        reason_code=row.reason_code,
        provider_code=row.provider_code,
        purpose=row.purpose,
        reference=row.reference,
        metadata=personal["metadata"],
        created_at=row.created_at,
        send_at=row.send_at,
        deadline_at=row.deadline_at,
        finished_at=row.finished_at,
        attempts=attempts,
        events=events,
    )
