"""Who did what to which object. Rows are written in the transaction of the act and never changed."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid, func, insert, not_, or_, select
from sqlalchemy.orm import Session

from hub.core import clock, ids
from hub.core.crypto import Vault
from hub.core.db import METADATA

AUDIT = Table(
    "audit",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("request_id", Text),
    Column("address", Text),  # where the request came from
    Column("sealed", LargeBinary, nullable=False),  # before and after
    Index("ix_audit_object", "workspace_id", "object"),
    Index("ix_audit_actor", "workspace_id", "actor", "id"),
)
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The request in which acts are done, if it is one."""
ADDRESS: ContextVar[str | None] = ContextVar("address", default=None)
"""The network address it came from."""
LOOKS = (".viewed", ".listed", ".searched", ".revealed", ".exported")
"""How the acts end that only look."""

VIEWS = (".viewed", ".listed")
"""The looks that a screen makes by itself; there are more of them than of anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. `action` is `noun.verb` in the past tense, `subject` the TypeID or name of the object."""

    workspace_id: UUID
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An act as it was written down."""

    id: UUID
    at: datetime
    act: Act
    request_id: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries are wanted; None does not filter. An action that ends in a dot stands for all that begin so."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    looks_only: bool = False
    without_views: bool = False
    before: UUID | None = None


def record(session: Session, vault: Vault, act: Act) -> None:
    """Write the act down."""
    session.execute(
        insert(AUDIT).values(
            workspace_id=act.workspace_id,
            id=ids.new(),
            at=clock.now(),
            actor=act.actor,
            action=act.action,
            object=act.subject,
            request_id=REQUEST_ID.get(),
            address=ADDRESS.get(),
            sealed=vault.seal({"before": act.before, "after": act.after}),
        )
    )


def page(session: Session, vault: Vault, workspace_id: UUID, wanted: Filter, limit: int) -> Sequence[Entry]:
    """Return the entries of a workspace, newest first."""
    query = select(AUDIT).where(*_matching(workspace_id, wanted)).order_by(AUDIT.c.id.desc()).limit(limit)
    return [_entry(vault, row) for row in session.execute(query)]


def count(session: Session, workspace_id: UUID, wanted: Filter) -> dict[str, int]:
    """Return how often each action was done."""
    query = select(AUDIT.c.action, func.count().label("times")).where(*_matching(workspace_id, wanted))
    rows = session.execute(query.group_by(AUDIT.c.action).order_by(AUDIT.c.action))
    return {row.action: row.times for row in rows}


def _matching(workspace_id: UUID, wanted: Filter) -> list[Any]:
    """Return the conditions. Ids are made in the order of time, so a period is a range of the key."""
    conditions: list[Any] = [AUDIT.c.workspace_id == workspace_id]
    if wanted.actor is not None:
        conditions.append(AUDIT.c.actor == wanted.actor)
    if wanted.action is not None:
        kind = wanted.action.endswith(".")
        same = AUDIT.c.action.startswith(wanted.action, autoescape=True) if kind else AUDIT.c.action == wanted.action
        conditions.append(same)
    if wanted.subject is not None:
        conditions.append(AUDIT.c.object == wanted.subject)
    if wanted.since is not None:
        conditions.append(AUDIT.c.id >= ids.first_of(wanted.since))
    if wanted.until is not None:
        conditions.append(AUDIT.c.id < ids.first_of(wanted.until))
    if wanted.looks_only:
        conditions.append(or_(*(AUDIT.c.action.endswith(ending, autoescape=True) for ending in LOOKS)))
    if wanted.without_views:
        conditions.extend(not_(AUDIT.c.action.endswith(ending, autoescape=True)) for ending in VIEWS)
    if wanted.before is not None:
        conditions.append(AUDIT.c.id < wanted.before)
    return conditions


def _entry(vault: Vault, row: Any) -> Entry:  # noqa: ANN401 - a row
    act = Act(
        workspace_id=row.workspace_id,
        actor=row.actor,
        action=row.action,
        subject=row.object,
        **vault.unseal(row.sealed),
    )
    return Entry(id=row.id, at=row.at, act=act, request_id=row.request_id, address=row.address)
