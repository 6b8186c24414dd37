"""Who works in a workspace, and as what. Call it in a transaction over all workspaces: people belong to none of them.

The rules, for persons and API keys alike:

- One touches only those who can do no more than oneself, and gives no role that may do more.
- Only owners make, change and remove owners. A key makes and touches nobody who manages people or keys.
- Nobody is in a workspace before they accepted it; until then it learns nothing of them but the email.
- The last owner stays an owner.
- A password link opens an account in all its workspaces, so one must be able to touch the person in each of them.
- Nobody is deleted: who left keeps what they did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts import links, people_store, powers, users
from hub.accounts.people_store import Member
from hub.accounts.roles import Role
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor, ActorKind
from hub.accounts.users_store import User
from hub.core import audit, clock, ids, masking
from hub.core.problems import Conflict, Forbidden, NotFound
from hub.core.runtime import Runtime

HIDDEN = "•••"
"""Instead of the address of who left: it is theirs, and may have changed since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Offer somebody a place."""

    email: str
    name: str
    role: Role
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person, and their place in one workspace."""

    user: User
    member: Member

    @property
    def id(self) -> UUID:
        """Return the person's id."""
        return self.user.id

    @property
    def typed_id(self) -> str:
        """Return the person as the audit log and the API write them."""
        return ids.show("usr", self.user.id)

    @property
    def role(self) -> Role:
        """Return what they are, or were, here."""
        return Role(self.member.role)

    @property
    def state(self) -> str:
        """Tell whether they have yet to come in, work here, or left."""
        return "left" if self.member.left_at else "active" if self.works and self.user.password else "invited"

    @property
    def works(self) -> bool:
        """Tell whether they are a colleague: neither only invited nor gone."""
        return self.member.works

    @property
    def name(self) -> str:
        """Return what they are called here; until they come in, by their email."""
        return self.user.name if self.member.accepted_at else self.user.email


class LastOwner(Conflict):
    """Nobody could give roles any more."""

    code = "last_owner"
    title = "A workspace keeps an owner"


def page(session: Session, hub: Runtime, actor: Actor, after: UUID | None, limit: int) -> list[Person]:
    """List people, also those who left."""
    members = people_store.page(session, actor.workspace_id, after, limit)
    known = users.many(session, hub.vault, [member.user_id for member in members])
    return [Person(known[member.user_id], member) for member in members]


def find(session: Session, hub: Runtime, actor: Actor, user_id: UUID, *, to_change: bool = False) -> Person:
    """Return a person who works, or worked, here, or raise `NotFound`."""
    member = people_store.find(session, actor.workspace_id, user_id, to_change=to_change)
    user = users.find(session, hub.vault, user_id) if member else None
    if member is None or user is None:
        raise NotFound("No such person.")
    return Person(user, member)


def invite(session: Session, hub: Runtime, actor: Actor, command: Invite) -> tuple[Person, str]:
    """Offer somebody a place, and return the link at which they accept it."""
    _demand_power(session, actor, command.role)
    email = users.normal_email(command.email)
    user = users.find_by_email(session, hub.vault, email)
    if user is None:
        try:
            user = users.create(session, hub.vault, email, command.name, command.language)
        except IntegrityError as error:  # somebody else invites them at this moment
            raise Conflict("This person is being invited already.") from error
    place = people_store.find(session, actor.workspace_id, user.id, to_change=True)
    if place and not place.left_at:
        raise Conflict("This person works here, or is invited, already.")
    users.offer(session, actor.workspace_id, user.id, command.role, actor=actor.name)
    person = find(session, hub, actor, user.id)
    after = {"email": email, "name": command.name, "role": command.role}
    record(session, hub, actor, person, "people.invited", after=after)
    return person, links.invitation_link(hub, actor.workspace_id, person.member, actor.name)


def change_role(session: Session, hub: Runtime, actor: Actor, user_id: UUID, role: Role) -> Person:
    """Make a person something else here, from their next request on."""
    person = to_change(session, hub, actor, user_id, stays_owner=role is Role.OWNER)
    _demand_power(session, actor, role)
    if role is person.role:
        return person
    people_store.change(session, actor.workspace_id, user_id, role=role, left_at=None)
    record(session, hub, actor, person, "people.role_changed", {"role": person.role}, {"role": role})
    return replace(person, member=replace(person.member, role=role))


