"""What this database is: which keys sealed it, and whether sending is held."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.core.db import METADATA

INSTALLATION = Table(
    "installation",
    METADATA,
    Column("one", Boolean, primary_key=True),  # always true: there is one row
    Column("key_fingerprints", ARRAY(Text), nullable=False),
    Column("held_since", DateTime(timezone=True)),  # nothing is sent while this is set
    Column("held_because", Text),
)


class WrongKeys(Exception):
    """The database was sealed with keys that this hub does not have."""


def claim_keys(session: Session, fingerprints: Sequence[str]) -> None:
    """Bind a new database to these keys, or raise `WrongKeys` if it is bound to others."""
    session.execute(insert(INSTALLATION).values(one=True, key_fingerprints=list(fingerprints)).on_conflict_do_nothing())
    known = session.scalars(select(INSTALLATION.c.key_fingerprints).with_for_update()).one()
    missing = set(known) - set(fingerprints)
    if missing:
        message = "The database was sealed with keys that HUB_SECRET_KEYS and DATA_DIR/secrets do not hold."
        raise WrongKeys(message)
    session.execute(update(INSTALLATION).values(key_fingerprints=sorted({*known, *fingerprints})))


def forget_old_keys(session: Session, fingerprints: Sequence[str]) -> None:
    """Keep only these fingerprints: nothing is sealed with any other key any more."""
    session.execute(update(INSTALLATION).values(key_fingerprints=list(fingerprints)))


def hold(session: Session, since: datetime, because: str) -> None:
    """Stop all sending. Calls in flight end; nothing new starts."""
    session.execute(update(INSTALLATION).values(held_since=since, held_because=because))


def release(session: Session) -> None:
    """Let sending go on."""
    session.execute(update(INSTALLATION).values(held_since=None, held_because=None))


def held_because(session: Session) -> str | None:
    """Return why sending is held, or None."""
    return session.scalars(
        select(INSTALLATION.c.held_because).where(INSTALLATION.c.held_since.is_not(None))
    ).one_or_none()


def held_since(session: Session) -> datetime | None:
    """Return since when sending is held, or None."""
    return session.scalars(select(INSTALLATION.c.held_since)).one_or_none()
