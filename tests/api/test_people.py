"""People over REST: invited, given roles, let back in, gone. API keys touch nobody who manages people or keys."""

from typing import Any

import pytest

from hub.accounts.keys import CreateKey, create_key
from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.scopes import WORKSPACE_SCOPES, Scope
from hub.core import audit, ids
from hub.core.audit import Act
from hub.core.runtime import Runtime
from tests.api.making import ACCOUNTS, json_of, make_account, pointers_of, problem_of, run
from tests.conftest import Caller
from tests.support.people import Person, make_person

USERS = "/api/v1/users"
BLIND = [scope for scope in WORKSPACE_SCOPES if scope is not Scope.PERSONAL_DATA_READ]


def path_of(person: Person, act: str = "") -> str:
    return f"{USERS}/{ids.show('usr', person.user_id)}{act}"


def invite(caller: Caller, **fields: Any) -> dict[str, Any]:
    response = caller.post(USERS, {"email": "Boris@Example.com", "name": "Boris", "role": "agent", **fields})
    assert 201 == response.status_code, response.text
    return dict(json_of(response))


def key_of(hub: Runtime, caller: Caller, person: Person) -> tuple[str, Caller]:
    """Make a key that a person answers for."""
    scopes = [Scope.PROVIDER_ACCOUNTS_READ]
    command = CreateKey(name="theirs", test=True, scopes=scopes, owner_id=person.user_id)
    with hub.db.across_workspaces() as session:
        key, secret = create_key(session, hub.vault, caller.workspace.id, command, actor="tests")
    return ids.show("key", key.id), Caller(caller.workspace, secret, caller.client)


@pytest.fixture
def colleague(hub: Runtime, caller: Caller) -> Person:
    """Make somebody who works in the caller's workspace."""
    return make_person(hub, caller.workspace, Role.AGENT)


def test_somebody_new_gets_a_link_and_a_place(hub, caller):
    """The link is in this answer; the person has yet to come in, and has no name here before."""
    invited = invite(caller, email="new@example.com", language="ru")

    assert invited["link"].startswith(f"{hub.settings.public_url}/invitations/")
    assert ("new@example.com", "new@example.com", "agent", "invited") == tuple(
        invited[name] for name in ("email", "name", "role", "state")
    )
    shown = caller.get(f"{USERS}/{invited['id']}").json
    assert {name: value for name, value in invited.items() if name != "link"} == shown
    assert {"data": [shown], "next": None} == caller.get(USERS).json


def test_of_who_has_an_account_elsewhere_an_invitation_tells_nothing(hub, caller, stranger):
    """It answers as it does for somebody new."""
    known = make_person(hub, stranger.workspace, Role.OWNER, name="Known")

    invited = invite(caller, email=known.email.upper(), name="Other")

    assert (known.email, known.email, "invited") == (invited["name"], invited["email"], invited["state"])
    assert [None] * 3 == [invited[name] for name in ("second_factor", "last_sign_in_at", "language")]


def test_who_left_is_no_longer_looked_at(hub, caller, colleague):
    """Their address and sign-ins are their own again."""
    caller.post(path_of(colleague, "/leave"), {})

    shown = caller.get(path_of(colleague)).json

    assert ("•••", None, None) == (shown["email"], shown["last_sign_in_at"], shown["second_factor"])


def test_nobody_is_invited_twice(caller):
    invite(caller, email="twice@example.com")

    problem_of(caller.post(USERS, {"email": "TWICE@example.com", "name": "x", "role": "agent"}), 409, "conflict")


def test_an_email_is_masked_for_who_may_not_see_persons(caller_with, hub):
    blind = caller_with(scopes=BLIND)
    make_person(hub, blind.workspace, Role.ANALYST, email="secretive@example.com")

    assert ["s***@example.com"] == [person["email"] for person in blind.get(USERS).json["data"]]


