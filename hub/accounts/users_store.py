"""SQL of people and of their places in workspaces. For identity's transactions only (`Database.across_workspaces`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from hub.accounts.models import MEMBERS, USERS, WORKSPACES
from hub.accounts.store import Workspace
from hub.core import clock
from hub.core.crypto import Vault

NOBODY = UUID(int=0)
"""People belong to no workspace; their emails are indexed under this instead of one."""
SEALED = ("email", "name", "phone", "second_factor", "last_code", "rescue_codes")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who may sign in. `second_factor` is the key of the code generator, once it was proven to work."""

    id: UUID
    email: str
    name: str
    phone: str | None = None
    language: str | None = None
    active: bool = True
    password: str | None = field(default=None, repr=False)  # argon2
    uniquifier: str = field(repr=False)
    second_factor: str | None = field(default=None, repr=False)
    last_code: int | None = field(default=None, repr=False)  # the step of the last code that was taken
    rescue_codes: Sequence[str] = field(default=(), repr=False)  # SHA-256 of each, in hexadecimal
    created_at: datetime
    last_sign_in_at: datetime | None = None

    @property
    def has_second_factor(self) -> bool:
        """Tell whether a password alone is not enough."""
        return self.second_factor is not None


def add(session: Session, vault: Vault, user: User) -> None:
    """Insert a person."""
    session.execute(insert(USERS).values(id=user.id, created_at=user.created_at, **_changeable(vault, user)))


def change(session: Session, vault: Vault, user: User) -> None:
    """Write a person's row as it is to be."""
    session.execute(update(USERS).where(USERS.c.id == user.id).values(_changeable(vault, user)))


def find(session: Session, vault: Vault, user_id: UUID, *, lock: bool = False) -> User | None:
    """Find a person; with `lock` nobody else changes them before the transaction ends."""
    query = select(USERS).where(USERS.c.id == user_id)
    row = session.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return read(vault, row) if row else None


def find_by_email(session: Session, vault: Vault, email: str) -> User | None:
    """Find a person by their normalised email."""
    query = select(USERS).where(USERS.c.email_index.in_(vault.indexes(NOBODY, email)))
    row = session.execute(query).mappings().first()
    return read(vault, row) if row else None


def many(session: Session, vault: Vault, ids: Collection[UUID]) -> list[User]:
    """Return the people with these ids."""
    rows = session.execute(select(USERS).where(USERS.c.id.in_(list(ids)))).mappings()
    return [read(vault, row) for row in rows]


def read(vault: Vault, row: Any) -> User:  # noqa: ANN401 - a row as a mapping
    """Return the person of a row."""
    columns = {name: row[name] for name in _PLAIN}
    return User(**columns, **vault.unseal(row["sealed"]))


def join(  # noqa: PLR0913 - a place has that many sides
    session: Session, workspace_id: UUID, user_id: UUID, role: str, invited_by: str, *, accepted: bool
) -> None:
    """Give or offer a person a place in a workspace, anew to one who left."""
    now = clock.now()
    place = {"role": role, "invited_by": invited_by, "created_at": now, "accepted_at": now if accepted else None}
    row = upsert(MEMBERS).values(workspace_id=workspace_id, user_id=user_id, **place)
    again = place | {"left_at": None}
    session.execute(row.on_conflict_do_update(index_elements=["workspace_id", "user_id"], set_=again))


def memberships(session: Session, user_id: UUID) -> list[tuple[Workspace, str]]:
    """Return the workspaces that a person is in, by name, each with their role."""
    query = (
        select(*WORKSPACES.c, MEMBERS.c.role)
        .join(MEMBERS, MEMBERS.c.workspace_id == WORKSPACES.c.id)
        .where(MEMBERS.c.user_id == user_id, MEMBERS.c.accepted_at.is_not(None), MEMBERS.c.left_at.is_(None))
        .order_by(WORKSPACES.c.name)
    )
    found = [dict(row) for row in session.execute(query).mappings()]
    return [(Workspace(**row), role) for row in found for role in (row.pop("role"),)]


def left(session: Session, user_id: UUID) -> list[tuple[str, datetime]]:
    """Return the names of the workspaces that a person is in no longer, and when they left, the last first."""
    query = (
        select(WORKSPACES.c.name, MEMBERS.c.left_at)
        .join(MEMBERS, MEMBERS.c.workspace_id == WORKSPACES.c.id)
        .where(MEMBERS.c.user_id == user_id, MEMBERS.c.accepted_at.is_not(None), MEMBERS.c.left_at.is_not(None))
        .order_by(MEMBERS.c.left_at.desc())
    )
    return [(row.name, row.left_at) for row in session.execute(query)]


_PLAIN = tuple(column.name for column in USERS.c if column.name not in {"email_index", "sealed", "has_second_factor"})


def _changeable(vault: Vault, user: User) -> dict[str, Any]:
    sealed = {name: getattr(user, name) for name in SEALED}
    return {
        "email_index": vault.index(NOBODY, user.email),
        "sealed": vault.seal(sealed | {"rescue_codes": list(user.rescue_codes)}),
        "password": user.password,
        "uniquifier": user.uniquifier,
        "active": user.active,
        "has_second_factor": user.has_second_factor,
        "language": user.language,
        "last_sign_in_at": user.last_sign_in_at,
    }
