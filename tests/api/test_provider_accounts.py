"""Provider accounts: made, changed, held, removed; their credentials are never shown."""

from typing import Any

import pytest

from hub.accounts.keys import CreateKey, create_key
from hub.accounts.scopes import WORKSPACE_SCOPES, Scope
from hub.core import clock, ids
from hub.core.runtime import Runtime
from tests.api.making import (
    ACCOUNTS,
    CREDENTIALS,
    MESSAGES,
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
        "owner": None,
        "segment_price": None,
        "monthly_ceiling": None,
        "spend": {"month": f"{clock.now():%Y-%m}", "amount": "0.00", "currency": None, "state": "ok"},
        "last_errors": [],
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
        _, secret = create_key(
            session,
            hub.vault,
            live.workspace.id,
            CreateKey(name="t", test=True, scopes=WORKSPACE_SCOPES),
            actor="tests",
        )
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


def test_prices_and_ceilings_are_amounts_in_one_currency(caller):
    """Written as text, so that no digit is lost, and taken away by null."""
    price, ceiling = {"amount": "0.0079", "currency": "USD"}, {"amount": "500", "currency": "USD"}
    account = add(caller, segment_price=price, monthly_ceiling=ceiling)
    path = f"{ACCOUNTS}/{account['id']}"

    changed = caller.call("PATCH", path, json={"monthly_ceiling": None}).json

    assert (price, ceiling | {"amount": "500.00"}) == (account["segment_price"], account["monthly_ceiling"])
    assert (price, None) == (changed["segment_price"], changed["monthly_ceiling"])
    assert "USD" == account["spend"]["currency"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"monthly_ceiling": {"amount": "5", "currency": "EUR"}}, "/monthly_ceiling/currency"),
        ({"monthly_ceiling": {"amount": "0.001", "currency": "USD"}}, "/monthly_ceiling/amount"),
        ({"monthly_ceiling": {"amount": "-5", "currency": "USD"}}, "/monthly_ceiling/amount"),
        ({"monthly_ceiling": {"amount": 5, "currency": "USD"}}, "/monthly_ceiling/amount"),
        ({"monthly_ceiling": {"amount": "5", "currency": "dollar"}}, "/monthly_ceiling/currency"),
        ({"monthly_ceiling": {"amount": "5"}}, "/monthly_ceiling/currency"),
        ({"segment_price": {"amount": "0.0000001", "currency": "USD"}}, "/segment_price/amount"),
    ],
)
def test_a_wrong_amount_is_refused(caller, wrong, pointer):
    price = {"amount": "0.0079", "currency": "USD"}

    assert {pointer} == pointers_of(caller.post(ACCOUNTS, make_body(**{"segment_price": price} | wrong)))


def test_an_account_tells_its_last_errors(hub, caller):
    """Which message, when and why; what was delivered is no error."""
    refused, delivered = send(caller), send(caller)
    make_attempt(hub, caller, refused, AttemptStatus.REJECTED)
    make_attempt(hub, caller, delivered, AttemptStatus.DELIVERED)
    run(hub, "UPDATE attempts SET reason_code = 'blocked', provider_code = '7' WHERE status = 32")

    first, second = caller.get(ACCOUNTS).json["data"]

    (error,) = first["last_errors"]
    assert (refused["id"], "rejected", "blocked", "7") == (
        error["message"],
        error["status"],
        error["reason"]["code"],
        error["reason"]["provider_code"],
    )
    assert [] == second["last_errors"]


def test_the_newest_ten_errors_are_told(hub, caller):
    account = make_account(hub, caller)
    sent = [send(caller) for _ in range(12)]
    for message in sent:
        make_attempt(hub, caller, message, AttemptStatus.UNAVAILABLE, account=account)

    told = caller.get(f"{ACCOUNTS}/{ids.show('acc', account.id)}").json["last_errors"]

    assert [message["id"] for message in reversed(sent)][:10] == [error["message"] for error in told]