def test_people_come_in_pages(hub, caller):
    made = [ids.show("usr", make_person(hub, caller.workspace, Role.AGENT).user_id) for _ in range(3)]

    first = caller.get(USERS, limit=2).json
    rest = caller.get(USERS, limit=2, after=first["next"]).json

    assert made == [person["id"] for person in [*first["data"], *rest["data"]]]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"role": "king"}, "/role"),
        ({"name": ""}, "/name"),
        ({"language": "xx"}, "/language"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(caller, fields, pointer):
    given = {"email": "wrong@example.com", "name": "W", "role": "agent", **fields}

    assert {pointer} == pointers_of(caller.post(USERS, given))


def test_a_role_is_changed_and_written_down(caller, colleague):
    changed = caller.call("PATCH", path_of(colleague), json={"role": "auditor"}).json

    (entry,) = caller.get("/api/v1/audit", object=changed["id"], action="people.role_changed").json["data"]
    assert "auditor" == changed["role"] == caller.get(path_of(colleague)).json["role"]
    assert ({"role": "agent"}, {"role": "auditor"}) == (entry["before"], entry["after"])


def test_a_key_is_never_an_owner(hub, caller):
    """Whatever its scopes, it makes no owners and does nothing to them."""
    owner = make_person(hub, caller.workspace, Role.OWNER)
    other = make_person(hub, caller.workspace, Role.AGENT)
    heir = {"hand_over_to": ids.show("usr", other.user_id)}

    problem_of(caller.post(USERS, {"email": "o@example.com", "name": "O", "role": "owner"}), 403, "forbidden")
    problem_of(caller.call("PATCH", path_of(other), json={"role": "owner"}), 403, "forbidden")
    problem_of(caller.call("PATCH", path_of(owner), json={"role": "agent"}), 403, "forbidden")
    problem_of(caller.post(path_of(owner, "/link")), 403, "forbidden")
    problem_of(caller.post(path_of(owner, "/leave"), heir), 403, "forbidden")


def test_a_key_gives_and_touches_no_role_that_may_do_more_than_itself(hub, caller_with):
    weak = caller_with(scopes=[*SCOPES_OF[Role.ANALYST], Scope.USERS_WRITE, Scope.USERS_READ])
    agent = make_person(hub, weak.workspace, Role.AGENT)
    analyst = make_person(hub, weak.workspace, Role.ANALYST, password=None)

    problem_of(weak.call("PATCH", path_of(analyst), json={"role": "agent"}), 403, "forbidden")
    problem_of(weak.call("PATCH", path_of(agent), json={"role": "analyst"}), 403, "forbidden")
    problem_of(weak.post(path_of(agent, "/link")), 403, "forbidden")
    assert 200 == weak.post(path_of(analyst, "/link")).status_code


def test_a_key_makes_and_touches_nobody_who_manages_people_or_keys(hub, caller):
    """Whatever its scopes: a key that leaked must not make itself a person."""
    admin = make_person(hub, caller.workspace, Role.ADMIN)
    agent = make_person(hub, caller.workspace, Role.AGENT)

    problem_of(caller.post(USERS, {"email": "a@example.com", "name": "A", "role": "admin"}), 403, "forbidden")
    problem_of(caller.call("PATCH", path_of(agent), json={"role": "admin"}), 403, "forbidden")
    problem_of(caller.call("PATCH", path_of(admin), json={"role": "agent"}), 403, "forbidden")
    problem_of(caller.post(path_of(admin, "/leave"), {}), 403, "forbidden")
    assert "marketer" == invite(caller, email="m@example.com", role="marketer")["role"]


def test_a_key_makes_no_link_for_who_has_a_password(caller, colleague):
    refused = problem_of(caller.post(path_of(colleague, "/link")), 403, "forbidden")

    assert "has a password" in refused["detail"]


def test_a_key_makes_no_link_for_who_works_elsewhere_too(hub, caller, stranger):
    """It would open an account where the key has no say; an invitation there gives nobody a say."""
    colleague = make_person(hub, caller.workspace, Role.AGENT, password=None)
    invite(stranger, email=colleague.email, role="analyst")
    assert caller.post(path_of(colleague, "/link")).json["link"]
    run(hub, "UPDATE members SET accepted_at = now() WHERE user_id = :id", id=colleague.user_id)

    refused = problem_of(caller.post(path_of(colleague, "/link")), 403, "forbidden")

    assert "also works in a workspace" in refused["detail"]


@pytest.mark.parametrize("act", ["", "/link", "/leave"])
def test_a_person_of_another_workspace_is_not_there(caller, stranger, hub, act):
    theirs = make_person(hub, stranger.workspace, Role.AGENT)
    body = {"": {"role": "admin"}, "/leave": {"hand_over_to": ids.show("usr", theirs.user_id)}}.get(act)

    problem_of(caller.call("POST" if act else "PATCH", path_of(theirs, act), json=body), 404, "not_found")
    problem_of(caller.get(path_of(theirs)), 404, "not_found")


def test_leaving_ends_keys_and_hands_over_the_rest(hub, caller, colleague):
    """One key is named and lives on under the colleague; the other is refused by the very next answer."""
    heir = make_person(hub, caller.workspace, Role.ADMIN)
    kept, kept_caller = key_of(hub, caller, colleague)
    ended, ended_caller = key_of(hub, caller, colleague)
    account = make_account(hub, caller)
    run(hub, "UPDATE provider_accounts SET owner_id = :to WHERE id = :id", to=colleague.user_id, id=account.id)
    assert [200, 200] == [known.get(ACCOUNTS).status_code for known in (kept_caller, ended_caller)]

    heir_id = ids.show("usr", heir.user_id)
    left = caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir_id, "hand_over_keys": [kept]}).json

    assert ([ended], [kept], [ids.show("acc", account.id)]) == (
        left["keys_revoked"],
        left["keys_handed_over"],
        left["provider_accounts"],
    )
    assert [200, 401] == [known.get(ACCOUNTS).status_code for known in (kept_caller, ended_caller)]
    assert heir_id == caller.get(f"/api/v1/api-keys/{kept}").json["owner"]
    assert [(heir.user_id,)] == run(hub, "SELECT owner_id FROM provider_accounts WHERE id = :id", id=account.id)
    assert "left" == caller.get(path_of(colleague)).json["state"]


