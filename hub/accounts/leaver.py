"""When somebody leaves: one act ends their place and sessions, ends or hands over their keys, hands over what they own.

Everything happens in one transaction. A session that lives on, because the person works elsewhere too, opens nothing
here any more: every request asks for the place. A revoked key is refused at once by the process that revoked it, and
by the others within `service.CACHE_SECONDS`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.accounts import keys, people, people_store, sessions_store, store, users
from hub.accounts.people import Person
from hub.accounts.service import Actor
from hub.accounts.store import ApiKey
from hub.core import audit, clock, ids
from hub.core.audit import Act, Entry, Filter
from hub.core.db import METADATA
from hub.core.problems import Fault, Unprocessable
from hub.core.runtime import Runtime

LOOKED_AT = timedelta(days=30)
LATEST = 50
OWNED = {"provider_accounts": "acc"}
"""What people own besides keys: tables above this one in the layers, by name, and what their ids begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Who takes over, if anything is, and which keys live on under them; the others end."""

    hand_over_to: UUID | None = None
    hand_over_keys: Collection[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a person has here."""

    keys: Sequence[ApiKey]
    owned: dict[str, list[str]]
    sessions: int
    works_elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What a person looked at: how often each act was done, and the latest."""

    counts: dict[str, int]
    latest: Sequence[Entry]


def holdings(session: Session, actor: Actor, user_id: UUID) -> Holdings:
    """Return what leaving would end or hand over."""
    owned = {
        name: [
            ids.show(prefix, found)
            for found in people_store.owned(session, METADATA.tables[name], actor.workspace_id, user_id)
        ]
        for name, prefix in OWNED.items()
    }
    return Holdings(
        keys=store.living_keys_of(session, actor.workspace_id, user_id),
        owned=owned,
        sessions=people_store.sessions_of(session, user_id),
        works_elsewhere=any(workspace.id != actor.workspace_id for workspace, _ in users.memberships(session, user_id)),
    )


def leave(session: Session, hub: Runtime, actor: Actor, user_id: UUID, command: Leave) -> tuple[Person, dict[str, Any]]:
    """End a person's place here; return them and what became of what they had."""
    person = people.to_change(session, hub, actor, user_id, stays_owner=False)
    heir = _heir(session, hub, actor, person, command)
    report: dict[str, Any] = {"handed_over_to": heir.typed_id if heir else None, "role": person.role}
    report |= _keys(session, hub, actor, person, command, heir)
    report |= _owned(session, hub, actor, person, heir)
    left = people.end_place(session, actor, person)
    stays = users.memberships(session, user_id) or not person.works
    report["sessions_ended"] = 0 if stays else sessions_store.end_all(session, user_id)
    people.record(session, hub, actor, left, "people.left", {"role": person.role}, report)
    return left, report


def report_of(session: Session, hub: Runtime, actor: Actor, person: Person) -> Entry | None:
    """Return what was written down when a person left."""
    wanted = Filter(subject=person.typed_id, action="people.left")
    return next(iter(audit.page(session, hub.vault, actor.workspace_id, wanted, 1)), None)


def looks(session: Session, hub: Runtime, actor: Actor, person: Person) -> Looks:
    """Return what a person looked at in the `LOOKED_AT` before now, or before they left."""
    until = person.member.left_at or clock.now()
    wanted = Filter(actor=person.typed_id, since=until - LOOKED_AT, until=until, looks_only=True)
    return Looks(
        counts=audit.count(session, actor.workspace_id, wanted),
        latest=audit.page(session, hub.vault, actor.workspace_id, wanted, LATEST),
    )


def _heir(session: Session, hub: Runtime, actor: Actor, person: Person, command: Leave) -> Person | None:
    """Return who takes over; nobody need be named if there is nothing to take over."""
    if command.hand_over_to is None:
        if command.hand_over_keys or any(holdings(session, actor, person.id).owned.values()):
            raise Unprocessable("See errors.", errors=[Fault("/hand_over_to", "Choose who takes over.")])
        return None
    place = people_store.find(session, actor.workspace_id, command.hand_over_to, to_change=True)
    if place is None or not place.works or place.user_id == person.id:
        fault = Fault("/hand_over_to", "Name a colleague who works here and stays.")
        raise Unprocessable("See errors.", errors=[fault])
    return people.find(session, hub, actor, command.hand_over_to)


def _keys(  # noqa: PLR0913, PLR0917 - who does what to whom, and for whom
    session: Session, hub: Runtime, actor: Actor, person: Person, command: Leave, heir: Person | None
) -> dict[str, list[str]]:
    mine = store.living_keys_of(session, actor.workspace_id, person.id)
    if set(command.hand_over_keys) - {key.id for key in mine}:
        fault = Fault("/hand_over_keys", "Name living keys of this person only.")
        raise Unprocessable("See errors.", errors=[fault])
    handed_over, revoked = [], []
    for key in mine:
        if heir and key.id in command.hand_over_keys:
            keys.hand_over(session, hub.vault, actor, key, heir.id)
            handed_over.append(key)
        else:
            keys.end(session, hub.vault, key, actor=actor.name)
            revoked.append(key)
    return {
        "keys_revoked": [ids.show("key", key.id) for key in revoked],
        "keys_handed_over": [ids.show("key", key.id) for key in handed_over],
    }


def _owned(session: Session, hub: Runtime, actor: Actor, person: Person, heir: Person | None) -> dict[str, list[str]]:
    handed_over: dict[str, list[str]] = {name: [] for name in OWNED}
    if heir is None:
        return handed_over
    for name, prefix in OWNED.items():
        found = people_store.hand_over(session, METADATA.tables[name], actor.workspace_id, person.id, heir.id)
        handed_over[name] = [ids.show(prefix, one) for one in found]
        for subject in handed_over[name]:
            act = Act(
                workspace_id=actor.workspace_id,
                actor=actor.name,
                action=f"{name.removesuffix('s')}.handed_over",
                subject=subject,
                before={"owner": person.typed_id},
                after={"owner": heir.typed_id},
            )
            audit.record(session, hub.vault, act)
    return handed_over
