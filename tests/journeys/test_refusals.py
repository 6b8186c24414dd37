"""Messages that must not be sent, or not yet, and the feed that tells of those that were."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support.live import LiveHub, phone, wait_until


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@pytest.fixture
def held(live):
    """Hold the demo workspace's provider account; the test may release it."""
    (account,) = live.get("/provider-accounts")["data"]
    url = f"{live.url}/provider-accounts/{account['id']}"
    live.session.patch(url, json={"held": True}, timeout=10).raise_for_status()
    time.sleep(1.5)  # a worker may use the account as it was for a second
    yield lambda: live.session.patch(url, json={"held": False}, timeout=10).raise_for_status()
    live.session.patch(url, json={"held": False}, timeout=10).raise_for_status()


def test_a_dead_number_is_not_texted_again(live, carrier):
    """A permanent failure puts the address on the suppression list."""
    dead = phone(2)
    live.settle(live.send_sms(dead, "first"))

    second = live.settle(live.send_sms(dead, "second"))

    assert ("suppressed", "suppressed") == (second["status"], second["reason"]["code"])
    assert [] == second["attempts"]
    assert ["first"] == [taken["body"] for taken in carrier.received(dead)]


def test_a_number_that_was_out_of_reach_is_texted_again(live, carrier):
    """A failure that may pass keeps the address."""
    away = phone(3)
    live.settle(live.send_sms(away, "first"))

    assert "undelivered" == live.settle(live.send_sms(away, "second"))["status"]
    assert 2 == len(carrier.received(away))


def test_marketing_needs_consent(live, carrier):
    """Without a record of consent marketing is refused, with a reason, and nothing is sent."""
    number = phone()

    message = live.settle(live.send_sms(number, purpose="marketing"))

    assert ("suppressed", "no_consent") == (message["status"], message["reason"]["code"])
    assert [] == carrier.received(number)


def test_a_scheduled_message_is_sent_at_its_time(live, carrier):
    """Not before `send_at`, and not long after."""
    number, at = phone(), time.time() + 2
    message = live.send_sms(number, send_at=datetime.fromtimestamp(at, UTC).isoformat())

    assert "scheduled" == message["status"]
    assert "delivered" == live.settle(message)["status"]
    (taken,) = carrier.received(number)
    assert 0 <= datetime.fromisoformat(taken["at"]).timestamp() - at < 3


def test_a_cancelled_message_is_never_sent(live, carrier):
    """Cancelling a scheduled message ends it; cancelling again changes nothing."""
    number = phone()
    message = live.send_sms(number, send_at=moment(2))

    answers = [live.post(f"/messages/{message['id']}/cancel", None) for _ in range(2)]
    time.sleep(3.5)

    assert [(200, "cancelled")] * 2 == [(a.status_code, a.json()["status"]) for a in answers]
    assert "cancelled" == live.settle(message)["reason"]["code"]
    assert [] == carrier.received(number)


def test_a_sent_message_cannot_be_cancelled(live):
    """409 once a provider has it, and the status stays."""
    message = live.settle(live.send_sms(phone()))

    refused = live.post(f"/messages/{message['id']}/cancel", None)

    assert (409, "not_cancellable") == (refused.status_code, refused.json()["code"])
    assert "delivered" == live.get(f"/messages/{message['id']}")["status"]


def test_a_held_account_keeps_its_messages_waiting(live, carrier, held):
    """Nothing goes out through a held account; once released, everything does, once."""
    number = phone()
    message = live.send_sms(number)
    time.sleep(2)
    assert ("accepted", []) == (live.get(f"/messages/{message['id']}")["status"], carrier.received(number))

    held()

    assert "delivered" == live.settle(message)["status"]
    assert 1 == len(carrier.received(number))


def test_a_message_held_beyond_its_deadline_expires(live, carrier, held):
    """The deadline holds while the account is held."""
    number = phone()

    message = live.settle(live.send_sms(number, ttl_seconds=3), seconds=10)

    assert ("expired", "deadline_passed") == (message["status"], message["reason"]["code"])
    assert [] == carrier.received(number)


def test_the_feed_tells_sent_then_delivered(live):
    """Each with the caller's own reference and metadata."""
    start = end_of_feed(live)
    extra = {"reference": "order 17", "metadata": {"clerk": "Ада", "lines": [1, 2]}}
    message = live.settle(live.send_sms(phone(), **extra))

    news = [n for n in live.get("/events", after=start)["data"] if n["data"]["message_id"] == message["id"]]

    assert [("message.sent", "sent", False), ("message.delivered", "delivered", True)] == [
        (n["type"], n["data"]["status"], n["data"]["final"]) for n in news
    ]
    assert [extra] * 2 == [{name: n["data"][name] for name in extra} for n in news]


def test_a_live_key_never_speaks_through_a_test_account(live, carrier):
    """In a workspace without a live account its message ends at once, with the reason."""
    number = phone()
    words = ("keys", "create", "--workspace", "Demo", "--name", "live")
    command = [sys.executable, "-m", "hub.cli", *words]
    made = subprocess.run(command, env=live.running.environment, check=True, capture_output=True, text=True)
    headers = {"Authorization": f"Bearer {made.stdout.strip().splitlines()[-1]}"}
    body = {"to": {"phone": number}, "body": "For real", "purpose": "transactional"}
    accepted = requests.post(f"{live.url}/messages", json=body, headers=headers, timeout=10)
    place = f"{live.url}/messages/{accepted.json()['id']}"
    message: dict[str, Any] = {}

    def is_final() -> bool:
        message.update(requests.get(place, headers=headers, timeout=10).json())
        return bool(message["final"])

    wait_until(is_final, 10)

    assert ("failed", "no_provider_account") == (message["status"], message["reason"]["code"])
    assert 404 == live.session.get(place, timeout=10).status_code, "a test key saw a live message"
    assert [] == carrier.received(number)


def end_of_feed(live: LiveHub) -> str:
    after: dict[str, str] = {}
    while True:
        page = live.get("/events", limit=100, **after)
        after = {"after": page["next"]}
        if not page["data"]:
            return str(page["next"])
