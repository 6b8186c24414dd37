"""People: made, found, changed. Call it in a transaction over all workspaces: people belong to none of them."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from itsdangerous import BadData
from sqlalchemy.orm import Session

from hub.accounts import passwords, sessions_store, signing, users_store
from hub.accounts.roles import Role
from hub.accounts.store import Workspace
from hub.accounts.users_store import User
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.problems import Conflict, Fault, Unprocessable
from hub.core.runtime import Runtime

LINK_LIFE = timedelta(days=3)
LINK = "password link"
LONGEST_EMAIL = 254
LONGEST_NAME = 100


def create(session: Session, vault: Vault, email: str, name: str, language: str | None) -> User:
    """Add a person who has still to choose a password. Raises `Unprocessable`, or `Conflict` if the email is known."""
    user = User(
        id=ids.new(),
        email=normal_email(email),
        name=name.strip(),
        language=language,
        uniquifier=secrets.token_hex(16),
        created_at=clock.now(),
    )
    if find_by_email(session, vault, user.email):
        raise Conflict("There is a person with this email already.")
    users_store.add(session, vault, user)
    return user


def normal_email(email: str) -> str:
    """Return the one way in which an address is written here, or raise `Unprocessable` if it is none."""
    plain = email.strip().casefold()
    name, _, domain = plain.rpartition("@")
    readable = plain.isprintable() and " " not in plain and len(plain) <= LONGEST_EMAIL
    if not (readable and name and "." in domain.strip(".")):
        raise Unprocessable("See errors.", errors=[Fault("/email", "This is not an email address.")])
    return plain


def find(session: Session, vault: Vault, user_id: UUID) -> User | None:
    """Find a person."""
    return users_store.find(session, vault, user_id)


def find_by_email(session: Session, vault: Vault, email: str) -> User | None:
    """Find a person by an email, however it is written."""
    return users_store.find_by_email(session, vault, email.strip().casefold())


def many(session: Session, vault: Vault, user_ids: Collection[UUID]) -> dict[UUID, User]:
    """Return people by their ids."""
    return {user.id: user for user in users_store.many(session, vault, user_ids)}


def join(session: Session, workspace_id: UUID, user_id: UUID, role: Role, actor: str) -> None:
    """Give a person a place in a workspace, or back to one who left."""
    users_store.join(session, workspace_id, user_id, role, actor)


def memberships(session: Session, user_id: UUID) -> list[tuple[Workspace, Role]]:
    """Return the workspaces that a person is in, by name, each with their role."""
    return [(workspace, Role(role)) for workspace, role in users_store.memberships(session, user_id)]


def end_sessions(session: Session, user_id: UUID, except_digest: bytes | None = None) -> int:
    """Sign a person out everywhere, or everywhere else; return from how many browsers."""
    return sessions_store.end_all(session, user_id, except_digest)


def password_link(hub: Runtime, user: User) -> str:
    """Return the address at which the person chooses a password: once, within `LINK_LIFE`.

    It ends when it was used, and when the password changes in another way.
    """
    token = signing.signer(hub.settings, LINK).dumps([user.id.hex, state_of(user)])
    return f"{hub.settings.public_url}/choose-password/{token}"


def user_of_link(hub: Runtime, session: Session, token: str) -> User | None:
    """Return whose link this is, or None if it is over."""
    try:
        user_id, state = signing.signer(hub.settings, LINK).loads(token, max_age=int(LINK_LIFE.total_seconds()))
    except BadData:
        return None
    user = users_store.find(session, hub.vault, UUID(hex=user_id), lock=True)
    return user if user and user.active and secrets.compare_digest(state, state_of(user)) else None


def set_password(session: Session, vault: Vault, user: User, password: str) -> User:
    """Take a new password. Links and sessions from before end; raises `Unprocessable` if it will not do."""
    fault = passwords.fault_of(password, user.email)
    if fault:
        raise Unprocessable("See errors.", errors=[fault])
    changed = replace(user, password=passwords.make_hash(password), uniquifier=secrets.token_hex(16))
    users_store.change(session, vault, changed)
    end_sessions(session, user.id)
    write_down(session, vault, user.id, "password.changed")
    return changed


def write_down(
    session: Session, vault: Vault, user_id: UUID, action: str, after: Mapping[str, Any] | None = None
) -> None:
    """Put what a person did about their own account into the audit log of each of their workspaces."""
    name = ids.show("usr", user_id)
    for workspace, _ in users_store.memberships(session, user_id):
        act = audit.Act(workspace_id=workspace.id, actor=name, action=action, subject=name, after=after)
        audit.record(session, vault, act)


def change_profile(session: Session, vault: Vault, user_id: UUID, **values: str | None) -> User:
    """Change a person's name, email, phone or language."""
    user = users_store.find(session, vault, user_id, lock=True)
    if user is None:
        raise LookupError(user_id)
    changed = replace(user, **values)  # type: ignore[arg-type] # the caller names fields that hold texts
    if changed.email != user.email and find_by_email(session, vault, changed.email):
        taken = Fault("/email", "There is a person with this email already.")
        raise Unprocessable("See errors.", errors=[taken])
    users_store.change(session, vault, changed)
    return changed


def state_of(user: User) -> str:
    """Return what tells whether the password changed since, without telling anything else."""
    return hashlib.sha256(user.uniquifier.encode()).hexdigest()[:16]
