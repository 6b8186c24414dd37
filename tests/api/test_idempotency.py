"""One effect per key, however often and however concurrently a client asks."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from hub.core import clock
from hub.core.runtime import Runtime
from tests.api.making import (
    ACCOUNTS,
    CREDENTIALS,
    MESSAGES,
    json_of,
    make_message,
    phone,
    problem_of,
    run,
    send,
    stored,
)
from tests.conftest import Caller

BATCH = f"{MESSAGES}/batch"
REPLAYED = "Idempotency-Replayed"


def age_keys(hub: Runtime, caller: Caller, hours: float) -> None:
    """Make the workspace's idempotency keys older."""
    run(
        hub,
        "UPDATE idempotency_keys SET created_at = created_at - make_interval(secs => :age) WHERE workspace_id = :id",
        age=hours * 3600,
        id=caller.workspace.id,
    )


def at_once(app: Flask, caller: Caller, count: int, ask: Callable[[Caller], TestResponse]) -> list[TestResponse]:
    """Ask from many threads, each with a client of its own."""

    def one(_number: int) -> TestResponse:
        return ask(Caller(caller.workspace, caller.secret, app.test_client()))

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_the_same_request_with_the_same_key_is_answered_again(hub, caller):
    """Same status, same body, same place; the header says that it is a replay."""
    body = make_message(reference="r", metadata={"n": 1})

    first, second = (caller.post(MESSAGES, body, Idempotency_Key="order-17") for _ in range(2))

    assert (202, 202, first.json) == (first.status_code, second.status_code, second.json)
    assert first.headers["Location"] == second.headers["Location"]
    assert (None, "true") == (first.headers.get(REPLAYED), second.headers.get(REPLAYED))
    assert 1 == stored(hub, caller.workspace.id)["messages"]


def test_a_replay_is_the_first_answer_even_when_the_message_went_on(caller):
    """The stored answer is what the client missed, not the state of today."""
    body = make_message()
    first = caller.post(MESSAGES, body, Idempotency_Key="k")
    caller.post(f"{MESSAGES}/{first.json['id']}/cancel")

    assert "accepted" == caller.post(MESSAGES, body, Idempotency_Key="k").json["status"]


@pytest.mark.parametrize(
    "other",
    [
        {"body": "Your code is 4313"},
        {"reference": "r"},
        {"ttl_seconds": 86_400},  # the same meaning in another body is another body
    ],
)
def test_another_body_under_the_same_key_is_422(hub, caller, other):
    """Nothing is stored of it, and the first is still replayed."""
    body = make_message()
    first = caller.post(MESSAGES, body, Idempotency_Key="k")

    problem_of(caller.post(MESSAGES, {**body, **other}, Idempotency_Key="k"), 422, "idempotency_key_reused")

    assert first.json == caller.post(MESSAGES, body, Idempotency_Key="k").json
    assert 1 == stored(hub, caller.workspace.id)["messages"]


def test_the_same_key_on_another_path_is_another_request(caller):
    """A key names a request, and the path is part of it."""
    caller.post(MESSAGES, make_message(), Idempotency_Key="k")

    response = caller.post(BATCH, {"messages": [make_message()]}, Idempotency_Key="k")

    problem_of(response, 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["k", "k" * 253, "a-b_c:d/e", "!", "{key}", 'quo"te'])
def test_a_quoted_and_a_bare_key_are_one_key(hub, caller, key):
    body = make_message()

    bare = caller.post(MESSAGES, body, Idempotency_Key=key)
    quoted = caller.post(MESSAGES, body, Idempotency_Key=f'"{key}"')

    assert (bare.json, "true") == (quoted.json, quoted.headers.get(REPLAYED))
    assert 1 == stored(hub, caller.workspace.id)["messages"]


def test_a_key_of_255_characters_may_be_quoted(caller):
    """The quotes are not part of the key."""
    assert 202 == caller.post(MESSAGES, make_message(), Idempotency_Key=f'"{"k" * 255}"').status_code


def test_keys_of_two_workspaces_do_not_meet(caller, stranger):
    body = make_message()

    ours, theirs = (one.post(MESSAGES, body, Idempotency_Key="k") for one in (caller, stranger))

    assert ours.json["id"] != theirs.json["id"]
    assert REPLAYED not in theirs.headers


def test_only_what_succeeded_is_kept(hub, caller):
    """A refused request leaves its key free for the corrected one."""
    problem_of(caller.post(MESSAGES, {"body": "x"}, Idempotency_Key="k"), 422)

    response = caller.post(MESSAGES, make_message(), Idempotency_Key="k")

    assert 202 == response.status_code
    assert REPLAYED not in response.headers


@pytest.mark.parametrize(("hours", "messages"), [(23.9, 1), (24.1, 2)])
def test_a_key_lives_for_24_hours(hub, caller, hours, messages):
    """After that it may be used again, for whatever request."""
    body = make_message()
    caller.post(MESSAGES, body, Idempotency_Key="k")
    age_keys(hub, caller, hours)

    response = caller.post(MESSAGES, body, Idempotency_Key="k")

    assert 202 == response.status_code
    assert messages == stored(hub, caller.workspace.id)["messages"]


