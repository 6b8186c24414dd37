"""SQL of sessions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from hub.accounts import users_store
from hub.accounts.models import SESSIONS, USERS
from hub.accounts.users_store import User
from hub.core.crypto import Vault
from hub.core.db import rows_of

PLAIN = ("digest", "user_id", "created_at", "seen_at", "expires_at")
SWEEP = text(
    "DELETE FROM sessions WHERE digest IN (SELECT digest FROM sessions WHERE expires_at <= :before"
    " ORDER BY expires_at LIMIT :limit)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """One browser in which a person is signed in."""

    digest: bytes
    user_id: UUID
    content: dict[str, Any] = field(repr=False)  # what Flask keeps
    address: str | None = field(repr=False)
    browser: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def add(session: Session, vault: Vault, kept: StoredSession) -> None:
    """Insert a session."""
    values = {name: getattr(kept, name) for name in PLAIN}
    session.execute(insert(SESSIONS).values(values | {"sealed": _sealed(vault, kept)}))


def change(session: Session, vault: Vault, kept: StoredSession) -> None:
    """Write what a session holds. One that was ended meanwhile stays ended."""
    session.execute(update(SESSIONS).where(SESSIONS.c.digest == kept.digest).values(sealed=_sealed(vault, kept)))


def touch(session: Session, digest: bytes, seen_at: datetime, expires_at: datetime) -> None:
    """Remember when a session was seen, and how long it lives therefore."""
    times = {"seen_at": seen_at, "expires_at": expires_at}
    session.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(times))


def find(session: Session, vault: Vault, digest: bytes, now: datetime) -> tuple[StoredSession, User] | None:
    """Find a living session and whose it is; people who were shut out have none."""
    living = (SESSIONS.c.digest == digest, SESSIONS.c.expires_at > now, USERS.c.active)
    query = select(SESSIONS, USERS).join(USERS, USERS.c.id == SESSIONS.c.user_id).where(*living)
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    of_both = row._mapping  # noqa: SLF001 - SQLAlchemy's public name
    kept, user = ({column.name: of_both[column] for column in table.c} for table in (SESSIONS, USERS))
    return read(vault, kept), users_store.read(vault, user)


def of_user(session: Session, vault: Vault, user_id: UUID, now: datetime) -> list[StoredSession]:
    """List a person's living sessions, the last seen first."""
    living = (SESSIONS.c.user_id == user_id, SESSIONS.c.expires_at > now)
    rows = session.execute(select(SESSIONS).where(*living).order_by(SESSIONS.c.seen_at.desc())).mappings()
    return [read(vault, row) for row in rows]


def end(session: Session, user_id: UUID, digest: bytes) -> None:
    """End one of a person's sessions."""
    mine = (SESSIONS.c.user_id == user_id, SESSIONS.c.digest == digest)
    session.execute(delete(SESSIONS).where(*mine))


def end_all(session: Session, user_id: UUID) -> int:
    """End all sessions of a person; return how many."""
    return rows_of(session.execute(delete(SESSIONS).where(SESSIONS.c.user_id == user_id)))


def sweep(session: Session, before: datetime, limit: int) -> int:
    """Delete sessions that are over; return how many."""
    return rows_of(session.execute(SWEEP, {"before": before, "limit": limit}))


def read(vault: Vault, row: Any) -> StoredSession:  # noqa: ANN401 - a row as a mapping
    """Return the session of a row."""
    return StoredSession(**{name: row[name] for name in PLAIN}, **vault.unseal(row["sealed"]))


def _sealed(vault: Vault, kept: StoredSession) -> bytes:
    return vault.seal({"content": kept.content, "address": kept.address, "browser": kept.browser})
