"""Batches: one transaction, one answer per item, in order."""

from collections.abc import Sequence

import pytest

from tests.api.making import MESSAGES, faults_of, json_of, make_message, problem_of, run, stored
from tests.conftest import Caller

BATCH = f"{MESSAGES}/batch"
BAD = {"to": {"phone": "+71234567890"}, "body": "x", "purpose": "transactional"}


def kinds(caller: Caller, items: Sequence[object]) -> list[str]:
    response = caller.post(BATCH, {"messages": items})
    assert 202 == response.status_code, response.text
    return [kind for item in json_of(response)["data"] for kind in item]


def test_good_and_bad_items_keep_their_order(hub, caller):
    """One bad item does not hold back the others, and only the good ones are stored."""
    items = [make_message(), BAD, make_message(colour="red"), [], make_message()]

    assert ["message", "problem", "problem", "problem", "message"] == kinds(caller, items)
    assert 2 == stored(hub, caller.workspace.id)["messages"]


def test_items_answer_as_single_messages_do(caller):
    """The message in the answer reads back the same; the problem has the pointers of the item."""
    response = caller.post(BATCH, {"messages": [make_message(reference="a", metadata={"n": 1}), BAD]})

    good, bad = response.json["data"]
    assert good["message"] == caller.get(f"{MESSAGES}/{good['message']['id']}").json
    assert (422, ["/to/phone"]) == (bad["problem"]["status"], [fault.pointer for fault in faults_of(bad["problem"])])


def test_a_forbidden_item_does_not_hold_back_the_others(caller_with):
    caller = caller_with(purposes=("transactional",))

    response = caller.post(BATCH, {"messages": [make_message(purpose="marketing"), make_message()]})

    forbidden, accepted = response.json["data"]
    assert (403, "accepted") == (forbidden["problem"]["status"], accepted["message"]["status"])


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_a_batch_of_any_size_is_stored_whole_and_in_order(hub, caller, count):
    """References come back in the order of the request, and each has its row and its work."""
    names = [f"order-{number}" for number in range(count)]

    response = caller.post(BATCH, {"messages": [make_message(reference=name) for name in names]})

    kept = stored(hub, caller.workspace.id)
    assert names == [item["message"]["reference"] for item in response.json["data"]]
    assert (count, count) == (kept["messages"], kept["outbox"])


def test_the_newest_of_a_batch_is_its_last(caller):
    """The list shows a batch as if its items had been sent one after the other."""
    response = caller.post(BATCH, {"messages": [make_message() for _ in range(20)]})

    sent = [item["message"]["id"] for item in response.json["data"]]
    assert sent[::-1] == [item["id"] for item in caller.get(MESSAGES).json["data"]]


def test_a_batch_never_takes_the_lane_of_codes(hub, caller):
    """A batch of codes is a batch."""
    kinds(caller, [make_message(), make_message(purpose="marketing")])

    lanes = run(hub, "SELECT DISTINCT lane FROM outbox WHERE workspace_id = :id", id=caller.workspace.id)
    assert [("normal",)] == lanes


def test_a_batch_with_its_key_is_answered_once(hub, caller):
    """The replay has the same messages and the same problems."""
    body = {"messages": [make_message(), BAD]}

    first, second = (caller.post(BATCH, body, Idempotency_Key="batch-1") for _ in range(2))

    assert (None, "true") == tuple(answer.headers.get("Idempotency-Replayed") for answer in (first, second))
    assert first.json == second.json
    assert 1 == stored(hub, caller.workspace.id)["messages"]


def test_another_batch_under_the_same_key_is_refused(hub, caller):
    caller.post(BATCH, {"messages": [make_message()]}, Idempotency_Key="batch-1")

    response = caller.post(BATCH, {"messages": [make_message()]}, Idempotency_Key="batch-1")

    problem_of(response, 422, "idempotency_key_reused")
    assert 1 == stored(hub, caller.workspace.id)["messages"]


def test_a_batch_of_bad_items_only_is_an_answer_too(hub, caller):
    """It may be replayed like any other."""
    answers = [caller.post(BATCH, {"messages": [BAD]}, Idempotency_Key="bad") for _ in range(2)]

    assert [202, 202] == [answer.status_code for answer in answers]
    assert "true" == answers[1].headers["Idempotency-Replayed"]
    assert 0 == stored(hub, caller.workspace.id)["messages"]
