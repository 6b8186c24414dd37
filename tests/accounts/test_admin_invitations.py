"""Invitations are accepted before they open anything, and links end with the power behind them."""

import pytest

from hub.accounts import people, users
from hub.accounts.leaver import Leave, leave
from hub.accounts.people import Invite
from hub.accounts.roles import Role
from tests.accounts.conftest import make_workspace
from tests.accounts.test_admin_people import actor_of, give, join, link, role_of
from tests.support.people import csrf_of, make_person, post, sign_in

NEW = "violet harbour 1958 kites"


@pytest.fixture
def there(hub):
    """Make the owner of another workspace."""
    return make_person(hub, make_workspace(hub), name="Boris")


def invite(hub, maker, email, role=Role.AGENT, language=None):
    """Return who was invited and the path of their link."""
    command = Invite(email=email, name="Typed", role=role, language=language)
    with hub.db.across_workspaces() as session:
        person, address = people.invite(session, hub, actor_of(hub, maker), command)
    return person, address.removeprefix(hub.settings.public_url)


def places(hub, user_id):
    with hub.db.across_workspaces() as session:
        return {workspace.id: role for workspace, role in users.memberships(session, user_id)}


def path(hub, address):
    return address.removeprefix(hub.settings.public_url)


def test_a_new_person_chooses_a_password_and_is_in(hub, client, there):
    person, place = invite(hub, there, f"new-{there.user_id}@example.com")
    assert {} == places(hub, person.id)

    page = client.get(place).text
    done = post(client, place, password=NEW, again=NEW)

    assert f"Boris invites you to the workspace {there.workspace.name}." in page
    assert (303, "/sign-in") == (done.status_code, done.location)
    assert f'value="{person.user.email}"' in client.get("/sign-in").text
    assert {there.workspace.id: Role.AGENT} == places(hub, person.id)
    assert 410 == client.get(place).status_code


def test_who_has_an_account_signs_in_and_joins(hub, client, workspace, there):
    """Before that the workspace is not there for them."""
    known = make_person(hub, workspace)
    _, place = invite(hub, there, known.email)

    assert "Sign in with it, and this page opens again." in client.get(place).text
    assert place == sign_in(client, known, next_page=place).location
    assert 404 == client.get(f"/w/{there.workspace.slug}/people").status_code
    done = post(client, place)

    assert f"/w/{there.workspace.slug}/" == done.location
    assert Role.AGENT is places(hub, known.user_id)[there.workspace.id]


def test_nobody_else_accepts_an_invitation(hub, client, workspace, there):
    known, other = make_person(hub, workspace), make_person(hub, workspace)
    _, place = invite(hub, there, known.email)
    sign_in(client, other)

    refused = post(client, place)

    assert (403, True) == (refused.status_code, "somebody else is invited" in refused.text)
    assert there.workspace.id not in places(hub, known.user_id) | places(hub, other.user_id)


def test_who_invited_first_does_not_get_into_where_else_one_is_invited(hub, client, workspace, there):
    """The keeper of a link for an address that is not theirs opens their own workspace with it, and no other."""
    admin, email = make_person(hub, workspace, Role.ADMIN), f"ceo-{there.user_id}@example.com"
    ceo, kept = invite(hub, admin, email)
    _, offered = invite(hub, there, email, Role.OWNER)

    post(client, kept, password=NEW, again=NEW)

    assert {workspace.id: Role.AGENT} == places(hub, ceo.id)
    assert "Sign in with it" in client.application.test_client().get(offered).text


def test_a_kept_link_does_not_open_an_account_that_is_in_use(hub, client, workspace, there):
    admin, email = make_person(hub, workspace, Role.ADMIN), f"boss-{there.user_id}@example.com"
    boss, kept = invite(hub, admin, email)
    _, offered = invite(hub, there, email, Role.OWNER)
    post(client, offered, password=NEW, again=NEW)

    forged = client.application.test_client()
    refused = forged.post(
        kept, data={"csrf_token": csrf_of(forged.get("/sign-in")), "password": "x" * 12, "again": "x" * 12}
    )

    assert 403 == refused.status_code
    assert {there.workspace.id: Role.OWNER} == places(hub, boss.id)


def test_an_address_taken_beforehand_gains_no_place(hub, client, workspace, there):
    """Somebody calls themselves by an address that is invited later: the invitation is for whoever has the link."""
    analyst = make_person(hub, workspace, Role.ANALYST)
    with hub.db.across_workspaces() as session:
        user = users.find(session, hub.vault, analyst.user_id)
        assert user
        users.change_profile(session, hub.vault, user, email=f"newhire-{there.user_id}@example.com")
    invited, _ = invite(hub, there, f"newhire-{there.user_id}@example.com", Role.OWNER)

    assert analyst.user_id == invited.id
    assert {workspace.id: Role.ANALYST} == places(hub, analyst.user_id)


def test_the_page_speaks_the_invited_persons_language(hub, client, there):
    _, place = invite(hub, there, f"anna-{there.user_id}@example.com", language="ru")

    page = client.get(place).text

    assert ('<html lang="ru"' in page, "приглашает вас" in page) == (True, True)


def test_an_invitation_ends_with_the_power_of_who_made_it(hub, client, workspace):
    owner, admin = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN)
    _, place = invite(hub, admin, f"late-{admin.user_id}@example.com")
    assert 200 == client.get(place).status_code

    give(hub, owner, admin, Role.AGENT)

    assert 410 == client.get(place).status_code


def test_a_password_link_ends_when_the_person_becomes_more(hub, client, workspace):
    owner, admin = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN)
    marketer = make_person(hub, workspace, Role.MARKETER)
    place = path(hub, link(hub, admin, marketer))
    assert 200 == client.get(place).status_code

    give(hub, owner, marketer, Role.OWNER)

    assert 410 == client.get(place).status_code


def test_a_password_link_ends_when_the_person_comes_into_another_workspace(hub, client, workspace, there):
    admin, agent = make_person(hub, workspace, Role.ADMIN), make_person(hub, workspace, Role.AGENT)
    place = path(hub, link(hub, admin, agent))

    join(hub, agent, there.workspace, Role.ANALYST)

    assert 410 == client.get(place).status_code


def test_a_password_link_ends_when_its_maker_leaves(hub, client, workspace):
    owner, admin = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN)
    marketer = make_person(hub, workspace, Role.MARKETER)
    place = path(hub, link(hub, admin, marketer))

    with hub.db.across_workspaces() as session:
        leave(session, hub, actor_of(hub, owner), admin.user_id, Leave())

    assert 410 == client.get(place).status_code


def test_an_invited_owner_is_no_owner_yet(hub, workspace):
    owner = make_person(hub, workspace)
    invited, _ = invite(hub, owner, f"owner-{owner.user_id}@example.com", Role.OWNER)

    with pytest.raises(people.LastOwner):
        give(hub, owner, owner, Role.AGENT)
    assert Role.OWNER is role_of(hub, owner)
    assert {} == places(hub, invited.id)
