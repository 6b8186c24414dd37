"""Links at which people choose a password or come in. A link ends with the power of who made it."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from itsdangerous import BadData
from sqlalchemy.orm import Session

from hub.accounts import people_store, powers, signing, store, users, users_store
from hub.accounts.people_store import Member
from hub.accounts.roles import Role
from hub.accounts.store import Workspace
from hub.accounts.users_store import NOBODY, User
from hub.core import audit, ids
from hub.core.runtime import Runtime

LIFE = timedelta(days=3)
PASSWORD = "password link"  # noqa: S105 - what the key is for
INVITATION = "invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A place that waits for a person, and who offers it."""

    user: User
    workspace: Workspace
    maker: str
    needs_password: bool


def password_link(hub: Runtime, session: Session, user: User, maker: str, home: UUID = NOBODY) -> str:
    """Return the address at which a person chooses a password: once, within `LIFE`.

    It ends when the password, or what the person is anywhere, changes, and when its maker loses power over them.
    """
    return _address(hub, "choose-password", PASSWORD, [user.id.hex, _state(session, user), maker, home.hex])


def user_of_password_link(hub: Runtime, session: Session, token: str) -> User | None:
    """Return whose link this is, or None if it is over."""
    found = _read(hub, PASSWORD, token)
    if found is None:
        return None
    user_id, state, maker, home = found
    user = users_store.find(session, hub.vault, UUID(hex=user_id), lock=True)
    if user is None or not user.active or not secrets.compare_digest(state, _state(session, user)):
        return None
    return user if powers.everywhere(session, maker, UUID(hex=home), user.id) else None


def invitation_link(hub: Runtime, workspace_id: UUID, member: Member, maker: str) -> str:
    """Return the address at which a person comes in: once, within `LIFE`, as long as its maker may offer the place."""
    content = [member.user_id.hex, workspace_id.hex, maker, member.created_at.isoformat()]
    return _address(hub, "invitations", INVITATION, content)


def invitation(hub: Runtime, session: Session, token: str) -> Invitation | None:
    """Return what a link offers, or None if it is over.

    Only who has no account at all chooses a password by it: an account that opens other workspaces is not given away.
    """
    found = _read(hub, INVITATION, token)
    if found is None:
        return None
    user_id, workspace_id, maker, made_at = found
    home = UUID(hex=workspace_id)
    user = users_store.find(session, hub.vault, UUID(hex=user_id), lock=True)
    member = people_store.find(session, home, UUID(hex=user_id), to_change=True)
    if user is None or member is None or not user.active:
        return None
    if not member.is_pending or member.created_at.isoformat() != made_at:
        return None
    if Role(member.role) not in powers.roles(session, maker, home, home):
        return None
    return Invitation(
        user=user,
        workspace=store.workspace(session, home),
        maker=maker,
        needs_password=user.password is None and not users.memberships(session, user.id),
    )


def accept(hub: Runtime, session: Session, invitation: Invitation) -> None:
    """Let a person in."""
    people_store.accept(session, invitation.workspace.id, invitation.user.id)
    name = ids.show("usr", invitation.user.id)
    act = audit.Act(workspace_id=invitation.workspace.id, actor=name, action="people.joined", subject=name)
    audit.record(session, hub.vault, act)


def maker_name(hub: Runtime, session: Session, invitation: Invitation) -> str | None:
    """Return what the person who invites is called; a key and the operator have no name that says anything."""
    if not invitation.maker.startswith("usr_"):
        return None
    maker = users.find(session, hub.vault, ids.read("usr", invitation.maker))
    return maker.name if maker else None


def _address(hub: Runtime, place: str, purpose: str, content: list[str]) -> str:
    return f"{hub.settings.public_url}/{place}/{signing.signer(hub.settings, purpose).dumps(content)}"


def _read(hub: Runtime, purpose: str, token: str) -> Any:  # noqa: ANN401 - what was signed
    try:
        return signing.signer(hub.settings, purpose).loads(token, max_age=int(LIFE.total_seconds()))
    except BadData:
        return None


def _state(session: Session, user: User) -> str:
    """Return what tells whether the password or a role changed since, without telling anything else."""
    places = sorted((workspace.id.hex, role.value) for workspace, role in users.memberships(session, user.id))
    return hashlib.sha256(repr((user.uniquifier, places)).encode()).hexdigest()