def test_a_test_message_is_pinned_to_its_account(hub, caller):
    """It is accepted as any message; its route names the account."""
    make_account(hub, caller)
    account = ids.show("acc", make_account(hub, caller).id)

    response = caller.post(f"{ACCOUNTS}/{account}/test", {"to": {"phone": "+79161234567"}})

    assert 202 == response.status_code, response.text
    message = ids.read("msg", response.json["id"])
    ((route, test),) = run(hub, "SELECT route, test FROM messages WHERE id = :id", id=message)
    assert ([str(ids.read("acc", account))], True) == ([step["provider_account"] for step in route], test)


def test_a_test_message_says_nothing_of_the_account_and_is_written_down(hub, client):
    owner = make_caller(hub, client, scopes=WORKSPACE_SCOPES)
    account = ids.show("acc", make_account(hub, owner, name="Secret plans").id)

    message = owner.post(f"{ACCOUNTS}/{account}/test", {"to": {"phone": "+79161234567"}}).json or {}

    assert "Test message" == (owner.post(f"{MESSAGES}/{message['id']}/reveal").json or {})["body"]
    acts = run(hub, "SELECT object FROM audit WHERE action = 'provider_account.tested' AND object = :id", id=account)
    assert 1 == len(acts)


@pytest.mark.parametrize(
    ("scope", "status"), [(None, 403), (Scope.MESSAGES_WRITE, 202), (Scope.MESSAGES_TEST, 202)], ids=str
)
def test_a_test_message_needs_the_right_to_send_as_well(hub, client, scope, status):
    scopes = [Scope.PROVIDER_ACCOUNTS_WRITE, *([scope] if scope else [])]
    caller = make_caller(hub, client, scopes=scopes)
    account = ids.show("acc", make_account(hub, caller).id)

    response = caller.post(f"{ACCOUNTS}/{account}/test", {"to": {"phone": "+79161234567"}})

    assert status == response.status_code


def test_a_test_message_needs_a_phone_and_an_account_that_sends(hub, caller):
    account = ids.show("acc", make_account(hub, caller).id)
    path = f"{ACCOUNTS}/{account}/test"
    wrong = pointers_of(caller.post(path, {"to": {"phone": "12"}}))
    caller.call("PATCH", f"{ACCOUNTS}/{account}", json={"held": True})

    held = caller.post(path, {"to": {"phone": "+79161234567"}})

    assert {"/to/phone"} == wrong
    problem_of(held, 409, "held")


def test_a_test_key_sends_no_test_through_a_live_account(hub, caller):
    account = ids.show("acc", make_account(hub, caller, test=False).id)

    problem_of(caller.post(f"{ACCOUNTS}/{account}/test", {"to": {"phone": "+79161234567"}}), 403, "forbidden")


def test_a_live_key_tests_a_simulated_account_with_a_test_message(hub, client):
    """What goes to the simulator is a test, whoever asks."""
    live = make_caller(hub, client, test=False)
    account = ids.show("acc", make_account(hub, live).id)

    message = live.post(f"{ACCOUNTS}/{account}/test", {"to": {"phone": "+79161234567"}}).json or {}

    ((test,),) = run(hub, "SELECT test FROM messages WHERE id = :id", id=ids.read("msg", message["id"]))
    assert test


def test_a_key_at_its_ceiling_is_refused(hub, client):
    """Alone, in a batch and as a test of an account: 403 with a code of its own."""
    caller = make_caller(hub, client, ceiling_micros=10_000, ceiling_currency="USD")
    account = make_account(hub, caller)
    run(
        hub,
        "INSERT INTO spend (workspace_id, month, provider_account_id, spender_id, currency, slot, micros)"
        " SELECT workspace_id, date_trunc('month', now(), 'UTC'), :account, id, 'USD', 0, 10000 FROM api_keys"
        " WHERE workspace_id = :workspace",
        account=account.id,
        workspace=caller.workspace.id,
    )
    message = {"to": {"phone": "+79161234567"}, "body": "x", "purpose": "transactional"}

    answers = [
        caller.post("/api/v1/messages", message),
        caller.post("/api/v1/messages", message | {"reference": "r", "dedupe": "reference"}),
        caller.post("/api/v1/messages/batch", {"messages": [message]}),
        caller.post(f"{ACCOUNTS}/{ids.show('acc', account.id)}/test", {"to": {"phone": "+79161234567"}}),
    ]

    assert ["spend_ceiling"] * 4 == [problem_of(answer, 403)["code"] for answer in answers]