def test_leaving_is_written_down_for_the_person_and_for_each_thing(hub, caller, colleague):
    heir = ids.show("usr", make_person(hub, caller.workspace, Role.ADMIN).user_id)
    key, _ = key_of(hub, caller, colleague)

    caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir})

    acts = {entry["action"]: entry for entry in caller.get("/api/v1/audit").json["data"]}
    assert [key] == acts["people.left"]["after"]["keys_revoked"]
    assert key == acts["api_key.revoked"]["object"]


def test_who_left_comes_back_by_an_invitation(caller, hub, colleague):
    heir = ids.show("usr", make_person(hub, caller.workspace, Role.ADMIN).user_id)
    caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir})
    problem_of(caller.call("PATCH", path_of(colleague), json={"role": "agent"}), 409, "conflict")

    back = invite(caller, email=colleague.email, role="analyst")

    assert ("invited", "analyst", None) == (back["state"], back["role"], back["left_at"])


def test_nobody_leaves_twice(hub, caller, colleague):
    heir = ids.show("usr", make_person(hub, caller.workspace, Role.ADMIN).user_id)
    caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir})

    problem_of(caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir}), 409, "conflict")


@pytest.mark.parametrize("heir", ["oneself", "stranger", "left", "nonsense"])
def test_who_takes_over_works_here_and_stays(hub, caller, stranger, colleague, heir):
    others = {
        "oneself": colleague,
        "stranger": make_person(hub, stranger.workspace, Role.ADMIN),
        "left": make_person(hub, caller.workspace, Role.ADMIN),
    }
    run(hub, "UPDATE members SET left_at = now() WHERE user_id = :id", id=others["left"].user_id)
    given = ids.show("usr", others[heir].user_id) if heir in others else "usr_nobody"

    assert {"/hand_over_to"} == pointers_of(caller.post(path_of(colleague, "/leave"), {"hand_over_to": given}))
    assert "active" == caller.get(path_of(colleague)).json["state"]


def test_only_keys_of_the_leaver_are_handed_over(hub, caller, colleague):
    heir = make_person(hub, caller.workspace, Role.ADMIN)
    foreign, _ = key_of(hub, caller, heir)
    body = {"hand_over_to": ids.show("usr", heir.user_id), "hand_over_keys": [foreign]}

    assert {"/hand_over_keys"} == pointers_of(caller.post(path_of(colleague, "/leave"), body))


def test_what_they_looked_at_is_told(hub, caller, colleague):
    heir = ids.show("usr", make_person(hub, caller.workspace, Role.ADMIN).user_id)
    with hub.db.across_workspaces() as session:
        for action in ("message.viewed", "message.viewed", "message.exported", "message.accepted"):
            who = ids.show("usr", colleague.user_id)
            act = Act(workspace_id=caller.workspace.id, actor=who, action=action, subject="msg_1")
            audit.record(session, hub.vault, act)

    left = caller.post(path_of(colleague, "/leave"), {"hand_over_to": heir})

    assert {"message.exported": 1, "message.viewed": 2} == json_of(left)["looked_at"]
