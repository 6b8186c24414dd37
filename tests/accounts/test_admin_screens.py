"""The screens of keys, people, the audit log and settings, as somebody signed in uses them."""

import csv
import io
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts.audit_log import ROWS_AT_ONCE
from hub.accounts.roles import Role
from hub.accounts.store import Workspace
from hub.core import audit, clock, ids
from hub.core.audit import Act
from hub.core.runtime import Runtime
from tests.accounts.conftest import make_workspace
from tests.support.people import Person, make_person, post, sign_in

NEW_KEY = {"name": "Shop", "requests_per_minute": "100", "scopes": "messages:read", "purposes": "transactional"}
SECRET = re.compile(r"tl_(?:live|test)_[\w-]{43}")


@pytest.fixture
def owner(hub: Runtime, client: FlaskClient, workspace: Workspace) -> Person:
    """Sign an owner in."""
    person = make_person(hub, workspace)
    sign_in(client, person)
    return person


def at(person: Person, path: str) -> str:
    return f"/w/{person.workspace.slug}{path}"


def typed(person: Person) -> str:
    return ids.show("usr", person.user_id)


def make_key(client: FlaskClient, owner: Person, **fields: str) -> tuple[str, TestResponse]:
    """Make a key by the form; return where it lives and the page that shows its secret."""
    made = post(client, at(owner, "/api-keys/new"), **{**NEW_KEY, **fields})
    assert 303 == made.status_code, made.text
    return made.location, client.get(made.location)


def note(hub: Runtime, person: Person, action: str, **act: object) -> None:
    with hub.db.transaction(person.workspace.id) as session:
        given = {"actor": typed(person), "subject": "thing_1", **act}
        audit.record(session, hub.vault, Act(workspace_id=person.workspace.id, action=action, **given))  # type: ignore[arg-type] # the test's fields


def test_a_new_key_shows_its_secret_once_and_works(client, owner):
    """Loading the page again, or going back, shows the key without it."""
    place, page = make_key(client, owner)
    (secret,) = set(SECRET.findall(page.text))

    answer = client.get("/api/v1/messages", headers={"Authorization": f"Bearer {secret}"})

    assert 200 == answer.status_code
    assert "no-store" in page.headers["Cache-Control"]
    assert [] == SECRET.findall(client.get(place).text)


def test_a_new_key_is_offered_little_and_shown_how_to_send(client, owner):
    form = client.get(at(owner, "/api-keys/new")).text
    _, page = make_key(client, owner, scopes="messages:write")

    ticked = re.findall(r'name="(?:scopes|purposes)" value="([^"]+)" checked', form)
    assert {"messages:read", "messages:write", "events:read", "transactional"} == set(ticked)
    assert all(words in page.text for words in ("<textarea", "application/json", '"purpose": "transactional"'))


def test_a_revoked_key_is_refused_next(client, owner):
    place, page = make_key(client, owner)
    secret = {"Authorization": f"Bearer {SECRET.findall(page.text)[0]}"}
    assert 200 == client.get("/api/v1/messages", headers=secret).status_code

    post(client, f"{place}/revoke", form_on=place)

    assert 401 == client.get("/api/v1/messages", headers=secret).status_code
    assert "Revoked" in client.get(at(owner, "/api-keys")).text


def test_a_wrong_form_keeps_what_was_typed_and_says_what_is_wrong(client, owner):
    page = post(client, at(owner, "/api-keys/new"), name="Shop & co", requests_per_minute="0")

    assert 422 == page.status_code
    assert 'value="Shop &amp; co"' in page.text
    assert "f-requests_per_minute-error" in page.text


def test_a_key_without_a_single_permission_is_refused_by_its_field(client, owner):
    page = post(client, at(owner, "/api-keys/new"), name="Idle", requests_per_minute="1")

    assert (422, True) == (page.status_code, "f-scopes-error" in page.text)


def test_a_key_is_changed_and_empty_fields_take_away(client, owner):
    """The last day is a day where the workspace is; saved as it is, it does not move."""
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    ceiling = {"monthly_ceiling__amount": "10", "monthly_ceiling__currency": "EUR"}
    place, _ = make_key(client, owner, expires_at=day, **ceiling)
    assert f'value="{day}"' in client.get(place).text

    post(client, place, **{**NEW_KEY, "name": "Store"})

    page = client.get(place).text
    assert "Store" in page
    assert f'value="{day}"' not in page
    assert 'value="10.00"' not in page


def test_an_invited_person_chooses_a_password_by_the_link_that_is_shown_once(client, owner):
    made = post(client, at(owner, "/people/invite"), email="new@example.com", name="New", role="agent")

    first, second = client.get(made.location).text, client.get(made.location).text

    link = re.search(r"http://[^\"]+/invitations/[^\"]+", first)
    assert link
    assert link[0] not in second
    assert 200 == client.application.test_client().get(link[0].removeprefix("http://127.0.0.1:8000")).status_code


