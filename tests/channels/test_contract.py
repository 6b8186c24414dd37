"""What the hub relies on, asked of every adapter against the simulator over real HTTP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.errors import BadSignature, LookUpFailed, OutcomeUnknown, Rejected, Throttled, Unavailable
from channels.types import Accepted, EventKind, Fault
from tests.channels.conftest import MESSAGE_ID
from tests.channels.servers import free_port, wait_until


def just_now():
    return datetime.now(UTC) - timedelta(seconds=60)


def test_an_accepted_message_is_taken_once(provider):
    """An acceptance names the provider's id, and the provider holds exactly that one message."""
    to = provider.address("1234")

    outcome = provider.send(to, body="Привет 👋")

    (taken,) = provider.simulator.taken(to)
    assert isinstance(outcome, Accepted)
    assert (taken["id"], taken["body"]) == (outcome.provider_message_id, "Привет 👋")


def test_receipts_carry_our_attempt_and_the_providers_message(provider):
    """Signed receipts say sent, then delivered, each with our attempt id and the provider's own."""
    outcome = provider.send(provider.address("1234"))

    sent, delivered = provider.received(2)

    assert (EventKind.SENT, EventKind.DELIVERED) == (sent.kind, delivered.kind)
    assert f"att_{MESSAGE_ID}_1" == delivered.attempt_id
    assert outcome.provider_message_id == delivered.provider_message_id


@pytest.mark.parametrize(
    ("ending", "fault"), [("0002", Fault.ADDRESS_INVALID), ("0003", Fault.UNREACHABLE)], ids=["bounce", "deferred"]
)
def test_an_undelivered_message_says_whose_fault_it_was(provider, ending, fault):
    """A dead number is told from one that is switched off."""
    provider.send(provider.address(ending))

    _, lost = provider.received(2)

    assert (EventKind.UNDELIVERED, fault) == (lost.kind, lost.fault)


@pytest.mark.parametrize(
    ("ending", "fault"), [("0005", Fault.ADDRESS_INVALID), ("0006", Fault.OPTED_OUT)], ids=["invalid", "optout"]
)
def test_a_refusal_is_final_and_nothing_is_taken(provider, ending, fault):
    """A refused address is `Rejected`, with a fault that says why."""
    to = provider.address(ending)

    outcome = provider.send(to)

    assert (Rejected, fault) == (type(outcome), outcome.fault)
    assert [] == provider.simulator.taken(to)


def test_too_fast_is_told_apart_and_may_be_sent_again(provider):
    """A throttled message was not taken, says how long to wait, and goes the next time."""
    to = provider.address("0009")

    first, second = provider.send(to), provider.send(to)

    assert (Throttled, 1.0) == (type(first), first.retry_after_seconds)
    assert [second.provider_message_id] == [taken["id"] for taken in provider.simulator.taken(to)]


@pytest.mark.parametrize("ending", ["0008", "0012"], ids=["timeout", "ghost"])
def test_a_lost_answer_is_an_unknown_outcome_and_a_look_up_finds_it(provider, ending):
    """A message that was taken without an answer is `OutcomeUnknown`, and the look-up is the evidence."""
    to = provider.address(ending)

    outcome = provider.send(to)

    (found,) = provider.adapter.find(to, just_now())
    assert OutcomeUnknown is type(outcome)
    assert provider.simulator.taken(to)[0]["id"] == found.event.provider_message_id
    assert (provider.sender, "Your code is 4312") == (found.sender, found.body)


def test_a_message_without_answer_is_not_waited_for_longer_than_the_time_out(provider):
    """The time-out of the connection bounds the whole call."""
    started = datetime.now(UTC)

    provider.send(provider.address("0012"))

    assert datetime.now(UTC) - started < timedelta(seconds=2)  # of a time-out of 1, and 5 in the simulator


def test_a_cut_connection_is_an_unknown_outcome_and_a_look_up_proves_absence(provider):
    """The connection breaks after the request: nothing is known until the look-up finds nothing."""
    to = provider.address("0011")

    first, found, second = provider.send(to), provider.adapter.find(to, just_now()), provider.send(to)

    assert (OutcomeUnknown, []) == (type(first), list(found))
    assert [second.provider_message_id] == [taken["id"] for taken in provider.simulator.taken(to)]


