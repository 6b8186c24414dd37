"""What needs a person appears with its cause and goes with it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from hub.accounts import keys
from hub.accounts.keys import CreateKey
from hub.accounts.roles import Role
from hub.accounts.scopes import Scope
from hub.core import clock, ids, installation
from hub.messages.models import ATTEMPTS
from tests.api.making import make_account
from tests.conftest import Caller, make_caller
from tests.reports.conftest import accept, report, run
from tests.support.people import make_person, sign_in
from tracking.delivery import AttemptStatus, Status


@pytest.fixture
def attempt(hub, caller):
    """Write attempts of new messages down."""

    def write(account, status: AttemptStatus, count: int, ago: timedelta = timedelta()) -> None:
        for number in range(count):
            message_id = accept(hub, caller, clock.now())
            if ago:
                old = ids.first_of(clock.now() - ago + timedelta(milliseconds=number))
                run(hub, "UPDATE messages SET id = :old WHERE id = :id", old=old, id=message_id)
                message_id = old
            row = {
                "workspace_id": caller.workspace.id,
                "message_id": message_id,
                "number": 1,
                "channel": "sms",
                "provider": account.provider,
                "provider_account_id": account.id,
                "sender": account.sender,
                "status": status.value,
                "marked_at": clock.now() - ago,
            }
            with hub.db.across_workspaces() as session:
                session.execute(insert(ATTEMPTS).values(row))

    return write


def needed(caller: Caller) -> dict[str, dict[str, Any]]:
    """Return what needs somebody by its code."""
    return {item["code"]: item for item in report(caller)["attention"]}


def states(caller: Caller) -> list[str]:
    return [account["state"] for account in report(caller)["provider_accounts"]]


def test_nothing_needs_anybody_at_first(caller):
    assert {} == needed(caller)


def test_a_held_hub(hub, caller):
    """It is told to every workspace, with the operator's reason, until it is released."""
    with hub.db.across_workspaces() as session:
        installation.hold(session, clock.now(), "moving house")
    held = needed(caller)
    with hub.db.across_workspaces() as session:
        installation.release(session)

    assert "Nothing is sent: the whole hub is on hold (moving house)." == held["sending_held"]["text"]
    assert held["sending_held"]["at"]
    assert {} == needed(caller)


def test_a_held_account(hub, caller):
    account = make_account(hub, caller, test=False, name="Main line")
    place = f"/api/v1/provider-accounts/{ids.show('acc', account.id)}"
    caller.call("PATCH", place, json={"held": True})
    held, held_states = needed(caller), states(caller)
    caller.call("PATCH", place, json={"held": False})

    assert ids.show("acc", account.id) == held["account_held"]["subject"]
    assert (["held"], ["idle"], {}) == (held_states, states(caller), needed(caller))


def test_an_account_without_any_success(hub, caller, attempt):
    """Five failures and no success; the first success ends it."""
    account = make_account(hub, caller, test=False)
    attempt(account, AttemptStatus.REJECTED, 4)
    few = states(caller)
    attempt(account, AttemptStatus.UNAVAILABLE, 1)
    silent, silent_states = needed(caller), states(caller)
    attempt(account, AttemptStatus.SENT, 1)

    assert (["working"], ["silent"]) == (few, silent_states)
    assert silent["account_silent"]["at"]
    assert (["working"], {}) == (states(caller), needed(caller))


def test_an_account_with_many_failures(hub, caller, attempt):
    """More than a tenth of at least twenty."""
    account = make_account(hub, caller, test=False)
    attempt(account, AttemptStatus.DELIVERED, 18)
    attempt(account, AttemptStatus.UNDELIVERED, 2)
    tenth = states(caller)
    attempt(account, AttemptStatus.UNDELIVERED, 1)

    (known,) = report(caller)["provider_accounts"]
    assert (["working"], "troubled", 3, pytest.approx(3 / 21)) == (
        tenth,
        known["state"],
        known["failed_attempts"],
        known["failed_share"],
    )
    assert "account_troubled" in needed(caller)


def test_failures_of_an_hour_ago_are_over(hub, caller, attempt):
    account = make_account(hub, caller, test=False)
    attempt(account, AttemptStatus.REJECTED, 6, timedelta(minutes=61))

    assert (["idle"], {}) == (states(caller), needed(caller))


def test_messages_that_no_account_can_send(hub, caller, conclude):
    """Counted for today, by channel; yesterday's are over."""
    made = conclude(Status.FAILED, count=3)
    run(hub, "UPDATE messages SET reason_code = 'no_provider_account' WHERE id = ANY(:ids)", ids=made)
    found = needed(caller)
    run(hub, "UPDATE messages SET reason_code = 'provider_failure' WHERE id = ANY(:ids)", ids=made)

    assert "3 messages failed today: no provider account can send them by SMS." == found["no_provider_account"]["text"]
    assert {} == needed(caller)


def test_live_messages_where_there_is_but_a_simulator(hub, caller, conclude):
    """It is said what went wrong: the key, not the account."""
    make_account(hub, caller, test=True)
    made = conclude(Status.FAILED)
    run(hub, "UPDATE messages SET reason_code = 'no_provider_account' WHERE id = ANY(:ids)", ids=made)

    assert (
        "the workspace has only a simulator account: make a test key" in needed(caller)["no_provider_account"]["text"]
    )