def test_an_expired_key_may_come_with_another_body(hub, caller):
    caller.post(MESSAGES, make_message(), Idempotency_Key="k")
    age_keys(hub, caller, 25)
    body = make_message()

    first, second = (caller.post(MESSAGES, body, Idempotency_Key="k") for _ in range(2))

    assert (202, first.json) == (first.status_code, second.json)
    assert 1 == stored(hub, caller.workspace.id)["idempotency_keys"]


@pytest.mark.parametrize(
    "fields", [{}, {"dedupe": "reference", "reference": "r"}], ids=["header", "header and reference"]
)
def test_fifty_threads_with_one_key_make_one_message(app, hub, caller, fields):
    """Every thread gets the same message, or 409 with the time to come back."""
    body = make_message(**fields)

    answers = at_once(app, caller, 50, lambda one: one.post(MESSAGES, body, Idempotency_Key="k"))

    assert {202, 409} >= {answer.status_code for answer in answers}
    assert 1 == len({json_of(answer)["id"] for answer in answers if answer.status_code == 202})
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 409)
    assert (1, 1) == tuple(stored(hub, caller.workspace.id)[table] for table in ("messages", "outbox"))


def test_fifty_threads_with_an_expired_key_make_one_new_message(app, hub, caller):
    """The end of a key's life is no gap to slip through."""
    body = make_message()
    caller.post(MESSAGES, body, Idempotency_Key="k")
    age_keys(hub, caller, 25)

    answers = at_once(app, caller, 50, lambda one: one.post(MESSAGES, body, Idempotency_Key="k"))

    assert {202, 409} >= {answer.status_code for answer in answers}
    assert 2 == stored(hub, caller.workspace.id)["messages"]


def test_fifty_threads_with_one_reference_make_one_message(app, hub, caller):
    """`dedupe: reference` holds against threads as the header does."""
    body = make_message(reference="order-17", dedupe="reference")

    answers = at_once(app, caller, 50, lambda one: one.post(MESSAGES, body))

    assert {202, 409} >= {answer.status_code for answer in answers}
    assert 1 == len({json_of(answer)["id"] for answer in answers if answer.status_code == 202})
    assert (1, 1) == tuple(stored(hub, caller.workspace.id)[table] for table in ("messages", "outbox"))


@pytest.mark.parametrize("hours", [0, 25], ids=["new", "expired"])
def test_twin_batches_of_references_in_opposite_order_end(app, hub, caller, hours):
    """Batches that want the same references lock them in one order: all are answered, nothing is doubled."""
    items = [make_message(reference=f"order-{n}", dedupe="reference") for n in range(50)]
    if hours:
        caller.post(BATCH, {"messages": items})
        age_keys(hub, caller, hours)
    turn = iter([items, items[::-1]] * 4)

    answers = at_once(app, caller, 8, lambda one: one.post(BATCH, {"messages": next(turn)}))

    assert {202, 409} >= {answer.status_code for answer in answers}
    assert (100 if hours else 50) == stored(hub, caller.workspace.id)["messages"]


def test_a_twin_of_a_request_that_still_runs_is_told_to_come_back(hub, caller):
    """It waits at most 2 s for the first, then 409 with Retry-After; nothing of it is stored."""
    began = clock.now()
    with hub.db.transaction(caller.workspace.id) as session:
        session.execute(
            text(
                "INSERT INTO idempotency_keys (workspace_id, api_key_id, kind, key, digest, created_at)"
                " SELECT workspace_id, id, 'header', 'k', '', now() FROM api_keys WHERE workspace_id = :id"
            ),
            {"id": caller.workspace.id},
        )
        response = caller.post(MESSAGES, make_message(), Idempotency_Key="k")

    problem_of(response, 409)
    assert 1 <= int(response.headers["Retry-After"]) <= 5
    assert 1.5 < (clock.now() - began).total_seconds() < 4
    assert 0 == stored(hub, caller.workspace.id)["messages"]


def test_cancelling_with_a_key_is_answered_again(caller):
    """The replay is the first answer, and says so."""
    path = f"{MESSAGES}/{send(caller)['id']}/cancel"

    first, second = (caller.post(path, Idempotency_Key="k") for _ in range(2))

    assert (200, first.json) == (first.status_code, second.json)
    assert (None, "true") == (first.headers.get(REPLAYED), second.headers.get(REPLAYED))


def test_one_key_cannot_cancel_two_messages(caller):
    """The path is part of the request: a key that cancelled one message says nothing about another."""
    first, second = (f"{MESSAGES}/{send(caller)['id']}/cancel" for _ in range(2))
    caller.post(first, Idempotency_Key="k")

    problem_of(caller.post(second, Idempotency_Key="k"), 422, "idempotency_key_reused")


def test_a_provider_account_is_added_once_per_key(hub, caller):
    """The stored answer is sealed and holds no credentials."""
    body = {"name": "Main", "provider": "twilio", "sender": "+15005550006", "credentials": CREDENTIALS}

    first, second = (caller.post(ACCOUNTS, body, Idempotency_Key="k") for _ in range(2))

    assert (201, 201, first.json) == (first.status_code, second.status_code, second.json)
    assert "true" == second.headers[REPLAYED]
    assert 1 == stored(hub, caller.workspace.id)["provider_accounts"]