def test_a_refused_connection_is_certainly_not_sent(provider):
    """Nobody listens: the message was not taken and the next provider may have it."""
    nobody = replace(provider.connection, base_url=f"http://127.0.0.1:{free_port()}")

    outcome = replace(provider, adapter=type(provider.adapter)(nobody)).send(provider.address("1234"))

    assert (Unavailable, Fault.PROVIDER_FAILURE) == (type(outcome), outcome.fault)


def test_wrong_credentials_take_the_whole_account_out(provider):
    """A refused sign-in is `Unavailable` with the fault of the account, not of the address."""
    wrong = dict.fromkeys(provider.adapter.credential_fields, "x")
    connection = replace(provider.connection, credentials={**provider.connection.credentials, **wrong})

    outcome = replace(provider, adapter=type(provider.adapter)(connection)).send(provider.address("1234"))

    assert (Unavailable, Fault.ACCOUNT_REFUSED) == (type(outcome), outcome.fault)


def test_receipts_out_of_order_all_belong_to_the_message(provider):
    """Repeated and reordered receipts are each readable on their own."""
    outcome = provider.send(provider.address("0007"))

    events = provider.received(6)

    assert EventKind.DELIVERED is events[0].kind
    assert {EventKind.SENT, EventKind.DELIVERED} == {event.kind for event in events}
    assert {outcome.provider_message_id} == {event.provider_message_id for event in events}


def test_a_receipt_may_come_before_the_answer(provider):
    """When the answer arrives, the receipt `delivered` is already here."""
    outcome = provider.send(provider.address("0010"))

    kinds = [event.kind for event in provider.received(len(provider.listener.requests))]

    assert EventKind.DELIVERED in kinds
    assert isinstance(outcome, Accepted)


def test_a_look_up_says_what_became_of_a_message(provider):
    """Asking for one message by its id gives its final word and its cost."""
    outcome = provider.send(provider.address("0003"))
    provider.received(2)

    event = provider.adapter.fetch(outcome.provider_message_id)

    assert (EventKind.UNDELIVERED, Fault.UNREACHABLE) == (event.kind, event.fault)
    assert 7_900 == event.cost.micros


def test_a_silent_message_stays_sent(provider):
    """No receipt comes, and a look-up still says no more than sent."""
    outcome = provider.send(provider.address("0004"))

    wait_until(lambda: provider.adapter.fetch(outcome.provider_message_id).kind is EventKind.SENT)

    assert [] == provider.listener.requests


def test_a_look_up_lists_the_newest_first_and_nothing_older(provider):
    """A look-up leaves out what is older than asked for."""
    to = provider.address("1234")
    provider.send(to, body="one")
    provider.send(to, body="two")

    found = provider.adapter.find(to, just_now())

    assert ["two", "one"] == [message.body for message in found]
    assert [] == list(provider.adapter.find(to, datetime.now(UTC) + timedelta(seconds=60)))


@pytest.mark.parametrize("mode", ["down", "errors", "no-receipts"])
def test_a_look_up_that_fails_proves_nothing(provider, mode):
    """During an outage a look-up raises; it never comes back empty."""
    provider.simulator.control("POST", "outage", provider=provider.adapter.name, mode=mode)

    with pytest.raises(LookUpFailed):
        provider.adapter.find(provider.address("1234"), just_now())
    with pytest.raises(LookUpFailed):
        provider.adapter.fetch("SM" + "0" * 32)


@pytest.mark.parametrize("mode", ["down", "errors"])
def test_an_outage_leaves_the_outcome_unknown(provider, mode):
    """A cut connection and a 5xx are never read as a refusal."""
    to = provider.address("1234")
    provider.simulator.control("POST", "outage", provider=provider.adapter.name, mode=mode)

    outcome = provider.send(to)

    assert (OutcomeUnknown, Fault.PROVIDER_FAILURE) == (type(outcome), outcome.fault)
    assert [] == provider.simulator.taken(to)


def test_a_changed_callback_is_refused(provider):
    """One byte more in the body, and the signature no longer holds."""
    provider.send(provider.address("1234"))
    callback, _ = provider.listener.wait_for(2)

    with pytest.raises(BadSignature):
        provider.adapter.verify(replace(callback, body=callback.body + b"&x=1"))
