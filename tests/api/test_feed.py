"""The feed: what happened, in one order for every reader, with nothing missed."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hub.core import clock, feed, ids, pagination
from hub.core.feed import Happened
from hub.core.runtime import Runtime
from tests.api.making import MESSAGES, json_of, send
from tests.conftest import Caller

EVENTS = "/api/v1/events"
WRITERS, EACH = 4, 15


def cancel(caller: Caller, **fields: Any) -> dict[str, Any]:
    """Make something happen: send a message and take it back."""
    return dict(json_of(caller.post(f"{MESSAGES}/{send(caller, **fields)['id']}/cancel")))


def happened(caller: Caller, subject: str) -> Happened:
    return Happened(
        workspace_id=caller.workspace.id,
        at=clock.now(),
        type="message.sent",
        subject=ids.read("msg", subject),
        data={"status": "sent"},
    )


def pages(caller: Caller, limit: int) -> Iterator[list[dict[str, Any]]]:
    """Read to the end of the feed, page by page."""
    place: dict[str, Any] = {}
    for _ in range(20):
        page = json_of(caller.get(EVENTS, limit=limit, **place))
        if not page["data"]:
            return
        yield page["data"]
        place = {"after": page["next"]}


def test_an_event_tells_the_message_its_reference_and_its_metadata(caller):
    """`metadata` and `reference` return in every event."""
    message = cancel(caller, reference="order-17", metadata={"shop": 3})

    (event,) = caller.get(EVENTS).json["data"]

    assert {
        "id": ids.show("evt", ids.read("evt", event["id"])),
        "type": "message.cancelled",
        "at": event["at"],
        "data": {
            "message_id": message["id"],
            "status": "cancelled",
            "final": True,
            "reason": message["reason"],
            "reference": "order-17",
            "metadata": {"shop": 3},
        },
    } == event


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_together_are_the_feed_oldest_first(caller, limit):
    messages = [cancel(caller)["id"] for _ in range(5)]

    read = [event["data"]["message_id"] for page in pages(caller, limit) for event in page]

    assert messages == read


def test_the_end_of_the_feed_is_a_place_to_go_on_from(caller):
    """`next` is never null: a reader asks again from where it stood and misses nothing."""
    empty = caller.get(EVENTS).json
    cancel(caller)
    first = caller.get(EVENTS, after=empty["next"]).json
    nothing = caller.get(EVENTS, after=first["next"]).json
    cancel(caller)

    assert ([], 1, []) == (empty["data"], len(first["data"]), nothing["data"])
    assert (first["next"], 1) == (nothing["next"], len(caller.get(EVENTS, after=nothing["next"]).json["data"]))


def test_accepting_is_not_in_the_feed(caller):
    """The caller knows it already."""
    send(caller)

    assert [] == caller.get(EVENTS).json["data"]


def test_a_workspace_reads_only_its_own_feed(caller, stranger):
    """Numbers are counted per workspace: a place in one feed is no key to another."""
    cancel(stranger)

    assert [] == caller.get(EVENTS).json["data"]
    assert 1 == len(stranger.get(EVENTS, after=pagination.cursor("0")).json["data"])


def test_a_reader_misses_nothing_while_writers_commit_late(hub, caller):
    """Writers take numbers and commit after a while; whoever is past a number has seen all below it."""
    message = send(caller)["id"]
    writers = [threading.Thread(target=write_slowly, args=(hub, caller, message, n)) for n in range(WRITERS)]
    seen: list[int] = []
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen += read_on(hub, caller, seen)
    seen += read_on(hub, caller, seen)

    assert list(range(1, WRITERS * EACH + 1)) == seen


def write_slowly(hub: Runtime, caller: Caller, message: str, number: int) -> None:
    for turn in range(EACH):
        with hub.db.transaction(caller.workspace.id) as session:
            feed.publish(session, [happened(caller, message)])
            time.sleep(0.001 * ((number * 7 + turn * 3) % 10))


def read_on(hub: Runtime, caller: Caller, seen: list[int]) -> list[int]:
    with hub.db.transaction(caller.workspace.id) as session:
        return [row.number for row in feed.read(session, after=seen[-1] if seen else 0, limit=5)]


def test_what_is_rolled_back_leaves_no_gap(hub, caller):
    """A number belongs to what was committed."""
    message = send(caller)["id"]
    with hub.db.transaction(caller.workspace.id) as session:
        feed.publish(session, [happened(caller, message)] * 3)
        session.rollback()
    cancel(caller)

    with hub.db.transaction(caller.workspace.id) as session:
        assert [1] == [row.number for row in feed.read(session, after=0, limit=10)]


def test_two_workspaces_publish_in_one_transaction(hub, caller, stranger):
    """A job that works across workspaces gives each its own numbers, in the order given."""
    ours, theirs = send(caller)["id"], send(stranger)["id"]
    news = [happened(caller, ours), happened(stranger, theirs), happened(caller, ours)]
    with hub.db.across_workspaces() as session:
        feed.publish(session, news)

    assert [2, 1] == [len(one.get(EVENTS).json["data"]) for one in (caller, stranger)]
