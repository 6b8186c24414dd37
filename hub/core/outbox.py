"""Work that waits in PostgreSQL: one row per thing to do, unique by (workspace, topic, key).

`due_at` is the one clock of a row. Claiming moves it to the end of the lease, so a row whose worker died becomes due
again by itself; completing deletes the row in the transaction that records the effect. A claim token fences both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.orm import Session

from hub.core.db import METADATA


class Topic(StrEnum):
    """A kind of work. `hub/worker.py` maps each to its job."""

    SEND = "send"  # hand a message to a provider
    FOLLOW_UP = "follow_up"  # ask a provider, or conclude at a deadline
    INBOUND = "inbound"  # read what a provider told us


class Lane(StrEnum):
    """A queue with its own worker, so that slow work never delays urgent work."""

    NOW = "now"  # one transactional message
    NORMAL = "normal"  # batches and marketing
    BULK = "bulk"  # campaigns
    RECEIPTS = "receipts"
    FOLLOW_UP = "follow_up"


LANES_OF: dict[Topic, tuple[Lane, ...]] = {
    Topic.SEND: (Lane.NOW, Lane.NORMAL, Lane.BULK),
    Topic.FOLLOW_UP: (Lane.FOLLOW_UP,),
    Topic.INBOUND: (Lane.RECEIPTS,),
}

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("key", Uuid, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("claim", Uuid),
    Column("sealed", LargeBinary),
    Index("ix_outbox_due", "topic", "lane", "workspace_id", "due_at"),
    Index("ix_outbox_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this worker holds until its lease ends."""

    workspace_id: UUID
    key: UUID
    lane: Lane
    claim: UUID
    sealed: bytes | None


WAITING_WORKSPACES = """
    WITH RECURSIVE waiting(workspace_id) AS (
        (SELECT workspace_id FROM outbox WHERE topic = :topic AND lane = :lane ORDER BY workspace_id LIMIT 1)
        UNION ALL
        SELECT (SELECT o.workspace_id FROM outbox o
                WHERE o.topic = :topic AND o.lane = :lane AND o.workspace_id > w.workspace_id
                ORDER BY o.workspace_id LIMIT 1)
        FROM waiting w WHERE w.workspace_id IS NOT NULL
    )
"""
CLAIM = text(
    WAITING_WORKSPACES  # noqa: S608 - two constants
    + """,
    ready AS (
        SELECT workspace_id FROM waiting w WHERE EXISTS (
            SELECT FROM outbox o WHERE o.topic = :topic AND o.lane = :lane
            AND o.workspace_id = w.workspace_id AND o.due_at <= now())
        ORDER BY random()
    ),
    due AS (
        SELECT o.* FROM ready r CROSS JOIN LATERAL (
            SELECT workspace_id, key FROM outbox
            WHERE topic = :topic AND lane = :lane AND workspace_id = r.workspace_id AND due_at <= now()
            ORDER BY due_at
            LIMIT greatest(1, :limit / (SELECT count(*) FROM ready))
            FOR UPDATE SKIP LOCKED
        ) o
        LIMIT :limit
    )
    UPDATE outbox o SET claim = :claim, due_at = now() + make_interval(secs => :lease)
    FROM due WHERE o.workspace_id = due.workspace_id AND o.topic = :topic AND o.key = due.key
    RETURNING o.workspace_id, o.key, o.sealed
    """
)
CLAIM_EXPIRED = text(
    """
    UPDATE outbox o SET claim = :claim, due_at = now() + make_interval(secs => :lease)
    FROM (
        SELECT workspace_id, topic, key FROM outbox WHERE topic = :topic AND expires_at <= now()
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ) late
    WHERE o.workspace_id = late.workspace_id AND o.topic = late.topic AND o.key = late.key
    RETURNING o.workspace_id, o.key, o.lane
    """
)
ANY_DUE = text(
    WAITING_WORKSPACES  # noqa: S608 - two constants
    + """
    SELECT EXISTS (
        SELECT FROM waiting w WHERE EXISTS (
            SELECT FROM outbox o WHERE o.topic = :topic AND o.lane = :lane
            AND o.workspace_id = w.workspace_id AND o.due_at <= now()
        )
    )
    """
)
COMPLETE = text(
    """
    DELETE FROM outbox o USING unnest(CAST(:workspaces AS uuid[]), CAST(:keys AS uuid[])) AS done(workspace_id, key)
    WHERE o.workspace_id = done.workspace_id AND o.topic = ANY(:topics) AND o.key = done.key
    """
)
POSTPONE = text(
    """
    UPDATE outbox o SET claim = NULL, topic = later.topic, lane = later.lane, due_at = later.due_at
    FROM unnest(CAST(:workspaces AS uuid[]), CAST(:keys AS uuid[]), CAST(:new_topics AS text[]),
                CAST(:lanes AS text[]), CAST(:due AS timestamptz[])) AS later(workspace_id, key, topic, lane, due_at)
    WHERE o.workspace_id = later.workspace_id AND o.topic = ANY(:topics) AND o.key = later.key
    """
)