def test_many_undelivered_messages(hub, caller, conclude):
    """More than a tenth of at least twenty, told with last week's share."""
    conclude(Status.DELIVERED, count=17)
    conclude(Status.UNDELIVERED, count=2)
    few = needed(caller)
    conclude(Status.UNDELIVERED, count=1)
    many = needed(caller)
    conclude(Status.DELIVERED, count=10)

    assert ({}, {"undelivered"}, {}) == (few, set(many), needed(caller))
    assert many["undelivered"]["text"].startswith("15% of today's messages did not arrive")


def test_a_key_that_expires_soon(hub, caller):
    """Within 14 days, while it lives."""
    for days in (13, 15):
        make_key(hub, caller, name=f"In {days} days", expires_at=clock.now() + timedelta(days=days))
    found = [item for item in report(caller)["attention"] if item["code"] == "key_expires"]
    run(hub, "UPDATE api_keys SET revoked_at = now() WHERE name = 'In 13 days'")

    assert ["The API key In 13 days expires soon."] == [item["text"] for item in found]
    assert {} == needed(caller)


@pytest.mark.parametrize(
    ("spent", "word", "state"),
    [(79, None, "idle"), (80, "has spent 80%", "near"), (100, "has reached", "reached")],
    ids=str,
)
def test_ceilings(hub, caller, spent, word, state):
    """A warning from four fifths on, of accounts and of keys."""
    account = make_account(hub, caller, test=False)
    key = make_key(hub, caller, ceiling_micros=100, ceiling_currency="USD")
    run(hub, "UPDATE provider_accounts SET currency = 'USD', ceiling_micros = 100")
    statement = (
        "INSERT INTO spend (workspace_id, month, provider_account_id, spender_id, currency, slot, micros)"
        " VALUES (:workspace, CAST(date_trunc('month', now(), 'UTC') AS date), :account, :key, 'USD', 0, :micros)"
    )
    run(hub, statement, workspace=caller.workspace.id, account=account.id, key=key.id, micros=spent)

    found = needed(caller)

    assert ({"account_ceiling", "key_ceiling"} if word else set()) == found.keys()
    assert [state] == states(caller)
    assert all(word in item["text"] for item in found.values() if word)


def test_people_without_a_second_factor(hub, caller):
    """Those who have left, and who never signed in, are no danger."""
    anna = make_person(hub, caller.workspace)
    make_person(hub, caller.workspace, second_factor="ABC")
    make_person(hub, caller.workspace, password=None)
    found = needed(caller)
    run(hub, "UPDATE members SET left_at = now() WHERE user_id = :id", id=anna.user_id)

    assert "1 person signs in without a second factor." == found["no_second_factor"]["text"]
    assert {} == needed(caller)


def test_one_is_told_only_what_one_may_know(hub, caller):
    """Accounts, keys and people stay with those who may see them."""
    make_account(hub, caller, test=False)
    run(hub, "UPDATE provider_accounts SET held = true")
    make_key(hub, caller, expires_at=clock.now() + timedelta(days=1))
    make_person(hub, caller.workspace)
    blind = make_key(hub, caller, scopes=[Scope.MESSAGES_READ])

    answer = report(Caller(caller.workspace, blind.secret, caller.client))

    assert ([], []) == (answer["attention"], answer["provider_accounts"])
    assert {"account_held", "key_expires", "no_second_factor"} == needed(caller).keys()


def test_another_workspaces_troubles_are_not_told(hub, client, caller, attempt):
    attempt(make_account(hub, caller, test=False), AttemptStatus.REJECTED, 9)

    assert {} == needed(make_caller(hub, client, test=False))


def test_every_page_can_ask_how_much_needs_somebody(hub, client, caller):
    """A number, and words in the reader's language."""
    make_account(hub, caller, test=False, name="Main line")
    run(hub, "UPDATE provider_accounts SET held = true")
    sign_in(client, make_person(hub, caller.workspace, role=Role.AGENT))
    client.set_cookie("language", "ru")

    answer = client.get(f"/w/{caller.workspace.slug}/attention").json

    assert {"count": 1, "text": "Main line: отправка приостановлена."} == answer


def test_the_screen_says_what_needs_somebody_and_where_to_see_to_it(hub, client, caller):
    account = make_account(hub, caller, test=False, name="Main <line>")
    run(hub, "UPDATE provider_accounts SET held = true")
    sign_in(client, make_person(hub, caller.workspace, role=Role.AGENT))

    page = client.get(f"/w/{caller.workspace.slug}/").text

    assert "Main &lt;line&gt; is held: nothing is sent through it." in page
    assert f'provider-accounts/{ids.show("acc", account.id)}">Open the account</a>' in page


def make_key(hub, caller: Caller, **fields: Any) -> Any:
    """Give the workspace another live key; return it with its secret."""
    with hub.db.across_workspaces() as session:
        command = CreateKey(**{"name": "Another", "test": False, **fields})
        key, secret = keys.create_key(session, hub.vault, caller.workspace.id, command, actor="tests")
    return Made(key.id, secret)


class Made:
    """A key's id and secret."""

    def __init__(self, key_id: Any, secret: str) -> None:
        self.id = key_id
        self.secret = secret
