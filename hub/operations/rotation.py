"""Key rotation, while the hub runs: seal and index everything anew with the newest keys.

Every column called `sealed` is resealed, whatever table it is in; blind indexes are computed anew from what is sealed
beside them. A row that changes meanwhile is left alone and met again in the next pass.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Column, Table, delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from hub.accounts.models import USERS
from hub.accounts.users_store import NOBODY
from hub.contacts.models import SUPPRESSIONS
from hub.core import installation
from hub.core.crypto import Vault
from hub.core.db import METADATA, Database
from hub.core.runtime import Runtime
from hub.messages.models import MESSAGES

SEALED = "sealed"
AT_ONCE = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many rows were written anew."""

    resealed: int
    reindexed: int


def sealed_tables() -> list[Table]:
    """Return every table that holds something sealed."""
    return [table for table in METADATA.sorted_tables if SEALED in table.c]


def rotate(hub: Runtime) -> Rotated:
    """Write everything with the newest keys; afterwards no row needs an older one. Safe to repeat."""
    newest = Vault(hub.settings.secret_keys[:1], hub.settings.index_keys[:1])
    indexes = (_reindex_messages, _reindex_suppressions, _reindex_users)
    reindexed = sum(_repeat(lambda work=work: work(hub, newest)) for work in indexes)  # type: ignore[misc] # bound at once
    resealed = sum(_repeat(lambda table=table: _reseal(hub, table, newest)) for table in sealed_tables())  # type: ignore[misc] # bound at once
    with hub.db.as_owner() as session:
        installation.forget_old_keys(session, newest.fingerprints)
    log.info("keys.rotated", resealed=resealed, reindexed=reindexed)
    return Rotated(resealed, reindexed)


def _repeat(work: Callable[[], int]) -> int:
    """Go over a table until a pass finds nothing to do."""
    total = 0
    while done := work():
        total += done
    return total


def _reseal(hub: Runtime, table: Table, newest: Vault) -> int:
    """Reseal what an older key sealed; return how many rows."""
    keys = list(table.primary_key.columns)
    done = 0
    for rows in _batches(hub.db, table, [*keys, table.c[SEALED]]):
        old = [row for row in rows if row.sealed is not None and not newest.can_open(row.sealed)]
        with hub.db.as_owner() as session:
            for row in old:
                same = [column == row._mapping[column] for column in keys]  # noqa: SLF001 - SQLAlchemy's public name
                change = update(table).where(*same, table.c.sealed == row.sealed)
                done += _count(session.execute(change.values(sealed=hub.vault.reseal(row.sealed))))
    return done


def _reindex_messages(hub: Runtime, newest: Vault) -> int:
    """Compute the blind index of messages anew; return how many changed."""
    done = 0
    for rows in _batches(
        hub.db, MESSAGES, [MESSAGES.c.workspace_id, MESSAGES.c.id, MESSAGES.c.to_index, MESSAGES.c.sealed]
    ):
        with hub.db.as_owner() as session:
            for row in rows:
                index = newest.index(row.workspace_id, hub.vault.unseal(row.sealed)["to"])
                if index != row.to_index:
                    same = (MESSAGES.c.workspace_id == row.workspace_id, MESSAGES.c.id == row.id)
                    done += _count(session.execute(update(MESSAGES).where(*same).values(to_index=index)))
    return done


def _reindex_suppressions(hub: Runtime, newest: Vault) -> int:
    """Move suppressions to their new index; one that a new event put there already stays as it is."""
    done = 0
    for rows in _batches(hub.db, SUPPRESSIONS, list(SUPPRESSIONS.c)):
        with hub.db.as_owner() as session:
            done += sum(_move_suppression(session, row, newest, hub.vault) for row in rows)
    return done


def _move_suppression(session: Session, row: Any, newest: Vault, vault: Vault) -> int:  # noqa: ANN401 - a row
    index = newest.index(row.workspace_id, vault.unseal(row.sealed))
    if index == row.address_index:
        return 0
    old = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    there = select(SUPPRESSIONS.c.channel).filter_by(
        workspace_id=row.workspace_id, channel=row.channel, address_index=index
    )
    if session.execute(there).one_or_none() is None:
        session.execute(insert(SUPPRESSIONS).values(old | {"address_index": index}))
    session.execute(
        delete(SUPPRESSIONS).filter_by(
            workspace_id=row.workspace_id, channel=row.channel, address_index=row.address_index
        )
    )
    return 1


def _reindex_users(hub: Runtime, newest: Vault) -> int:
    """Compute the blind index of people's emails anew; return how many changed."""
    done = 0
    for rows in _batches(hub.db, USERS, [USERS.c.id, USERS.c.email_index, USERS.c.sealed]):
        with hub.db.as_owner() as session:
            for row in rows:
                index = newest.index(NOBODY, hub.vault.unseal(row.sealed)["email"])
                if index != row.email_index:
                    same = (USERS.c.id == row.id, USERS.c.email_index == row.email_index)
                    done += _count(session.execute(update(USERS).where(*same).values(email_index=index)))
    return done


def _batches(db: Database, table: Table, columns: Sequence[Column[Any]]) -> Iterator[Sequence[Any]]:
    """Walk a table by its primary key; no transaction is open between two batches."""
    keys = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        query = select(*columns).order_by(*keys).limit(AT_ONCE)
        if after is not None:
            query = query.where(tuple_(*keys) > tuple_(*after))
        with db.as_owner() as session:
            rows = session.execute(query).all()
        if not rows:
            return
        yield rows
        after = tuple(rows[-1]._mapping[column] for column in keys)  # noqa: SLF001 - SQLAlchemy's public name


def _count(result: Any) -> int:  # noqa: ANN401 - a cursor result
    return int(result.rowcount)
