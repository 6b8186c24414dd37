"""The provider is down, slow, or forgets to report: messages wait for evidence, and nothing is sent twice."""

import time
from typing import Any

import pytest

from tests.support.live import LiveHub, phone, wait_until

GHOST, VANISH = 12, 11


@pytest.fixture
def broken(carrier):
    """Break the provider until the test ends, or mends it."""
    yield carrier.outage
    carrier.mend()


def sent(live: LiveHub, message: dict[str, Any]) -> dict[str, Any]:
    """Wait until a message is sent, and return it."""
    wait_until(lambda: "sent" == live.get(f"/messages/{message['id']}")["status"], 25)
    found: dict[str, Any] = live.get(f"/messages/{message['id']}")
    return found


def test_a_deadline_in_an_outage_ends_in_time_and_with_a_reason(live, carrier, broken):
    """Cut connections prove nothing, look-ups fail: `unconfirmed` at the deadline, and nothing is sent afterwards."""
    number = phone()
    broken("down")
    begun = time.monotonic()

    message = live.settle(live.send_sms(number, ttl_seconds=5), seconds=15)

    assert ("unconfirmed", "outcome_unknown") == (message["status"], message["reason"]["code"])
    assert 5 <= time.monotonic() - begun < 9
    carrier.mend()
    time.sleep(2)
    assert [] == carrier.received(number)


def test_errors_prove_nothing_until_a_look_up_does(live, carrier, broken):
    """503: the message is looked for, found absent, and sent once."""
    number = phone()
    broken("errors")
    message = live.send_sms(number)
    wait_until(lambda: bool(live.get(f"/messages/{message['id']}")["attempts"]), 10)
    carrier.mend()

    message = live.settle(message, seconds=20)

    assert "delivered" == message["status"]
    assert ["absent", "delivered"] == [attempt["status"] for attempt in message["attempts"]]
    assert 1 == len(carrier.received(number))


def test_an_answer_that_comes_too_late_is_not_needed(live, carrier, broken):
    """Slow: the receipts tell before the answer does, and nothing is sent again."""
    number = phone()
    broken("slow")
    message = live.send_sms(number)

    assert "delivered" == live.settle(message, seconds=10)["status"]
    carrier.mend()
    wait_until(lambda: bool(live.get(f"/messages/{message['id']}")["attempts"][0]["finished_at"]), 15)
    assert 1 == len(live.get(f"/messages/{message['id']}")["attempts"])
    assert 1 == len(carrier.received(number))


def test_lost_receipts_are_asked_for(live, carrier, broken):
    """The provider drops its receipts for good: the hub asks before the deadline decides."""
    number = phone()
    broken("no-receipts")
    message = live.send_sms(number, ttl_seconds=5)
    sent(live, message)
    carrier.mend()

    assert "delivered" == live.settle(message, seconds=15)["status"]
    assert 1 == len(carrier.received(number))


def test_receipts_that_never_come_and_cannot_be_asked_for_are_not_made_up(live, carrier, broken):
    """Still mute at the deadline: `unconfirmed`, for want of a receipt."""
    number = phone()
    broken("no-receipts")

    message = live.settle(live.send_sms(number, ttl_seconds=4), seconds=15)

    assert ("unconfirmed", "no_receipt") == (message["status"], message["reason"]["code"])
    assert 1 == len(carrier.received(number))


def test_some_slow_answers_among_twins_are_told_apart(live, carrier, broken):
    """Ten times the same words to the same number, half the answers lost: ten are taken, ten delivered, no id twice."""
    number = phone()
    broken("slow", rate=0.5)
    twins = [live.send_sms(number, "The same words") for _ in range(10)]

    ended = [live.settle(twin, seconds=30) for twin in twins]

    assert ["delivered"] * 10 == [message["status"] for message in ended]
    told = {attempt["provider_message_id"] for message in ended for attempt in message["attempts"]}
    assert {taken["id"] for taken in carrier.received(number)} == told - {None}
    assert 10 == len(carrier.received(number))


def test_twins_whose_answers_are_lost_each_find_their_own_or_stay_in_doubt(live, carrier):
    """What a look-up gave to one is no evidence for the other; two candidates prove nothing; none is sent again."""
    alone, together = phone(GHOST), phone(GHOST)
    doubtful = [live.send_sms(together, "The same words", ttl_seconds=20) for _ in range(2)]
    found = []
    for _ in range(2):
        message = live.send_sms(alone, "The same words", ttl_seconds=30)
        found.append(sent(live, message)["attempts"][0]["provider_message_id"])

    ended = [live.settle(twin) for twin in doubtful]

    assert [taken["id"] for taken in carrier.received(alone)] == found
    assert [("unconfirmed", "outcome_unknown")] * 2 == [(m["status"], m["reason"]["code"]) for m in ended]
    assert 2 == len(carrier.received(together))


def test_twins_that_vanished_are_both_sent_once(live, carrier):
    """Neither is found, each is called a second time, and both arrive."""
    number = phone(VANISH)
    twins = [live.send_sms(number, "The same words") for _ in range(2)]

    ended = [live.settle(twin) for twin in twins]

    assert ["delivered"] * 2 == [message["status"] for message in ended]
    assert 2 == len(carrier.received(number))
