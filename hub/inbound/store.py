"""SQL of what providers send us: the inbox, and receipts that nobody could place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.orm import Session

from hub.core.db import Database, rows_of
from hub.inbound.models import ORPHANS
from hub.messages.models import PROVIDER_IDS

KEEP = """
    WITH tenant AS MATERIALIZED (SELECT set_config('hub.workspace_id', %(workspace)s, true))
    INSERT INTO outbox (workspace_id, topic, key, lane, due_at, sealed)
    SELECT CAST(%(workspace)s AS uuid), 'inbound', CAST(%(key)s AS uuid), 'receipts', now(), %(sealed)s FROM tenant
    ON CONFLICT DO NOTHING
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A receipt of a message that the hub does not know."""

    workspace_id: UUID
    id: UUID
    provider_account_id: UUID
    provider_message_id: str
    kind: str
    sealed: bytes
    received_at: datetime


def keep(db: Database, *, workspace_id: UUID, key: UUID, sealed: bytes) -> None:
    """Put a callback into the inbox, in one round trip. The same one twice is kept once while it waits."""
    db.execute_once(KEEP, {"workspace": str(workspace_id), "key": str(key), "sealed": sealed})


def whose(session: Session, ids: Sequence[tuple[UUID, UUID, str]]) -> dict[tuple[UUID, str], tuple[UUID, int]]:
    """Return the attempt (message, number) behind each (workspace, account, provider's id) that we know."""
    if not ids:
        return {}
    columns = (PROVIDER_IDS.c.workspace_id, PROVIDER_IDS.c.provider_account_id, PROVIDER_IDS.c.provider_message_id)
    rows = session.execute(select(PROVIDER_IDS).where(tuple_(*columns).in_(ids)))
    return {(row.provider_account_id, row.provider_message_id): (row.message_id, row.number) for row in rows}


def add_orphans(session: Session, orphans: Sequence[Orphan]) -> None:
    """Keep receipts that nobody could place, to be looked at by a person."""
    if orphans:
        values: list[dict[str, Any]] = [
            {name: getattr(orphan, name) for name in orphan.__dataclass_fields__} for orphan in orphans
        ]
        session.execute(insert(ORPHANS), values)


def sweep_orphans(session: Session, before: datetime, limit: int) -> int:
    """Delete some of the receipts that nobody could place for long enough; return how many."""
    key = (ORPHANS.c.workspace_id, ORPHANS.c.id)
    old = select(*key).where(ORPHANS.c.received_at < before).limit(limit)
    return rows_of(session.execute(delete(ORPHANS).where(tuple_(*key).in_(old))))
