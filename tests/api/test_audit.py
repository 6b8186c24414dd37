"""The audit log and the workspace over REST."""

from datetime import timedelta
from typing import Any

import pytest

from hub.accounts.scopes import WORKSPACE_SCOPES, Scope
from hub.core import audit, clock
from hub.core.audit import Act
from hub.core.runtime import Runtime
from tests.api.making import json_of, pointers_of, problem_of
from tests.conftest import Caller

AUDIT = "/api/v1/audit"
WORKSPACE = "/api/v1/workspace"
BLIND = [scope for scope in WORKSPACE_SCOPES if scope is not Scope.PERSONAL_DATA_READ]


def note(hub: Runtime, caller: Caller, action: str = "thing.changed", **act: Any) -> None:
    with hub.db.transaction(caller.workspace.id) as session:
        given = {"actor": "cli", "subject": "thing_1", **act}
        audit.record(session, hub.vault, Act(workspace_id=caller.workspace.id, action=action, **given))


def told(caller: Caller, **query: Any) -> list[str]:
    return [entry["action"] for entry in json_of(caller.get(AUDIT, **query))["data"]]


def test_an_entry_tells_everything(hub, caller):
    """Who, when, what, on what, before and after, from where, in which request."""
    made = caller.call("POST", "/api/v1/api-keys", {"X-Request-Id": "told-1"}, json={"name": "Shop"})

    (entry,) = caller.get(AUDIT, object=made.json["id"]).json["data"]

    assert ("api_key.created", made.json["id"], "told-1", "127.0.0.1", None) == tuple(
        entry[name] for name in ("action", "object", "request_id", "address", "before")
    )
    assert ("aud_", "key_", "Shop") == (entry["id"][:4], entry["actor"][:4], entry["after"]["name"])


def test_entries_come_newest_first_in_pages(hub, caller):
    for number in range(3):
        note(hub, caller, f"thing.number_{number}")

    first = caller.get(AUDIT, limit=2).json
    rest = caller.get(AUDIT, limit=2, after=first["next"]).json

    found = [entry["action"] for entry in [*first["data"], *rest["data"]]]
    assert ["thing.number_2", "thing.number_1", "thing.number_0", "api_key.created"] == found
    assert rest["next"] is None


def test_filters_narrow_the_list(hub, caller):
    """An action that ends in a dot stands for all that begin so; `_` is no wildcard."""
    note(hub, caller, "thing.made", actor="usr_1")
    note(hub, caller, "thing.gone", subject="thing_2")
    note(hub, caller, "thingXmade")

    assert ["thing.made"] == told(caller, actor="usr_1")
    assert ["thing.gone"] == told(caller, object="thing_2")
    assert ["thing.made"] == told(caller, action="thing.made")
    assert ["thing.gone", "thing.made"] == told(caller, action="thing.")
    assert [] == told(caller, action="t_ing.")


def test_a_period_narrows_the_list(hub, caller):
    note(hub, caller)
    now = clock.now()
    later, earlier = clock.show(now + timedelta(minutes=1)), clock.show(now - timedelta(minutes=1))

    assert ["thing.changed", "api_key.created"] == told(caller, **{"from": earlier, "to": later})
    assert [] == told(caller, **{"from": later})
    assert [] == told(caller, to="0001-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [({"who": "x"}, "/who"), ({"from": "today"}, "/from"), ({"limit": 0}, "/limit"), ({"after": "x"}, "/after")],
)
def test_what_is_no_filter_is_refused(caller, query, pointer):
    assert {pointer} == pointers_of(caller.get(AUDIT, **query))


def test_personal_values_are_masked_for_who_may_not_see_them(hub, caller_with):
    """Wherever they are in what was before and after; and what was said is left out."""
    blind = caller_with(scopes=BLIND)
    value = {"people": [{"email": "anna@example.com"}], "note": "call +79161234509", "body": "Dear Anna", "held": True}
    note(hub, blind, after=value)

    entry = blind.get(AUDIT, action="thing.changed").json["data"][0]

    masked = {"people": [{"email": "a***@example.com"}], "note": "call +7 916 ***-**-09", "body": "•••", "held": True}
    assert masked == entry["after"]


def test_who_may_see_persons_sees_them(hub, caller):
    note(hub, caller, after={"email": "anna@example.com"})

    assert {"email": "anna@example.com"} == caller.get(AUDIT).json["data"][0]["after"]


def test_another_workspaces_log_is_not_seen(hub, caller, stranger):
    note(hub, stranger, "thing.secret")

    assert ["api_key.created"] == told(caller)


def test_the_workspace_is_shown_and_changed(caller):
    """Its name in addresses stays as it was made."""
    before = caller.get(WORKSPACE).json

    after = caller.call("PATCH", WORKSPACE, json={"name": "New name", "time_zone": "Asia/Tokyo"}).json

    assert before | {"name": "New name", "time_zone": "Asia/Tokyo"} == after == caller.get(WORKSPACE).json
    (entry,) = caller.get(AUDIT, action="workspace.changed").json["data"]
    assert {"name": before["name"], "time_zone": "UTC"} == entry["before"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"region": "XX"}, "/region"),
        ({"time_zone": "Moscow"}, "/time_zone"),
        ({"language": "de"}, "/language"),
        ({"slug": "mine"}, "/slug"),
    ],
)
def test_a_wrong_change_of_the_workspace_is_refused(caller, change, pointer):
    assert {pointer} == pointers_of(caller.call("PATCH", WORKSPACE, json=change))


def test_a_workspaces_name_is_taken_once(caller, stranger):
    taken = caller.call("PATCH", WORKSPACE, json={"name": stranger.workspace.name})

    problem_of(taken, 409, "name_taken")