def new_link(session: Session, hub: Runtime, actor: Actor, user_id: UUID) -> tuple[Person, str]:
    """Return a link at which a person who cannot sign in chooses a new password, or an invited one comes in."""
    person = to_change(session, hub, actor, user_id, stays_owner=True)
    if person.member.is_pending:
        record(session, hub, actor, person, "people.link_made")
        return person, links.invitation_link(hub, actor.workspace_id, person.member, actor.name)
    if actor.kind is ActorKind.USER and actor.id == user_id:
        raise Forbidden("Change your own password in your profile.")
    if actor.kind is ActorKind.KEY and person.user.password:
        raise Forbidden("A key makes no link for somebody who has a password.")
    if not powers.everywhere(session, actor.name, actor.workspace_id, user_id):
        raise Forbidden("This person also works in a workspace where you may not do this.")
    record(session, hub, actor, person, "people.link_made")
    return person, links.password_link(hub, session, person.user, actor.name, actor.workspace_id)


def to_change(session: Session, hub: Runtime, actor: Actor, user_id: UUID, *, stays_owner: bool) -> Person:
    """Return a person whom the actor may touch; nobody else changes their place meanwhile."""
    owners = people_store.lock_owners(session, actor.workspace_id)
    person = find(session, hub, actor, user_id, to_change=True)
    if person.member.left_at:
        raise Conflict("This person has left.")
    _demand_power(session, actor, person.role)
    if owners == {user_id} and not stays_owner:
        raise LastOwner("Make somebody else an owner first.")
    return person


def end_place(session: Session, actor: Actor, person: Person) -> Person:
    """End a person's place; what they did stays theirs."""
    left_at = clock.now()
    people_store.change(session, actor.workspace_id, person.id, role=person.role, left_at=left_at)
    return replace(person, member=replace(person.member, left_at=left_at))


def roles_to_give(session: Session, actor: Actor) -> list[Role]:
    """Return the roles that the actor may give and take."""
    given = powers.roles(session, actor.name, actor.workspace_id, actor.workspace_id)
    return [role for role in Role if role in given]


def read_id(text: str) -> UUID:
    """Return a person's id or raise `NotFound`."""
    try:
        return ids.read("usr", text)
    except ids.BadId as error:
        raise NotFound("No such person.") from error


def show(person: Person, actor: Actor) -> dict[str, Any]:
    """Return a person as the API writes them; the address in full for those who may see it.

    What only concerns a colleague is shown of nobody else.
    """
    user, member = person.user, person.member
    times = {
        "created_at": member.created_at,
        "left_at": member.left_at,
        "last_sign_in_at": user.last_sign_in_at if person.works else None,
    }
    email = user.email if actor.may(Scope.PERSONAL_DATA_READ) else masking.email(user.email)
    return {
        "id": person.typed_id,
        "name": user.name if member.accepted_at else HIDDEN if member.left_at else email,
        "email": HIDDEN if member.left_at else email,
        "role": person.role.value,
        "language": user.language if person.works else None,
        "state": person.state,
        "second_factor": user.has_second_factor if person.works else None,
        "invited_by": member.invited_by,
        **{name: clock.show(moment) if moment else None for name, moment in times.items()},
    }


def record(  # noqa: PLR0913, PLR0917 - an act has that many sides
    session: Session,
    hub: Runtime,
    actor: Actor,
    person: Person,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what was done to a person."""
    act = audit.Act(
        workspace_id=actor.workspace_id,
        actor=actor.name,
        action=action,
        subject=person.typed_id,
        before=before,
        after=after,
    )
    audit.record(session, hub.vault, act)


def _demand_power(session: Session, actor: Actor, role: Role) -> None:
    if role in powers.roles(session, actor.name, actor.workspace_id, actor.workspace_id):
        return
    if role is Role.OWNER:
        raise Forbidden("Only an owner may do this to an owner.")
    raise Forbidden("This role may do more than you, so you cannot give or change it.")
