"""SQL of lists: which messages, newest first, without ever walking the whole history.

What ended badly has an index of its own, and what is still open has its row in the outbox. Everything else that may be
rare is looked for among the newest `LOOKED_AT` only; a page that found little there says where to look further.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select, text, true, union_all
from sqlalchemy.orm import Session

from hub.core import ids
from hub.core.crypto import Vault
from hub.core.outbox import OUTBOX
from hub.messages.commands import Filter
from hub.messages.models import MESSAGES, TROUBLED
from hub.messages.outcomes import MESSAGE_TOPICS
from tracking.delivery import OPEN, Status

LOOKED_AT = 10_000
TROUBLES = frozenset(status for status in Status if Status.EXPIRED <= status <= Status.UNDELIVERED)
"""The statuses that `TROUBLED` names."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page's messages, and where the next page begins (None: there is none)."""

    ids: Sequence[UUID]
    before: UUID | None


def page(session: Session, vault: Vault, workspace_id: UUID, wanted: Filter, limit: int) -> Found:
    """Return the ids of a page. A short page with a `before` looked at enough for once."""
    asked = set(wanted.statuses)
    everything, walked = _all(workspace_id), []
    if wanted.to or wanted.references:
        parts = [_to(_asked(everything, wanted), vault, workspace_id, wanted)]
    elif asked and asked <= TROUBLES | OPEN:
        walked = _waiting(workspace_id) if asked & OPEN else []
        parts = [*_troubled(everything, wanted), *(_open(waiting, wanted) for waiting in walked)]
    else:
        walked = [everything] if asked or _has_kind(wanted) else []
        parts = [_asked(everything, wanted)]
    floor = _floor(session, walked, wanted)
    newest = [_newest(part, wanted, floor).limit(limit + 1).subquery() for part in parts]
    rows = union_all(*(select(part.c.id) for part in newest)).subquery()
    found = session.scalars(select(rows.c.id).order_by(rows.c.id.desc()).limit(limit + 1)).all()
    return Found(found[:limit], found[limit - 1]) if len(found) > limit else Found(found, floor)


def _all(workspace_id: UUID) -> Select[Any]:
    return select(MESSAGES.c.id).where(MESSAGES.c.workspace_id == workspace_id)


def _waiting(workspace_id: UUID) -> list[Select[Any]]:
    """Return the keys of the outbox that are messages, one query per topic: each is in the order of ids."""
    keys = select(OUTBOX.c.key.label("id")).where(OUTBOX.c.workspace_id == workspace_id)
    return [keys.where(OUTBOX.c.topic == topic.value) for topic in MESSAGE_TOPICS]


def _asked(query: Select[Any], wanted: Filter) -> Select[Any]:
    """Add the conditions that have no index."""
    if wanted.statuses:
        query = query.where(MESSAGES.c.status.in_([status.value for status in wanted.statuses]))
    return _of_kind(query, wanted)


def _has_kind(wanted: Filter) -> bool:
    return bool(wanted.purpose or wanted.channel or wanted.test is not None)


def _of_kind(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.test is not None:
        query = query.where(MESSAGES.c.test.is_(wanted.test))
    if wanted.purpose:
        query = query.where(MESSAGES.c.purpose == wanted.purpose)
    if wanted.channel:
        query = query.where(MESSAGES.c.channel == wanted.channel)
    return query


def _to(query: Select[Any], vault: Vault, workspace_id: UUID, wanted: Filter) -> Select[Any]:
    """Add the conditions that leave few messages."""
    if wanted.references:
        query = query.where(MESSAGES.c.reference.in_(wanted.references))
    if wanted.to:
        query = query.where(MESSAGES.c.to_index.in_(vault.indexes(workspace_id, wanted.to.e164)))
    return query


def _troubled(query: Select[Any], wanted: Filter) -> list[Select[Any]]:
    """Return one query per status, for the index has the statuses one after the other, each in the order of ids.

    Plans are generic: only literals prove that the partial index has every row.
    """
    literals: list[ColumnElement[int]] = [
        literal_column(str(status.value)) for status in sorted(TROUBLES & set(wanted.statuses))
    ]
    return [_of_kind(query.where(MESSAGES.c.status == literal, text(TROUBLED)), wanted) for literal in literals]


def _open(waiting: Select[Any], wanted: Filter) -> Select[Any]:
    """Keep the keys whose message fits. The inner query has to be scalar: any other could become a walk over all."""
    fitting = select(true()).where(MESSAGES.c.workspace_id == OUTBOX.c.workspace_id, MESSAGES.c.id == OUTBOX.c.key)
    return waiting.where(_asked(fitting, wanted).scalar_subquery())


def _floor(session: Session, walked: Iterable[Select[Any]], wanted: Filter) -> UUID | None:
    """Return the last id that this page looks at; None if it looks at all."""
    lasts = (_newest(query, wanted, None).offset(LOOKED_AT - 1).limit(1) for query in walked)
    return max((last for query in lasts if (last := session.scalars(query).first())), default=None)


def _newest(query: Select[Any], wanted: Filter, floor: UUID | None) -> Select[Any]:
    column = query.selected_columns["id"]
    bounds = [
        column < wanted.before if wanted.before else None,
        column >= ids.first_of(wanted.created_from) if wanted.created_from else None,
        column < ids.first_of(wanted.created_to) if wanted.created_to else None,
        column >= floor if floor else None,
    ]
    return query.where(*(bound for bound in bounds if bound is not None)).order_by(column.desc())
