"""Whom may somebody touch? Asked when they act, and again when a link that they made is used.

`who` is written as the audit log writes it: a person, a key, or else the operator, who may do everything.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from hub.accounts import people_store, store, users
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.scopes import Scope
from hub.core import clock, ids

NOT_BY_KEYS = {Scope.USERS_WRITE, Scope.API_KEYS_WRITE}
"""A key that leaked must not make people who manage people or keys."""


def roles(session: Session, who: str, home: UUID, workspace_id: UUID) -> set[Role]:
    """Return the roles whose people somebody may touch in a workspace; keys have power in their own, `home`."""
    kind = who.partition("_")[0]
    if kind == "usr":
        return _of_person(session, ids.read("usr", who), workspace_id)
    if kind == "key":
        return _of_key(session, ids.read("key", who), home) if workspace_id == home else set()
    return set(Role)


def everywhere(session: Session, who: str, home: UUID, user_id: UUID) -> bool:
    """Tell whether somebody may touch a person in each workspace that the person is in."""
    places = users.memberships(session, user_id)
    return all(role in roles(session, who, home, workspace.id) for workspace, role in places)


def _of_person(session: Session, user_id: UUID, workspace_id: UUID) -> set[Role]:
    place = people_store.find(session, workspace_id, user_id)
    if place is None or not place.works or Scope.USERS_WRITE not in SCOPES_OF[Role(place.role)]:
        return set()
    below = {role for role in Role if SCOPES_OF[role] <= SCOPES_OF[Role(place.role)]}
    return below if place.role == Role.OWNER else below - {Role.OWNER}


def _of_key(session: Session, key_id: UUID, workspace_id: UUID) -> set[Role]:
    key = store.key(session, workspace_id, key_id)
    lives = key and not key.revoked_at and not (key.expires_at and key.expires_at <= clock.now())
    if key is None or not lives or Scope.USERS_WRITE not in key.scopes:
        return set()
    return {role for role in Role if SCOPES_OF[role] <= set(key.scopes) and not SCOPES_OF[role] & NOT_BY_KEYS}
