"""Provider accounts: made, changed, held, removed; their credentials are never shown."""

from typing import Any

import pytest

from hub.accounts.service import CreateKey, create_key
from hub.core.runtime import Runtime
from tests.api.making import (
    ACCOUNTS,
    CREDENTIALS,
    faults_of,
    json_of,
    make_account,
    make_attempt,
    pointers_of,
    problem_of,
    run,
    send,
)
from tests.conftest import Caller, make_caller
from tracking.delivery import AttemptStatus


def make_body(**fields: Any) -> dict[str, Any]:
    return {"name": "Main", "provider": "twilio", "sender": "+15005550006", "credentials": CREDENTIALS, **fields}


def add(caller: Caller, **fields: Any) -> dict[str, Any]:
    response = caller.post(ACCOUNTS, make_body(**fields))
    assert 201 == response.status_code, response.text
    return dict(json_of(response))


def acts(hub: Runtime, caller: Caller) -> list[str]:
    found = run(hub, "SELECT action FROM audit WHERE workspace_id = :id ORDER BY id", id=caller.workspace.id)
    return [action for (action,) in found if action.startswith("provider_account")]


def test_an_account_is_shown_without_its_credentials(hub, caller):
    """Only the names of the fields come back, and the call-back URLs that the provider needs."""
    account = add(caller, test=True)

    assert {
        "id": account["id"],
        "name": "Main",
        "provider": "twilio",
        "channel": "sms",
        "test": True,
        "sender": "+15005550006",
        "held": False,
        "credential_fields": ["account_sid", "auth_token"],
        "hooks": {"status": f"{hub.settings.public_url}/hooks/{account['id']}/status"},
        "created_at": account["created_at"],
        "updated_at": account["created_at"],
    } == account
    assert account == caller.get(f"{ACCOUNTS}/{account['id']}").json
    assert {"data": [account], "next": None} == caller.get(ACCOUNTS).json


def test_times_are_written_as_everywhere_in_the_api(caller):
    """Aware UTC with Z, as the times of a message."""
    assert add(caller)["created_at"].endswith("Z")


def test_an_account_is_of_its_keys_kind_unless_told_otherwise(hub, client):
    """A live key adds live accounts, a test key adds test accounts and no others."""
    live, test = make_caller(hub, client, test=False), make_caller(hub, client)

    assert (False, True) == (add(live)["test"], add(test)["test"])
    assert 403 == test.post(ACCOUNTS, make_body(test=False)).status_code


def test_a_test_key_does_not_touch_a_live_account(hub, client):
    """What a test key does never reaches a person, not even by holding what does."""
    live = make_caller(hub, client, test=False)
    account = add(live)
    with hub.db.across_workspaces() as session:
        _, secret = create_key(session, hub.vault, live.workspace.id, CreateKey(name="t", test=True), actor="tests")
    test = Caller(live.workspace, secret, client)

    assert 403 == test.call("PATCH", f"{ACCOUNTS}/{account['id']}", json={"held": True}).status_code
    assert 403 == test.call("DELETE", f"{ACCOUNTS}/{account['id']}").status_code


@pytest.mark.parametrize(
    "change", [{"name": "Other"}, {"sender": "+447911123456"}, {"sender": "SHOP"}, {"held": True}, {"held": False}, {}]
)
def test_what_is_given_changes_and_the_rest_stays(caller, change):
    before = add(caller)

    after = caller.call("PATCH", f"{ACCOUNTS}/{before['id']}", json=change).json

    assert before | change | {"updated_at": after["updated_at"]} == after
    assert after == caller.get(f"{ACCOUNTS}/{before['id']}").json


def test_new_credentials_replace_all_of_the_old(caller):
    """What is left out is gone; a needed one that is left out is a mistake."""
    account = add(caller, credentials={**CREDENTIALS, "webhook_shared_key": "k"})
    path = f"{ACCOUNTS}/{account['id']}"

    changed = caller.call("PATCH", path, json={"credentials": CREDENTIALS}).json
    wrong = caller.call("PATCH", path, json={"credentials": {"auth_token": "x"}})

    assert ["account_sid", "auth_token"] == changed["credential_fields"]
    assert {"/credentials/account_sid"} == pointers_of(wrong)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"provider": "twilio"}, "/provider"), ({"test": True}, "/test"), ({"name": ""}, "/name"), ({"held": 1}, "/held")],
)
def test_a_wrong_change_is_refused_whole(caller, change, pointer):
    """The provider and the kind of an account stay what they were made as."""
    account = add(caller)

    response = caller.call("PATCH", f"{ACCOUNTS}/{account['id']}", json={"sender": "SHOP", **change})

    assert [pointer] == [fault.pointer for fault in faults_of(problem_of(response, 422))]
    assert account == caller.get(f"{ACCOUNTS}/{account['id']}").json


def test_a_name_is_taken_once_in_a_workspace(caller, stranger):
    """Another workspace may use it."""
    add(caller)
    other = add(caller, name="Other")
    add(stranger)

    taken = [
        caller.post(ACCOUNTS, make_body()),
        caller.call("PATCH", f"{ACCOUNTS}/{other['id']}", json={"name": "Main"}),
    ]

    assert ["name_taken"] * 2 == [problem_of(response, 409)["code"] for response in taken]


def test_an_account_that_was_never_used_is_removed(caller):
    account = add(caller)

    response = caller.call("DELETE", f"{ACCOUNTS}/{account['id']}")

    assert (204, b"") == (response.status_code, response.data)
    problem_of(caller.get(f"{ACCOUNTS}/{account['id']}"), 404)
    problem_of(caller.call("DELETE", f"{ACCOUNTS}/{account['id']}"), 404)


def test_an_account_that_was_used_is_kept_for_its_history(hub, caller):
    make_attempt(hub, caller, send(caller), AttemptStatus.SENT)
    (account,) = caller.get(ACCOUNTS).json["data"]

    response = caller.call("DELETE", f"{ACCOUNTS}/{account['id']}")

    problem_of(response, 409, "in_use")
    assert account == caller.get(f"{ACCOUNTS}/{account['id']}").json


def test_every_change_leaves_a_trace_that_tells_no_secret(hub, caller):
    """Who, what and when are in the audit table; before and after are sealed."""
    account = add(caller)
    path = f"{ACCOUNTS}/{account['id']}"
    caller.call("PATCH", path, json={"held": True})
    caller.call("DELETE", path)

    rows = run(hub, "SELECT audit::text FROM audit WHERE object = :object", object=account["id"])

    assert ["provider_account.added", "provider_account.changed", "provider_account.removed"] == acts(hub, caller)
    assert not [row for (row,) in rows if CREDENTIALS["auth_token"] in row or "Main" in row]


def test_the_trace_of_an_act_names_who_asked_and_the_request(hub, caller):
    """The key by its id, and the request id that is in the logs."""
    response = caller.call("POST", ACCOUNTS, {"X-Request-Id": "audit-1"}, json=make_body())

    rows = run(hub, "SELECT actor, request_id FROM audit WHERE object = :object", object=response.json["id"])

    ((actor, request_id),) = rows
    assert ("key_", "audit-1") == (actor[:4], request_id)


def test_credentials_are_sealed_in_the_database(hub, caller):
    account = make_account(hub, caller)

    ((row,),) = run(
        hub, "SELECT p::text || convert_from(sealed, 'UTF8') FROM provider_accounts p WHERE id = :id", id=account.id
    )

    assert CREDENTIALS["auth_token"] not in row
