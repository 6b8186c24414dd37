"""SQL of suppressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.contacts.models import SUPPRESSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not be written to on one channel."""

    workspace_id: UUID
    channel: str
    address_index: bytes
    sealed: bytes
    reason: str
    source: str
    created_at: datetime


def suppress(session: Session, rows: Sequence[Suppression]) -> None:
    """Add suppressions; one that exists stays as it is."""
    if rows:
        values: list[dict[str, Any]] = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in rows]
        session.execute(insert(SUPPRESSIONS).on_conflict_do_nothing(), values)
