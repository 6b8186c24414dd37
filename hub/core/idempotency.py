"""One effect per key, however often and however concurrently a client asks.

The key's row commits together with the effect. A twin that comes while the first is still running waits for it at
the unique index, at most the lock time-out, and is then told to come back.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import Column, DateTime, Index, LargeBinary, Table, Text, Uuid, delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.core import clock
from hub.core.crypto import Vault
from hub.core.db import METADATA, Database, rows_of
from hub.core.problems import Unprocessable

LIFETIME = timedelta(hours=24)

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("api_key_id", Uuid, primary_key=True),  # or the person who sent the form
    Column("kind", Text, primary_key=True),  # "header", or "reference" for clients that cannot set headers
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),  # keyed hash of the request
    Column("sealed", LargeBinary),  # the answer
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("ix_idempotency_keys_created_at", "created_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What makes a request the same as an earlier one."""

    workspace_id: UUID
    api_key_id: UUID
    kind: str
    key: str
    content: bytes = field(repr=False)  # what the request says, byte for byte

    def match(self) -> dict[str, Any]:
        """Return the primary key as column values."""
        return {
            "workspace_id": self.workspace_id,
            "api_key_id": self.api_key_id,
            "kind": self.kind,
            "key": self.key,
        }


class KeyReused(Unprocessable):
    """The key was used for a different request."""

    code = "idempotency_key_reused"
    title = "This key was used for a different request"


def find(session: Session, vault: Vault, key: Key) -> Any | None:  # noqa: ANN401 - the stored answer
    """Return the stored answer, None if there is none, or raise `KeyReused`."""
    row = session.execute(
        select(IDEMPOTENCY_KEYS.c.digest, IDEMPOTENCY_KEYS.c.sealed).filter_by(**key.match()).where(_live(clock.now()))
    ).one_or_none()
    if row is None:
        return None
    answer = _answer(vault, key, row)
    if isinstance(answer, KeyReused):
        raise answer
    return answer


def forget_expired(session: Session, key: Key, now: datetime) -> None:
    """Delete the key's row if its 24 hours are over, so that it can be used again."""
    session.execute(delete(IDEMPOTENCY_KEYS).filter_by(**key.match()).where(~_live(now)))


def forget_expired_many(session: Session, keys: Sequence[Key], now: datetime) -> None:
    """Do the same for keys of one API key and kind, in their order, so that two transactions do not wait crosswise."""
    if keys:
        same, name = _same_kind(keys), IDEMPOTENCY_KEYS.c.key
        old = session.scalars(select(name).where(*same, ~_live(now)).order_by(name).with_for_update()).all()
        session.execute(delete(IDEMPOTENCY_KEYS).where(*same, name.in_(old)))


def find_many(session: Session, vault: Vault, keys: Sequence[Key]) -> list[Any]:
    """Return, in order, the stored answer (or the `KeyReused` it is) of keys that exist, of one API key and kind."""
    if not keys:
        return []
    columns = (IDEMPOTENCY_KEYS.c.key, IDEMPOTENCY_KEYS.c.digest, IDEMPOTENCY_KEYS.c.sealed)
    stored = {row.key: row for row in session.execute(select(*columns).where(*_same_kind(keys)))}
    return [_answer(vault, key, stored[key.key]) for key in keys]


def sweep(session: Session, before: datetime, limit: int) -> int:
    """Delete some rows that are older than `before`; return how many."""
    key = tuple(IDEMPOTENCY_KEYS.primary_key.columns)
    old = select(*key).where(IDEMPOTENCY_KEYS.c.created_at < before).limit(limit)
    return rows_of(session.execute(delete(IDEMPOTENCY_KEYS).where(tuple_(*key).in_(old))))


def once(
    db: Database, vault: Vault, key: Key | None, produce: Callable[[Session], Any], workspace_id: UUID
) -> tuple[Any, bool]:
    """Run `produce` in a transaction and return its JSON answer and False; or an earlier answer and True."""
    return _once(lambda: db.transaction(workspace_id), vault, key, produce)


def once_across(db: Database, vault: Vault, key: Key | None, produce: Callable[[Session], Any]) -> tuple[Any, bool]:
    """Do the same for keys and people, which a workspace's own transaction may only read."""
    return _once(db.across_workspaces, vault, key, produce)


def _once(
    transaction: Callable[[], AbstractContextManager[Session]],
    vault: Vault,
    key: Key | None,
    produce: Callable[[Session], Any],
) -> tuple[Any, bool]:
    if key is None:
        with transaction() as session:
            return produce(session), False
    try:
        with transaction() as session:
            forget_expired(session, key, clock.now())
            session.execute(
                insert(IDEMPOTENCY_KEYS).values(**key.match(), digest=vault.digest(key.content), created_at=clock.now())
            )
            answer = produce(session)
            session.execute(update(IDEMPOTENCY_KEYS).filter_by(**key.match()).values(sealed=vault.seal(answer)))
            return answer, False
    except IntegrityError as error:
        if not (isinstance(error.orig, UniqueViolation) and is_taken(error.orig)):
            raise
    with transaction() as session:
        return find(session, vault, key), True


def is_taken(error: UniqueViolation) -> bool:
    """Tell whether a statement failed because the key was there already."""
    return error.diag.constraint_name == "pk_idempotency_keys"


def _live(now: datetime) -> Any:  # noqa: ANN401 - an SQL expression
    return IDEMPOTENCY_KEYS.c.created_at > now - LIFETIME


def _answer(vault: Vault, key: Key, row: Any) -> Any:  # noqa: ANN401 - a row; the stored answer
    if not vault.is_digest_of(bytes(row.digest), key.content):
        return KeyReused("Send the same request with this key, or another key with this request.")
    return vault.unseal(row.sealed)


def _same_kind(keys: Sequence[Key]) -> tuple[Any, ...]:
    return (
        IDEMPOTENCY_KEYS.c.workspace_id == keys[0].workspace_id,
        IDEMPOTENCY_KEYS.c.api_key_id == keys[0].api_key_id,
        IDEMPOTENCY_KEYS.c.kind == keys[0].kind,
        IDEMPOTENCY_KEYS.c.key.in_([key.key for key in keys]),
    )
