"""Call-backs of a provider, as they really come: again, out of order, too early, forged, to the wrong door."""

from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from channels.simulator.twilio.receipts import sign
from tests.support.live import LiveHub, phone, wait_until

HOOK = "status"
MEGABYTE = 1_000_000


class Door:
    """Where the provider calls back, and the secret that it signs with."""

    def __init__(self, live: LiveHub) -> None:
        account = live.credentials["providers"]["twilio"]
        self.url = account["hooks"][HOOK]
        self._token = account["auth_token"].encode()

    def tell(self, message: dict[str, Any], word: str, token: bytes | None = None, **fields: str) -> int:
        """Post one receipt about a message's first attempt and return the answer's status."""
        (attempt,) = message["attempts"]
        url = f"{self.url}?attempt={attempt['id']}"
        form = {"MessageSid": attempt["provider_message_id"], "MessageStatus": word, **fields}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(token or self._token, url, form),
        }
        return requests.post(url, urlencode(form), headers=headers, timeout=10).status_code


@pytest.fixture(scope="module")
def door(live):
    return Door(live)


@pytest.fixture
def taken(live):
    """Send a message that the provider takes and will say nothing about by itself."""
    message = live.send_sms(phone(4))
    wait_until(lambda: live.get(f"/messages/{message['id']}")["status"] == "sent", 10)
    return live.get(f"/messages/{message['id']}")


def test_repeated_and_late_receipts_change_nothing(live, door, taken):
    """What comes again, or late, leaves a delivered message as it is, and says nothing to the feed."""
    assert 204 == door.tell(taken, "delivered")
    delivered = live.settle(taken)

    late = [door.tell(taken, word) for word in ("delivered", "sent", "queued", "delivered")]
    late.append(door.tell(taken, "undelivered", ErrorCode="30003"))
    last = live.send_sms(phone())
    live.settle(last)

    again = live.get(f"/messages/{taken['id']}")
    assert [204] * 5 == late
    assert ("delivered", None) == (again["status"], again["reason"])
    assert delivered["attempts"][0]["provider_message_id"] == again["attempts"][0]["provider_message_id"]
    assert ["message.sent", "message.delivered"] == [news["type"] for news in news_of(live, taken)]


def test_receipts_in_any_order_end_the_same(live, door, taken):
    """The last word first: the message ends as the best evidence says."""
    for word in ("delivered", "sent", "queued"):
        door.tell(taken, word)

    assert "delivered" == live.settle(taken)["status"]


def test_a_bounce_after_delivery_suppresses_the_address_and_leaves_the_status(live, door, taken):
    """The status never goes backward, and the dead address is not written to again."""
    door.tell(taken, "delivered")
    live.settle(taken)
    door.tell(taken, "undelivered", ErrorCode="30005")
    number = live.carrier.received()[-1]["to"]

    wait_until(lambda: "suppressed" == live.settle(live.send_sms(number, ttl_seconds=5))["status"], 20)

    assert "delivered" == live.get(f"/messages/{taken['id']}")["status"]


def test_a_receipt_may_come_before_the_answer(live, carrier):
    """The provider reports delivery before it answers the call: one attempt, delivered, its id known."""
    early = phone(10)

    message = live.settle(live.send_sms(early))

    (taken,) = carrier.received(early)
    (attempt,) = message["attempts"]
    assert ("delivered", taken["id"]) == (message["status"], attempt["provider_message_id"])


def test_a_forged_callback_is_refused_and_changes_nothing(live, door, taken):
    """403 for a wrong signature, and for the right one over other words; the true one still counts."""
    forged = door.tell(taken, "delivered", token=b"somebody else's")
    unsigned = requests.post(door.url, {"MessageStatus": "delivered"}, timeout=10).status_code
    live.settle(live.send_sms(phone()))

    assert (403, 403) == (forged, unsigned)
    assert "sent" == live.get(f"/messages/{taken['id']}")["status"]

    assert 204 == door.tell(taken, "delivered")
    assert "delivered" == live.settle(taken)["status"]


def test_an_unknown_door_is_not_found(door):
    """404 for accounts and kinds that do not exist."""
    account, _, _ = door.url.rpartition("/")
    hooks, _, known = account.rpartition("/")
    other = known[:-1] + ("0" if known[-1] != "0" else "1")
    urls = [f"{hooks}/{other}/{HOOK}", f"{hooks}/nobody/{HOOK}", f"{account}/dlr", f"{account}/nothing"]

    assert [404] * 4 == [requests.post(url, {}, timeout=10).status_code for url in urls]


def test_a_callback_over_a_megabyte_is_refused(door):
    """413, unread; up to a megabyte it is the signature that counts."""
    sizes = (MEGABYTE, MEGABYTE + 1)

    assert [403, 413] == [requests.post(door.url, b"x" * size, timeout=10).status_code for size in sizes]


def news_of(live: LiveHub, message: dict[str, Any]) -> list[dict[str, Any]]:
    """Read what the feed tells of one message."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while page := live.get("/events", limit=100, **after)["data"]:
        found += [news for news in page if news["data"]["message_id"] == message["id"]]
        after = {"after": live.get("/events", limit=100, **after)["next"]}
    return found
