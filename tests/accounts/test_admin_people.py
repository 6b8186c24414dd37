"""Who may do what to whom: the rules, between people."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from hub.accounts import people, users
from hub.accounts.auth import actor_of_user
from hub.accounts.people import Invite
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.service import Actor
from hub.core.problems import Conflict, Forbidden
from hub.core.runtime import Runtime
from tests.accounts.conftest import make_workspace
from tests.support.people import Person, make_person


def actor_of(hub: Runtime, person: Person) -> Actor:
    with hub.db.across_workspaces() as session:
        user = users.find(session, hub.vault, person.user_id)
    assert user
    return actor_of_user(user, person.workspace, person.role)


def give(hub: Runtime, giver: Person, person: Person, role: Role) -> None:
    with hub.db.across_workspaces() as session:
        people.change_role(session, hub, actor_of(hub, giver), person.user_id, role)


def role_of(hub: Runtime, person: Person) -> Role:
    with hub.db.across_workspaces() as session:
        places = users.memberships(session, person.user_id)
    return next(role for workspace, role in places if workspace.id == person.workspace.id)


def test_the_last_owner_stays_an_owner(hub, workspace):
    """Nobody could give roles any more."""
    owner = make_person(hub, workspace, Role.OWNER)

    with pytest.raises(Conflict):
        give(hub, owner, owner, Role.ADMIN)

    assert Role.OWNER is role_of(hub, owner)


def test_one_of_two_owners_may_step_down(hub, workspace):
    owner, other = make_person(hub, workspace, Role.OWNER), make_person(hub, workspace, Role.OWNER)

    give(hub, owner, owner, Role.ANALYST)

    assert (Role.ANALYST, Role.OWNER) == (role_of(hub, owner), role_of(hub, other))


def test_two_owners_who_unmake_each_other_at_once_leave_one(hub, workspace):
    """Whoever comes second finds themselves the last, or no owner any more."""
    pair = [make_person(hub, workspace, Role.OWNER) for _ in range(2)]
    actors = [actor_of(hub, owner) for owner in pair]
    together, refused = threading.Barrier(2), []

    def unmake(actor: Actor, other: Person) -> None:
        try:
            with hub.db.across_workspaces() as session:
                together.wait()
                people.change_role(session, hub, actor, other.user_id, Role.AGENT)
        except (Conflict, Forbidden) as problem:
            refused.append(problem)

    threads = [threading.Thread(target=unmake, args=(actors[side], pair[1 - side])) for side in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == len(refused)
    assert [Role.AGENT, Role.OWNER] == sorted(role_of(hub, owner) for owner in pair)


def test_an_administrator_does_nothing_to_owners(hub, workspace):
    """Neither makes nor unmakes them, nor lets them in by a link, which would be to become one."""
    owner, admin = make_person(hub, workspace, Role.OWNER), make_person(hub, workspace, Role.ADMIN)
    make_person(hub, workspace, Role.OWNER)
    agent = make_person(hub, workspace, Role.AGENT)

    for person, role in ((owner, Role.ADMIN), (agent, Role.OWNER), (admin, Role.OWNER)):
        with pytest.raises(Forbidden):
            give(hub, admin, person, role)
    with pytest.raises(Forbidden), hub.db.across_workspaces() as session:
        people.new_link(session, hub, actor_of(hub, admin), owner.user_id)
    with pytest.raises(Forbidden), hub.db.across_workspaces() as session:
        people.invite(session, hub, actor_of(hub, admin), Invite(email="o@example.com", name="O", role=Role.OWNER))


def test_an_owner_makes_and_unmakes_owners(hub, workspace):
    owner, agent = make_person(hub, workspace, Role.OWNER), make_person(hub, workspace, Role.AGENT)

    give(hub, owner, agent, Role.OWNER)
    give(hub, agent, owner, Role.AGENT)

    assert (Role.AGENT, Role.OWNER) == (role_of(hub, owner), role_of(hub, agent))


def test_who_does_not_manage_people_changes_nobody(hub, workspace):
    agent = make_person(hub, workspace, Role.AGENT)

    for role in (Role.MARKETER, Role.AGENT, Role.ANALYST, Role.AUDITOR):
        with pytest.raises(Forbidden):
            give(hub, make_person(hub, workspace, role), agent, Role.ANALYST)


def test_a_link_opens_all_workspaces_so_all_are_asked(hub, workspace):
    """An administrator here does not get into an account that also works elsewhere."""
    elsewhere = make_workspace(hub)
    admin, agent = make_person(hub, workspace, Role.ADMIN), make_person(hub, workspace, Role.AGENT)
    join(hub, agent, elsewhere, Role.ANALYST)

    with pytest.raises(Forbidden):
        link(hub, admin, agent)
    join(hub, admin, elsewhere, Role.ADMIN)
    assert link(hub, admin, agent)
    join(hub, agent, elsewhere, Role.OWNER)
    with pytest.raises(Forbidden):
        link(hub, admin, agent)


def test_a_workspace_that_a_person_left_is_not_asked(hub, workspace):
    admin, agent = make_person(hub, workspace, Role.ADMIN), make_person(hub, workspace, Role.AGENT)
    elsewhere = make_workspace(hub)
    join(hub, agent, elsewhere, Role.OWNER)
    themselves = actor_of(hub, replace(agent, workspace=elsewhere, role=Role.OWNER))
    with hub.db.across_workspaces() as session:
        people.end_place(session, themselves, people.find(session, hub, themselves, agent.user_id))

    assert link(hub, admin, agent)


def test_nobody_makes_a_link_for_themselves(hub, workspace):
    """A session that was left open must not become a new password without the old one."""
    admin = make_person(hub, workspace, Role.ADMIN)

    with pytest.raises(Forbidden):
        link(hub, admin, admin)


def test_no_role_is_given_that_may_do_more_than_its_giver(hub, workspace):
    """The whole table, whatever the roles will be made of."""
    given = {}
    for role in Role:
        person = make_person(hub, workspace, role)
        with hub.db.across_workspaces() as session:
            given[role] = set(people.roles_to_give(session, actor_of(hub, person)))

    below = {role for role in Role if SCOPES_OF[role] <= SCOPES_OF[Role.ADMIN]} - {Role.OWNER}
    assert {Role.OWNER: set(Role), Role.ADMIN: below} == {role: roles for role, roles in given.items() if roles}


def join(hub: Runtime, person: Person, workspace: Any, role: Role) -> None:
    with hub.db.across_workspaces() as session:
        users.join(session, workspace.id, person.user_id, role, actor="tests")


def link(hub: Runtime, maker: Person, person: Person) -> str:
    with hub.db.across_workspaces() as session:
        return people.new_link(session, hub, actor_of(hub, maker), person.user_id)[1]
