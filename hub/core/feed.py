"""What happened, in the order it was committed, for whoever pulls: `GET /api/v1/events`.

Each workspace has a head row. A writer takes it last in its transaction, so a number is given only when all smaller
numbers are committed, and a reader who is past a number can never miss one below it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub.core import ids
from hub.core.db import METADATA, rows_of

FEED = Table(
    "feed",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("data", JSONB, nullable=False),  # nothing personal
    Index("ix_feed_at", "at"),
)
HEADS = Table(
    "feed_heads",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

TAKE_NUMBERS = text(
    """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:workspaces AS uuid[]), CAST(:counts AS bigint[])) AS w(workspace_id, count)
        ORDER BY workspace_id
    )
    INSERT INTO feed_heads AS h (workspace_id, number) SELECT workspace_id, count FROM wanted
    ON CONFLICT (workspace_id) DO UPDATE SET number = h.number + excluded.number
    RETURNING workspace_id, number
    """
)

APPEND = text(
    """
    INSERT INTO feed (workspace_id, number, id, at, type, subject, data)
    SELECT n.* FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, number bigint, id uuid, at timestamptz, type text, subject uuid, data jsonb)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing a subscriber would want to know. `type` is `noun.verb`, as `message.delivered`."""

    workspace_id: UUID
    at: datetime
    type: str
    subject: UUID
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row of the feed."""

    number: int
    id: UUID
    at: datetime
    type: str
    subject: UUID
    data: dict[str, Any]


def publish(session: Session, news: Iterable[Happened]) -> None:
    """Append to the feed. Call it last in the transaction: it holds the head of the workspace until the commit."""
    by_workspace: dict[UUID, list[Happened]] = {}
    for item in news:
        by_workspace.setdefault(item.workspace_id, []).append(item)
    if not by_workspace:
        return
    workspaces = sorted(by_workspace)
    heads = session.execute(
        TAKE_NUMBERS, {"workspaces": workspaces, "counts": [len(by_workspace[key]) for key in workspaces]}
    )
    rows = []
    for workspace_id, head in heads:
        items = by_workspace[workspace_id]
        rows += [_row(item, head - len(items) + place) for place, item in enumerate(items, start=1)]
    session.execute(APPEND, {"rows": orjson.dumps(rows).decode()})


def read(session: Session, *, after: int, limit: int) -> Sequence[Numbered]:
    """Return what happened after a number, oldest first, in the workspace of the transaction."""
    rows = session.execute(
        select(FEED.c.number, FEED.c.id, FEED.c.at, FEED.c.type, FEED.c.subject, FEED.c.data)
        .where(FEED.c.number > after)
        .order_by(FEED.c.number)
        .limit(limit)
    )
    return [Numbered(*row) for row in rows]


def sweep(session: Session, before: datetime, limit: int) -> int:
    """Delete some of what is older than `before`; return how much."""
    old = select(FEED.c.workspace_id, FEED.c.number).where(FEED.c.at < before).limit(limit)
    return rows_of(session.execute(delete(FEED).where(tuple_(FEED.c.workspace_id, FEED.c.number).in_(old))))


def _row(item: Happened, number: int) -> dict[str, Any]:
    return {
        "workspace_id": item.workspace_id,
        "number": number,
        "id": ids.new(),
        "at": item.at,
        "type": item.type,
        "subject": item.subject,
        "data": item.data,
    }
