"""Who did what to which object. Rows are written in the transaction of the act and never changed."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid, insert
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. `action` is `noun.verb` in the past tense, `subject` the TypeID or name of the object."""

    workspace_id: UUID
    actor: str
    action: str
    subject: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


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
