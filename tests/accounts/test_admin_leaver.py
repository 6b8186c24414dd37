"""Somebody leaves: one form ends their access everywhere at once, and the report stays."""

from flask.testing import FlaskClient
from sqlalchemy import text

from hub.accounts import users
from hub.accounts.keys import CreateKey, create_key
from hub.accounts.leaver import OWNED
from hub.accounts.roles import Role
from hub.accounts.scopes import WORKSPACE_SCOPES
from hub.core import audit, ids
from hub.core.audit import Act
from hub.core.db import METADATA
from hub.core.runtime import Runtime
from tests.accounts.conftest import make_workspace
from tests.support.people import Person, make_person, post, sign_in


def at(person: Person, path: str = "") -> str:
    return f"/w/{person.workspace.slug}/people/{ids.show('usr', person.user_id)}{path}"


def signed_in(client: FlaskClient, person: Person) -> FlaskClient:
    """Return another browser in which a person is signed in."""
    browser = client.application.test_client()
    sign_in(browser, person)
    return browser


def key_of(hub: Runtime, person: Person, name: str = "theirs") -> tuple[str, dict[str, str]]:
    """Make a key that a person answers for; return its id and the header that it is sent in."""
    command = CreateKey(name=name, test=True, scopes=WORKSPACE_SCOPES, owner_id=person.user_id)
    with hub.db.across_workspaces() as session:
        key, secret = create_key(session, hub.vault, person.workspace.id, command, actor="tests")
    return ids.show("key", key.id), {"Authorization": f"Bearer {secret}"}


def test_one_form_ends_the_session_and_the_key_of_a_leaver(hub, client, workspace):
    """What both are answered next is a refusal; the named key lives on under the colleague."""
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN, name="Boris")
    sign_in(client, owner)
    theirs = signed_in(client, leaver)
    (_, ended), (kept_id, kept) = key_of(hub, leaver), key_of(hub, leaver, "kept")
    assert [200, 200] == [client.get("/api/v1/messages", headers=key).status_code for key in (ended, kept)]
    assert 200 == theirs.get(at(leaver)).status_code

    heir = ids.show("usr", owner.user_id)
    done = post(client, at(leaver, "/leave"), hand_over_to=heir, hand_over_keys=kept_id)

    assert (303, at(leaver)) == (done.status_code, done.location)
    assert [401, 200] == [client.get("/api/v1/messages", headers=key).status_code for key in (ended, kept)]
    answer = theirs.get(at(leaver))
    assert (303, True) == (answer.status_code, answer.location.startswith("/sign-in"))
    sign_in(theirs, leaver)
    assert 404 == theirs.get(at(leaver)).status_code


def test_the_screen_tells_exact_numbers_before_and_the_report_after(hub, client, workspace):
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.AGENT, name="Boris")
    sign_in(client, owner)
    signed_in(client, leaver)
    key_of(hub, leaver)
    who = ids.show("usr", leaver.user_id)
    for action in ("message.viewed", "message.viewed", "message.cancelled"):
        with hub.db.transaction(workspace.id) as session:
            audit.record(session, hub.vault, Act(workspace_id=workspace.id, actor=who, action=action, subject="msg_1"))

    before = client.get(at(leaver, "/leave")).text
    post(client, at(leaver, "/leave"), hand_over_to=ids.show("usr", owner.user_id))
    after = client.get(at(leaver)).text

    assert all(words in before for words in ("1 session ends", "1 API key is revoked", "in full: 2 times"))
    assert all(words in after for words in ("1 session ended", "1 API key revoked", "in full: 2 times"))
    assert "0 provider accounts" not in before + after


def test_who_works_elsewhere_stays_signed_in_there_only(hub, client, workspace):
    """The session goes on; nothing of the left workspace opens in it."""
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN)
    elsewhere = make_workspace(hub)
    with hub.db.across_workspaces() as session:
        users.join(session, elsewhere.id, leaver.user_id, Role.ADMIN, actor="tests")
    sign_in(client, owner)
    theirs = signed_in(client, leaver)

    post(client, at(leaver, "/leave"), hand_over_to=ids.show("usr", owner.user_id))

    assert 404 == theirs.get(at(leaver)).status_code
    assert 200 == theirs.get(f"/w/{elsewhere.slug}/people").status_code


def test_without_a_colleague_named_nothing_happens(hub, client, workspace):
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.AGENT)
    sign_in(client, owner)

    kept_id, _ = key_of(hub, leaver)
    refused = post(client, at(leaver, "/leave"), hand_over_keys=kept_id)

    assert (422, True) == (refused.status_code, "f-hand_over_to-error" in refused.text)
    assert "Works here" in client.get(at(leaver)).text


def test_nobody_takes_over_where_nothing_is_handed_over(hub, client, workspace):
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.AGENT)
    sign_in(client, owner)

    page = client.get(at(leaver, "/leave"))
    done = post(client, at(leaver, "/leave"))

    assert ("f-hand_over_to" in page.text, 303) == (False, done.status_code)
    assert "There was nothing to end" in client.get(at(leaver)).text


def test_the_last_owner_does_not_leave(hub, client, workspace):
    owner, heir = make_person(hub, workspace), make_person(hub, workspace, Role.ADMIN)
    sign_in(client, owner)

    page = client.get(at(owner, "/leave"))
    forged = post(client, at(owner, "/leave"), form_on=at(heir), hand_over_to=ids.show("usr", heir.user_id))

    assert (409, 409) == (page.status_code, forged.status_code)
    assert 200 == client.get(at(owner)).status_code


def test_a_half_done_leave_is_undone(hub, client, workspace):
    """It is one transaction: when the last step cannot be, nothing was."""
    owner, leaver = make_person(hub, workspace), make_person(hub, workspace, Role.AGENT)
    sign_in(client, owner)
    _, key = key_of(hub, leaver)
    with hub.db.as_owner() as session:
        session.execute(text("REVOKE DELETE ON sessions FROM hub_jobs"))

    try:
        failed = post(client, at(leaver, "/leave"), hand_over_to=ids.show("usr", owner.user_id))
    finally:
        with hub.db.as_owner() as session:
            session.execute(text("GRANT DELETE ON sessions TO hub_jobs"))

    assert 500 == failed.status_code
    assert 200 == client.get("/api/v1/messages", headers=key).status_code
    assert "Works here" in client.get(at(leaver)).text


def test_everything_that_has_an_owner_is_handed_over():
    """A new table with owners gets its line, or its things stay with who left."""
    owned = {table.name for table in METADATA.sorted_tables if "owner_id" in table.c}

    assert owned == {"api_keys", *OWNED}
