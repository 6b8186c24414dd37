"""SQL of who works in a workspace. For identity's transactions only (`Database.across_workspaces`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import MEMBERS, SESSIONS, USERS
from hub.accounts.roles import Role
from hub.core import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's place in a workspace: offered, theirs once they accepted it, and over once they left."""

    user_id: UUID
    role: str
    invited_by: str
    created_at: datetime
    accepted_at: datetime | None
    left_at: datetime | None

    @property
    def is_pending(self) -> bool:
        """Tell whether the place opens nothing yet."""
        return self.accepted_at is None and self.left_at is None

    @property
    def works(self) -> bool:
        """Tell whether the place opens the workspace."""
        return self.accepted_at is not None and self.left_at is None


SHOWN = tuple(MEMBERS.c[name] for name in ("user_id", "role", "invited_by", "created_at", "accepted_at", "left_at"))
WORKS = (MEMBERS.c.accepted_at.is_not(None), MEMBERS.c.left_at.is_(None))


def find(session: Session, workspace_id: UUID, user_id: UUID, *, to_change: bool = False) -> Member | None:
    """Find who works, or worked, in a workspace; `to_change` keeps others from changing their place."""
    query = select(*SHOWN).where(MEMBERS.c.workspace_id == workspace_id, MEMBERS.c.user_id == user_id)
    row = session.execute(query.with_for_update() if to_change else query).mappings().one_or_none()
    return Member(**row) if row else None


def page(session: Session, workspace_id: UUID, after: UUID | None, limit: int) -> list[Member]:
    """List the people of a workspace, also those who left, in the order in which the hub came to know them."""
    query = select(*SHOWN).where(MEMBERS.c.workspace_id == workspace_id)
    if after:
        query = query.where(MEMBERS.c.user_id > after)
    rows = session.execute(query.order_by(MEMBERS.c.user_id).limit(limit))
    return [Member(**row) for row in rows.mappings()]


def among(session: Session, workspace_id: UUID, user_ids: Collection[UUID]) -> Sequence[UUID]:
    """Return which of these people work, or worked, in a workspace."""
    known = (MEMBERS.c.user_id.in_(list(user_ids)), MEMBERS.c.accepted_at.is_not(None))
    here = (MEMBERS.c.workspace_id == workspace_id, *known)
    return session.scalars(select(MEMBERS.c.user_id).where(*here)).all()


def lock_owners(session: Session, workspace_id: UUID) -> set[UUID]:
    """Return who owns a workspace. Whoever changes places does this first, so that two do not unmake the last two."""
    owners = (MEMBERS.c.workspace_id == workspace_id, MEMBERS.c.role == Role.OWNER, *WORKS)
    return set(session.scalars(select(MEMBERS.c.user_id).where(*owners).order_by(MEMBERS.c.user_id).with_for_update()))


def change(session: Session, workspace_id: UUID, user_id: UUID, *, role: str, left_at: datetime | None) -> None:
    """Give a place another role, or end it."""
    same = (MEMBERS.c.workspace_id == workspace_id, MEMBERS.c.user_id == user_id)
    session.execute(update(MEMBERS).where(*same).values(role=role, left_at=left_at))


def accept(session: Session, workspace_id: UUID, user_id: UUID) -> None:
    """Make an offered place the person's."""
    same = (MEMBERS.c.workspace_id == workspace_id, MEMBERS.c.user_id == user_id)
    session.execute(update(MEMBERS).where(*same).values(accepted_at=clock.now()))


def sessions_of(session: Session, user_id: UUID) -> int:
    """Return in how many browsers a person is signed in."""
    living = (SESSIONS.c.user_id == user_id, SESSIONS.c.expires_at > clock.now())
    return session.scalar(select(func.count()).select_from(SESSIONS).where(*living)) or 0


def count_password_only(session: Session, workspace_id: UUID) -> int:
    """Return how many people of a workspace sign in without a second factor."""
    here = (MEMBERS.c.workspace_id == workspace_id, *WORKS)
    such = (USERS.c.active, USERS.c.password.is_not(None), ~USERS.c.has_second_factor)
    query = select(func.count()).select_from(MEMBERS).join(USERS, USERS.c.id == MEMBERS.c.user_id).where(*here, *such)
    return session.scalar(query) or 0


def owned(session: Session, table: Table, workspace_id: UUID, owner_id: UUID) -> Sequence[UUID]:
    """Return the ids of what a person owns in a table."""
    mine = (table.c.workspace_id == workspace_id, table.c.owner_id == owner_id)
    return session.scalars(select(table.c.id).where(*mine).order_by(table.c.id)).all()


def hand_over(session: Session, table: Table, workspace_id: UUID, owner_id: UUID, to: UUID) -> Sequence[UUID]:
    """Give what a person owns in a table to another; return the ids."""
    mine = (table.c.workspace_id == workspace_id, table.c.owner_id == owner_id)
    return session.scalars(update(table).where(*mine).values(owner_id=to).returning(table.c.id)).all()
