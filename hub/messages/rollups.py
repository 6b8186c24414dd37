"""Rollups and spend, proved against the messages and attempts they count."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracking.delivery import Status

FREEZE = text("LOCK TABLE spend, message_rollups IN EXCLUSIVE MODE")  # in the order of those who write both
NO_LIMIT = text("SET LOCAL statement_timeout = 0")
WRONG = text(
    """
    WITH told AS (
        SELECT workspace_id, hour, channel, outcome, sum(count) AS count FROM message_rollups
        GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0
    ),
    counted AS (
        SELECT workspace_id, date_trunc('hour', created_at, 'UTC') AS hour, channel, status AS outcome,
               count(*) AS count
        FROM messages WHERE status >= :sent GROUP BY 1, 2, 3, 4
    )
    SELECT count(*) FROM told FULL JOIN counted USING (workspace_id, hour, channel, outcome)
    WHERE told.count IS DISTINCT FROM counted.count
    """
)
EMPTY = text("DELETE FROM message_rollups")
FILL = text(
    """
    INSERT INTO message_rollups (workspace_id, hour, channel, outcome, slot, count)
    SELECT workspace_id, date_trunc('hour', created_at, 'UTC'), channel, status, 0, count(*)
    FROM messages WHERE status >= :sent GROUP BY 1, 2, 3, 4
    """
)
COUNTED = """
    SELECT a.workspace_id, CAST(date_trunc('month', a.marked_at, 'UTC') AS date) AS month, a.provider_account_id,
           coalesce(m.api_key_id, m.user_id) AS spender_id, a.counted_currency AS currency,
           sum(a.counted_micros) AS micros
    FROM attempts a JOIN messages m ON m.workspace_id = a.workspace_id AND m.id = a.message_id
    WHERE a.counted_micros <> 0 GROUP BY 1, 2, 3, 4, 5
    """
WRONG_SPEND = text(
    f"""
    WITH told AS (
        SELECT workspace_id, month, provider_account_id, spender_id, currency, sum(micros) AS micros FROM spend
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(micros) <> 0
    ),
    counted AS ({COUNTED})
    SELECT count(*)
    FROM told FULL JOIN counted USING (workspace_id, month, provider_account_id, spender_id, currency)
    WHERE told.micros IS DISTINCT FROM counted.micros
    """  # noqa: S608 - a constant
)
EMPTY_SPEND = text("DELETE FROM spend")
FILL_SPEND = text(
    f"""
    INSERT INTO spend (workspace_id, month, provider_account_id, spender_id, currency, slot, micros)
    SELECT workspace_id, month, provider_account_id, spender_id, currency, 0, micros FROM ({COUNTED}) AS counted
    """  # noqa: S608 - a constant
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many counters and sums were wrong before."""

    wrong: int


def rebuild(session: Session) -> Rebuilt:
    """Count all messages, and what their attempts have cost, anew. Writers wait meanwhile; nothing is lost or doubled.

    The lock comes first: whoever changed a message and not yet its rollup has not committed, is not counted here, and
    adds its change afterwards.
    """
    session.execute(NO_LIMIT)
    session.execute(FREEZE)
    parameters = {"sent": Status.SENT.value}
    wrong = (session.scalar(WRONG, parameters) or 0) + (session.scalar(WRONG_SPEND) or 0)
    for statement in (EMPTY, EMPTY_SPEND, FILL_SPEND):
        session.execute(statement)
    session.execute(FILL, parameters)
    return Rebuilt(int(wrong))
