"""Rollups proved against the messages they count."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracking.delivery import Status

FREEZE = text("LOCK TABLE message_rollups IN EXCLUSIVE MODE")
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


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many counters were wrong before."""

    wrong: int


def rebuild(session: Session) -> Rebuilt:
    """Count all messages anew. Writers of rollups wait meanwhile; nothing is lost or counted twice.

    The lock comes first: whoever changed a message and not yet its rollup has not committed, is not counted here, and
    adds its change afterwards.
    """
    session.execute(NO_LIMIT)
    session.execute(FREEZE)
    parameters = {"sent": Status.SENT.value}
    wrong = session.scalar(WRONG, parameters) or 0
    session.execute(EMPTY)
    session.execute(FILL, parameters)
    return Rebuilt(int(wrong))