GIVE_BACK = text(
    """
    UPDATE outbox SET claim = NULL, due_at = :due_at
    WHERE workspace_id = :workspace AND topic = :topic AND key = :key AND claim = :claim
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A row to be looked at again, perhaps as other work."""

    workspace_id: UUID
    key: UUID
    topic: Topic
    lane: Lane
    due_at: datetime


def claim(session: Session, topic: Topic, lane: Lane, *, limit: int, lease_seconds: float) -> list[Claimed]:
    """Take due rows, oldest first, in equal shares for the workspaces that have some. Safe side by side."""
    token = uuid4()
    rows = session.execute(
        CLAIM,
        {"topic": topic, "lane": lane, "limit": limit, "lease": lease_seconds, "claim": token},
    )
    return [Claimed(row.workspace_id, row.key, lane, token, row.sealed) for row in rows]


def claim_expired(session: Session, topic: Topic, *, limit: int, lease_seconds: float) -> list[Claimed]:
    """Take rows whose time is over, whatever their lane and whoever holds them: nothing may be started for them."""
    token = uuid4()
    rows = session.execute(CLAIM_EXPIRED, {"topic": topic, "limit": limit, "lease": lease_seconds, "claim": token})
    return [Claimed(row.workspace_id, row.key, Lane(row.lane), token, None) for row in rows]


def any_due(session: Session, topic: Topic, lane: Lane) -> bool:
    """Tell whether a claim would find something."""
    return bool(session.scalar(ANY_DUE, {"topic": topic, "lane": lane}))


def complete(session: Session, topics: Sequence[Topic], rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Delete the rows (workspace, key) whose effect this transaction records. A row that is gone is no error."""
    if rows:
        workspaces, keys = zip(*rows, strict=True)
        session.execute(COMPLETE, {"topics": list(topics), "workspaces": list(workspaces), "keys": list(keys)})


def postpone(session: Session, topics: Sequence[Topic], rows: Sequence[Later]) -> None:
    """Give rows of these topics back, to be claimed at their new time, perhaps as other work."""
    if rows:
        session.execute(
            POSTPONE,
            {
                "topics": list(topics),
                "workspaces": [row.workspace_id for row in rows],
                "keys": [row.key for row in rows],
                "new_topics": [row.topic.value for row in rows],
                "lanes": [row.lane.value for row in rows],
                "due": [row.due_at for row in rows],
            },
        )


def give_back(session: Session, topic: Topic, key: tuple[UUID, UUID], claim: UUID, due_at: datetime) -> None:
    """Give one row (workspace, key) back if it is still held under this claim."""
    session.execute(GIVE_BACK, {"workspace": key[0], "topic": topic, "key": key[1], "due_at": due_at, "claim": claim})