def test_a_role_changes_what_the_person_may_do_next(hub, client, owner):
    """From the very next request, in the session that is open."""
    admin = make_person(hub, owner.workspace, Role.ADMIN)
    theirs = client.application.test_client()
    sign_in(theirs, admin)
    assert 200 == theirs.get(at(admin, "/api-keys/new")).status_code

    person = at(owner, f"/people/{typed(admin)}")
    post(client, f"{person}/role", form_on=person, role="analyst")

    assert 403 == theirs.get(at(admin, "/api-keys/new")).status_code


def test_the_form_of_a_role_that_one_may_not_give_is_refused(hub, client, workspace):
    """The button is not shown; the rule is not in the button."""
    admin, owner = make_person(hub, workspace, Role.ADMIN), make_person(hub, workspace, Role.OWNER)
    sign_in(client, admin)
    person = at(owner, f"/people/{typed(owner)}")

    page = client.get(person)
    forged = post(client, f"{person}/role", form_on="/profile", role="agent")

    assert (200, False, 403) == (page.status_code, "Change the role" in page.text, forged.status_code)


def test_the_log_names_people_and_tells_before_and_after(hub, client, owner):
    other = make_person(hub, owner.workspace, Role.AGENT, name="Boris Ivanov")
    person = at(owner, f"/people/{typed(other)}")
    post(client, f"{person}/role", form_on=person, role="analyst")

    page = client.get(at(owner, "/audit?action=people.")).text

    assert all(words in page for words in ("Anna Petrova", "changed a role", "Boris Ivanov"))
    assert re.search(r"<del>Agent</del> → <ins>Analyst</ins>", page)


def test_the_logs_filters_are_in_the_address(hub, client, owner):
    note(hub, owner, "thing.changed")
    note(hub, owner, "other.changed", subject="thing_2")

    assert "other.changed" not in client.get(at(owner, "/audit?object=thing_1")).text
    assert "thing.changed" not in client.get(at(owner, "/audit?from=2999-01-01")).text
    assert 422 == client.get(at(owner, "/audit?from=never")).status_code
    assert 422 == client.get(at(owner, "/audit?actor=%00")).status_code


def test_the_log_as_a_file_is_filtered_safe_and_written_down(hub, client, owner):
    """A cell that a spreadsheet would run as a formula is text."""
    note(hub, owner, "thing.changed", subject="=HYPERLINK(1)", after={"name": "x"})
    note(hub, owner, "other.changed")

    answer = client.get(at(owner, "/audit.csv?action=thing."))

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [("thing.changed", "'=HYPERLINK(1)")] == [(row["action"], row["object"]) for row in rows]
    assert "attachment" in answer.headers["Content-Disposition"]
    exported = client.get(at(owner, "/audit?action=audit.exported")).text
    assert "exported the audit log" in exported
    assert "thing." in exported


def test_a_file_longer_than_what_is_read_at_once_is_whole(hub, client, owner):
    with hub.db.transaction(owner.workspace.id) as session:
        for number in range(ROWS_AT_ONCE + 1):
            act = Act(workspace_id=owner.workspace.id, actor="cli", action="thing.made", subject=f"thing_{number}")
            audit.record(session, hub.vault, act)

    rows = csv.DictReader(io.StringIO(client.get(at(owner, "/audit.csv?action=thing.")).text.removeprefix("\ufeff")))

    assert [f"thing_{number}" for number in reversed(range(ROWS_AT_ONCE + 1))] == [row["object"] for row in rows]


def test_the_settings_change_where_days_begin(client, owner):
    settings = {"name": "Renamed", "region": "GB", "time_zone": "Asia/Tokyo", "language": "ru"}

    saved = post(client, at(owner, "/settings"), **settings)
    wrong = post(client, at(owner, "/settings"), **{**settings, "time_zone": "Nowhere"})

    assert (303, 422) == (saved.status_code, wrong.status_code)
    page = client.get(at(owner, "/settings")).text
    assert re.search(r'value="Asia/Tokyo" selected', page)


def test_another_workspaces_screens_are_not_there(hub, client, owner):
    stranger = make_person(hub, make_workspace(hub))
    paths = ("/api-keys", "/api-keys/new", "/people", "/people/invite", "/audit", "/audit.csv", "/settings")

    assert [404] * len(paths) == [client.get(at(stranger, path)).status_code for path in paths]


def test_a_screen_of_ones_own_shows_nothing_of_another_workspace(hub, client, owner):
    stranger = make_person(hub, make_workspace(hub))

    assert 404 == client.get(at(owner, f"/people/{typed(stranger)}")).status_code
    assert 404 == client.get(at(owner, f"/api-keys/{ids.show('key', ids.new())}")).status_code