class TestDedupeByReference:
    """For clients that cannot set headers: one message per (key, reference) in 24 hours."""

    def send(self, caller: Caller, **fields: Any) -> TestResponse:
        given = {"to": {"phone": "+79990001122"}, "reference": "order-17", "dedupe": "reference", **fields}
        return caller.post(MESSAGES, make_message(**given))

    def test_the_same_message_again_is_the_first(self, hub, caller):
        """The answer says that it is a replay."""
        first, second = self.send(caller), self.send(caller)

        assert (202, 202, first.json) == (first.status_code, second.status_code, second.json)
        assert (None, "true") == (first.headers.get(REPLAYED), second.headers.get(REPLAYED))
        assert first.headers["Location"] == second.headers["Location"]
        assert (1, 1) == tuple(stored(hub, caller.workspace.id)[table] for table in ("messages", "outbox"))

    @pytest.mark.parametrize(
        "other", [{"body": "other"}, {"to": {"phone": phone()}}, {"metadata": {"n": 1}}, {"ttl_seconds": 60}]
    )
    def test_a_different_message_under_the_reference_is_422(self, hub, caller, other):
        self.send(caller)

        problem_of(self.send(caller, **other), 422, "idempotency_key_reused")

        assert 1 == stored(hub, caller.workspace.id)["messages"]

    def test_the_same_message_written_differently_is_the_same(self, hub, caller):
        """What is compared is the meaning: the number in another spelling, the fields in another order."""
        self.send(caller, metadata={"a": 1, "b": 2})

        response = self.send(caller, metadata={"b": 2, "a": 1}, to={"phone": "8 999 000 11 22"})

        assert (202, "true") == (response.status_code, response.headers.get(REPLAYED))
        assert 1 == stored(hub, caller.workspace.id)["messages"]

    @pytest.mark.parametrize(("hours", "messages"), [(23.9, 1), (24.1, 2)])
    def test_a_reference_is_taken_for_24_hours(self, hub, caller, hours, messages):
        self.send(caller)
        age_keys(hub, caller, hours)

        assert 202 == self.send(caller).status_code
        assert messages == stored(hub, caller.workspace.id)["messages"]

    def test_without_dedupe_a_reference_may_repeat(self, hub, caller):
        answers = [caller.post(MESSAGES, make_message(reference="order-17")).status_code for _ in range(2)]

        assert [202, 202] == answers
        assert 2 == stored(hub, caller.workspace.id)["messages"]

    def test_twins_in_one_batch_are_one_message(self, hub, caller):
        """The second of them shows the first; one that differs has a problem; others are not touched."""
        twin = make_message(reference="a", dedupe="reference")
        items = [twin, twin, {**twin, "body": "other"}, make_message(reference="a"), make_message()]

        first, second, differs, *others = json_of(caller.post(BATCH, {"messages": items}))["data"]

        assert first == second
        assert "idempotency_key_reused" == differs["problem"]["code"]
        assert 2 == len({item["message"]["id"] for item in others} - {first["message"]["id"]})
        assert 3 == stored(hub, caller.workspace.id)["messages"]

    def test_a_batch_shows_what_was_sent_before(self, hub, caller):
        """Whether it came alone or in a batch."""
        before = self.send(caller).json
        item = make_message(to={"phone": "+79990001122"}, reference="order-17", dedupe="reference")

        found = [json_of(caller.post(BATCH, {"messages": [item, make_message()]}))["data"][0] for _ in range(2)]

        assert [{"message": before}] * 2 == found
        assert 3 == stored(hub, caller.workspace.id)["messages"]

    def test_references_of_two_keys_do_not_meet(self, caller, stranger):
        assert json_of(self.send(caller))["id"] != json_of(self.send(stranger))["id"]

    def test_a_refused_message_leaves_its_reference_free(self, caller):
        problem_of(self.send(caller, body=""), 422)

        assert REPLAYED not in self.send(caller).headers


def test_the_kept_answers_hold_nothing_readable(hub, caller):
    """Stored responses are sealed, and the request is kept as a keyed digest only."""
    caller.post(MESSAGES, make_message(body="A very secret text", metadata={"who": "Anna"}), Idempotency_Key="k")

    rows = run(
        hub,
        "SELECT convert_from(sealed, 'UTF8'), length(digest) FROM idempotency_keys WHERE workspace_id = :id",
        id=caller.workspace.id,
    )

    ((sealed, digest_length),) = rows
    assert (True, 32) == (sealed.startswith("gAAAA"), digest_length)


def test_different_keys_do_not_wait_for_each_other(app, hub, caller):
    """Twenty threads with twenty keys make twenty messages."""
    keys = iter(range(20))

    answers = at_once(app, caller, 20, lambda one: one.post(MESSAGES, make_message(), Idempotency_Key=f"k{next(keys)}"))

    assert Counter({202: 20}) == Counter(answer.status_code for answer in answers)
    assert 20 == stored(hub, caller.workspace.id)["messages"]
