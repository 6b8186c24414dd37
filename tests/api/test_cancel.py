"""Taking a message back: as long as no provider has it, or may have it."""

from datetime import timedelta

import pytest

from hub.core import clock, ids
from tests.api.making import MESSAGES, make_attempt, problem_of, run, send, stored
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus, Status

CERTAINLY_NOT_TAKEN = sorted(set(AttemptStatus) - TAKEN - IN_DOUBT)


def test_a_message_that_waits_can_be_cancelled(hub, caller):
    """It is final, has its reason, and no work is left."""
    message = send(caller)

    response = caller.post(f"{MESSAGES}/{message['id']}/cancel")

    answer = response.json
    assert (200, "cancelled", True) == (response.status_code, answer["status"], answer["final"])
    assert ("cancelled", None) == (answer["reason"]["code"], answer["reason"]["provider_code"])
    assert ["accepted", "cancelled"] == [line["kind"] for line in answer["timeline"]]
    assert answer == caller.get(f"{MESSAGES}/{message['id']}").json
    assert 0 == stored(hub, caller.workspace.id)["outbox"]


def test_a_scheduled_message_can_be_cancelled(hub, caller):
    message = send(caller, send_at=(clock.now() + timedelta(days=1)).isoformat())

    answer = caller.post(f"{MESSAGES}/{message['id']}/cancel").json

    assert ("cancelled", message["send_at"]) == (answer["status"], answer["send_at"])
    assert 0 == stored(hub, caller.workspace.id)["outbox"]


def test_cancelling_twice_changes_nothing(caller):
    """The second answer is the first, and the feed tells it once."""
    path = f"{MESSAGES}/{send(caller)['id']}/cancel"

    first, second = caller.post(path), caller.post(path)

    assert (200, 200, first.json) == (first.status_code, second.status_code, second.json)
    assert ["message.cancelled"] == [item["type"] for item in caller.get("/api/v1/events").json["data"]]


@pytest.mark.parametrize("status", sorted(IN_DOUBT), ids=lambda status: status.word)
def test_a_message_that_is_being_called_cannot_be_cancelled(hub, caller, status):
    """A provider may have it; cancelled would be a promise that nobody can keep."""
    message = send(caller)
    make_attempt(hub, caller, message, status)
    before = stored(hub, caller.workspace.id)

    response = caller.post(f"{MESSAGES}/{message['id']}/cancel")

    problem_of(response, 409, "not_cancellable")
    assert (before, "accepted") == (
        stored(hub, caller.workspace.id),
        caller.get(f"{MESSAGES}/{message['id']}").json["status"],
    )


@pytest.mark.parametrize("status", CERTAINLY_NOT_TAKEN, ids=lambda status: status.word)
def test_a_message_that_no_provider_took_can_be_cancelled_between_attempts(hub, caller, status):
    """Certainly not taken is certainly not sent."""
    message = send(caller)
    make_attempt(hub, caller, message, status)

    assert "cancelled" == caller.post(f"{MESSAGES}/{message['id']}/cancel").json["status"]


@pytest.mark.parametrize(
    "status", sorted(status for status in Status if status >= Status.SENT and status is not Status.CANCELLED)
)
def test_what_was_sent_or_has_ended_cannot_be_cancelled(hub, caller, status):
    message = send(caller)
    key = ids.read("msg", message["id"])
    run(hub, "UPDATE messages SET status = :status, final = :final WHERE id = :id", status=status, final=True, id=key)

    response = caller.post(f"{MESSAGES}/{message['id']}/cancel")

    problem_of(response, 409, "not_cancellable")
    assert status.word == caller.get(f"{MESSAGES}/{message['id']}").json["status"]


def test_an_unknown_message_cannot_be_cancelled(caller):
    response = caller.post(f"{MESSAGES}/{ids.show('msg', ids.new())}/cancel", Idempotency_Key="k")

    problem_of(response, 404, "not_found")


def test_a_refused_cancel_leaves_its_key_free(hub, caller):
    """Only 2xx is stored: the same key may succeed once the call is over."""
    message = send(caller)
    make_attempt(hub, caller, message, AttemptStatus.CALLING)
    path = f"{MESSAGES}/{message['id']}/cancel"
    problem_of(caller.post(path, Idempotency_Key="k"), 409)
    run(
        hub, "UPDATE attempts SET status = :status WHERE message_id = :id", status=33, id=ids.read("msg", message["id"])
    )

    assert 200 == caller.post(path, Idempotency_Key="k").status_code
