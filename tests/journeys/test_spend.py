"""Edit, hold and ceilings, judged by what the provider receives next."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from hub.core.settings import embedded_database_url
from tests.support.live import LiveHub, phone, wait_until

PRICE = {"amount": "0.01", "currency": "USD"}
CACHED_SECONDS = 2.5
"""Accounts and keys are used as they were for at most two seconds."""


@pytest.fixture
def account(live: LiveHub) -> Iterator[dict[str, Any]]:
    """Return the account that everything is sent through; afterwards it is as before."""
    (found,) = live.get("/provider-accounts")["data"]
    yield found
    before = {name: found[name] for name in ("sender", "held", "segment_price", "monthly_ceiling")}
    change(live, found, **before)


def change(live: LiveHub, account: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Change the account and wait until no process uses it as it was."""
    response = live.session.patch(f"{live.url}/provider-accounts/{account['id']}", json=changes, timeout=30)
    assert 200 == response.status_code, response.text
    time.sleep(CACHED_SECONDS)
    changed: dict[str, Any] = response.json()
    return changed


def spent(live: LiveHub, account: dict[str, Any]) -> Decimal:
    return Decimal(live.get(f"/provider-accounts/{account['id']}")["spend"]["amount"])


def wait_until_spent(live: LiveHub, account: dict[str, Any], amount: Decimal) -> None:
    wait_until(lambda: amount <= spent(live, account), 10, lambda: f"{spent(live, account)} and not {amount}")


def test_the_next_message_comes_from_the_changed_sender(live, carrier, account):
    """The provider has a code of its own for this sender, and takes messages from the old one only."""
    change(live, account, sender="+15005550001")
    refused, to = live.settle(live.send_sms(phone())), phone()
    change(live, account, sender=account["sender"])

    delivered = live.settle(live.send_sms(to))

    assert ("failed", "21212") == (refused["status"], refused["reason"]["provider_code"])
    assert ("delivered", 1) == (delivered["status"], len(carrier.received(to)))


def test_a_held_account_sends_nothing_until_it_is_resumed(live, carrier, account):
    change(live, account, held=True)
    to = phone()
    message = live.send_sms(to)
    time.sleep(3)
    while_held = carrier.received(to)

    change(live, account, held=False)

    assert "delivered" == live.settle(message)["status"]
    assert ([], 1) == (while_held, len(carrier.received(to)))


def test_a_test_message_arrives_through_its_account(live, carrier, account):
    to = phone()
    response = live.post(f"/provider-accounts/{account['id']}/test", {"to": {"phone": to}})

    assert "delivered" == live.settle(response.json())["status"]
    assert 1 == len(carrier.received(to))


def test_an_account_at_its_ceiling_sends_nothing_more(live, carrier, account):
    """Some messages more are allowed; the next is suppressed, and the provider never hears of it."""
    change(live, account, segment_price=PRICE)
    ceiling = (spent(live, account) + Decimal("0.05")).quantize(Decimal("0.01"))
    change(live, account, monthly_ceiling={"amount": str(ceiling), "currency": "USD"})
    allowed = []
    while live.get(f"/provider-accounts/{account['id']}")["spend"]["state"] != "reached":
        allowed.append(live.settle(live.send_sms(phone()))["status"])
        time.sleep(0.5)

    to = phone()
    refused = live.settle(live.send_sms(to))

    assert ("suppressed", "spend_ceiling") == (refused["status"], refused["reason"]["code"])
    assert "delivered" in allowed
    assert [] == carrier.received(to)
    assert "reached" == live.get(f"/provider-accounts/{account['id']}")["spend"]["state"]


def test_a_key_at_its_ceiling_is_refused(live, carrier, account):
    """What it costs now is counted for the key too; a ceiling below that refuses what comes next."""
    change(live, account, segment_price=PRICE)
    before = spent(live, account)
    live.settle(live.send_sms(phone()))
    wait_until_spent(live, account, before + Decimal("0.01"))
    with psycopg.connect(embedded_database_url(live.running.data_dir), autocommit=True) as connection:
        connection.execute("UPDATE api_keys SET ceiling_micros = 1, ceiling_currency = 'USD'")
        time.sleep(CACHED_SECONDS)
        to = phone()

        refused = live.post("/messages", {"to": {"phone": to}, "body": "x", "purpose": "transactional"})
        connection.execute("UPDATE api_keys SET ceiling_micros = NULL, ceiling_currency = NULL")
        time.sleep(CACHED_SECONDS)

    assert (403, "spend_ceiling") == (refused.status_code, refused.json()["code"])
    assert [] == carrier.received(to)
