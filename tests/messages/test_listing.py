"""Lists over a long past: what is rare is found at once, or the page says where to look further."""

import pytest

from hub.core import ids
from hub.messages import listing
from tests.api.making import MESSAGES, run, send
from tests.messages.making import make_ended
from tracking.delivery import Status

MANY = listing.LOOKED_AT + 500
PAST = """
    INSERT INTO messages (workspace_id, id, api_key_id, test, channel, lane, purpose, status, final, to_index, sealed,
                          route, step, created_at, deadline_at)
    SELECT workspace_id, (substr(id::text, 1, 24) || lpad(to_hex(i), 12, '0'))::uuid, api_key_id, true, channel, lane,
           purpose, 80, true, to_index, sealed, route, 0, created_at, deadline_at
    FROM messages, generate_series(1, :many) AS i WHERE id = :id
"""


@pytest.fixture
def long_past(hub, caller):
    """Leave one message of each rare kind behind many delivered ones."""
    rare = {
        "failed": make_ended(hub, caller, Status.FAILED, "unreachable")["id"],
        "undelivered": make_ended(hub, caller, Status.UNDELIVERED, "unreachable")["id"],
        "accepted": send(caller)["id"],
        "read": make_ended(hub, caller, Status.READ)["id"],
    }
    pattern = send(caller)
    run(hub, PAST, many=MANY, id=ids.read("msg", pattern["id"]))
    return rare


def found(caller, **query):
    answer = caller.get(MESSAGES, limit=10, **query).json
    return [message["id"] for message in answer["data"]], answer["next"]


@pytest.mark.parametrize("words", ["failed", "undelivered", "failed,undelivered", "accepted,failed"])
def test_trouble_and_open_messages_are_found_however_old(caller, long_past, words):
    """They have an index, and the outbox."""
    shown, _ = found(caller, status=words)

    assert {long_past[word] for word in words.split(",")} <= set(shown)


def test_what_has_no_index_is_looked_for_a_piece_at_a_time(caller, long_past):
    """The first page is empty and leads on; the second has it."""
    first, place = found(caller, status="read")
    second, end = found(caller, status="read", after=place)

    assert ([], [long_past["read"]], None) == (first, second, end)


@pytest.mark.parametrize(
    "query", [{"channel": "voice"}, {"purpose": "marketing"}, {"channel": "sms", "status": "read"}]
)
def test_every_walk_ends_after_so_many(caller, long_past, query):
    shown, place = found(caller, **query)

    assert ([], True) == (shown, place is not None)


def test_messages_can_be_listed_by_channel_and_kind(caller, caller_with):
    live = caller_with(test=False)
    message = send(live)["id"]

    assert [[message], []] == [found(live, test=kind)[0] for kind in ("false", "true")]
    assert [[message], []] == [found(live, channel=name)[0] for name in ("sms", "email")]


def test_a_test_key_sees_test_messages_whatever_it_asks(caller):
    message = send(caller)["id"]

    assert [[message], [message]] == [found(caller, test=kind)[0] for kind in ("false", "true")]
