"""People: made, found, changed. Call it in a transaction over all workspaces: people belong to none of them."""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.accounts import passwords, sessions_store, users_store
from hub.accounts.roles import Role
from hub.accounts.store import Workspace
from hub.accounts.users_store import User
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.problems import Conflict, Fault, Unprocessable

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
    """Give a person a place in a workspace, or back to one who left, without asking them."""
    users_store.join(session, workspace_id, user_id, role, actor, accepted=True)


def offer(session: Session, workspace_id: UUID, user_id: UUID, role: Role, actor: str) -> None:
    """Offer a person a place in a workspace: it opens nothing until they accept it."""
    users_store.join(session, workspace_id, user_id, role, actor, accepted=False)


def memberships(session: Session, user_id: UUID) -> list[tuple[Workspace, Role]]:
    """Return the workspaces that a person is in, by name, each with their role. Offered places are none."""
    return [(workspace, Role(role)) for workspace, role in users_store.memberships(session, user_id)]


def set_password(session: Session, vault: Vault, user: User, password: str) -> User:
    """Take a new password. Links and sessions from before end; raises `Unprocessable` if it will not do."""
    fault = passwords.fault_of(password, user.email)
    if fault:
        raise Unprocessable("See errors.", errors=[fault])
    kept = passwords.make_hash(password)  # before the row is locked: it takes a while
    changed = update(session, vault, user, password=kept, uniquifier=secrets.token_hex(16))
    sessions_store.end_all(session, user.id)
    write_down(session, vault, user.id, "password.changed")
    return changed


def lock(session: Session, vault: Vault, user: User) -> User | None:
    """Return a person as they are now, so as to change them; None if they were shut out or have another password."""
    fresh = users_store.find(session, vault, user.id, lock=True)
    return fresh if fresh and fresh.active and fresh.uniquifier == user.uniquifier else None


def update(session: Session, vault: Vault, user: User, **values: object) -> User:
    """Change these fields of a person and no others, whatever else changed since they were read."""
    fresh = lock(session, vault, user)
    if fresh is None:
        raise Conflict("The account has changed meanwhile. Sign in again.")
    changed = replace(fresh, **values)  # type: ignore[arg-type] # the caller names fields of User
    users_store.change(session, vault, changed)
    return changed


def write_down(  # noqa: PLR0913 - an act has that many sides
    session: Session,
    vault: Vault,
    user_id: UUID,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor: str | None = None,
) -> None:
    """Put what happened to a person's account into the audit log of each of their workspaces; it was themselves."""
    name = ids.show("usr", user_id)
    for workspace, _ in users_store.memberships(session, user_id):
        act = audit.Act(
            workspace_id=workspace.id,
            actor=actor or name,
            action=action,
            subject=name,
            before=before,
            after=after,
        )
        audit.record(session, vault, act)


def change_profile(session: Session, vault: Vault, user: User, **values: str | None) -> User:
    """Change a person's name, email, phone or language."""
    email = values.get("email") or user.email
    if email != user.email and find_by_email(session, vault, email):
        taken = Fault("/email", "There is a person with this email already.")
        raise Unprocessable("See errors.", errors=[taken])
    changed = update(session, vault, user, **values)
    fields = [name for name in values if getattr(user, name) != getattr(changed, name)]
    if fields:
        before, after = ({name: getattr(state, name) for name in fields} for state in (user, changed))
        write_down(session, vault, user.id, "person.changed", before=before, after=after)
    return changed


def state_of(user: User) -> str:
    """Return what tells whether the password changed since, without telling anything else."""
    return hashlib.sha256(user.uniquifier.encode()).hexdigest()[:16]
