"""How often a hot path goes to PostgreSQL: once, and never after its commit.

Counted where it cannot be hidden: in the protocol between the driver and the server, which libpq writes down.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped] # it has no types

from hub.core.runtime import Runtime
from hub.routing import service as routing
from tests.api.making import CREDENTIALS, MESSAGES, make_account, make_message, send, stored
from tests.conftest import Caller

BATCH = f"{MESSAGES}/batch"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the driver traces its protocol on Linux only")


@dataclass
class Trips:
    """What went over the wire, as libpq wrote it down."""

    protocol: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how often an answer was waited for."""
        return self._sent("Sync") + self._sent("Query")

    @property
    def statements(self) -> int:
        """Return how many statements were run."""
        return self._sent("Execute") + self._sent("Query")

    def _sent(self, kind: str) -> int:
        return sum(line.startswith("F") and kind in line.split()[:3] for line in self.protocol)


@contextmanager
def trips(app: Flask) -> Iterator[Trips]:
    """Write down what the application's connections say while the block runs."""
    database, seen = app.extensions["hub"].db, Trips()
    engines, pools = (database._app, database._jobs), (database._direct_app, database._direct_jobs)
    with tempfile.TemporaryFile("w+") as trace:

        def listen(connection: Any, *_context: Any) -> None:
            connection.pgconn.trace(os.dup(trace.fileno()))
            connection.pgconn.set_trace_flags(1)  # no times

        def leave(connection: Any, *_context: Any) -> None:
            connection.pgconn.untrace()

        for engine in engines:
            event.listen(engine, "checkout", listen)
            event.listen(engine, "checkin", leave)
        for connection in [connection for pool in pools for connection in pool._pool]:
            listen(connection)
        yield seen
        for connection in [connection for pool in pools for connection in pool._pool]:
            leave(connection)
        for engine in engines:
            event.remove(engine, "checkout", listen)
            event.remove(engine, "checkin", leave)
        trace.seek(0)
        seen.protocol = trace.read().splitlines()


@pytest.fixture
def warm(app: Flask, hub: Runtime, caller: Caller) -> Caller:
    """Make a caller whose key and whose statements the application knows."""
    for _ in range(8):
        send(caller)
        caller.post(MESSAGES, make_message(), Idempotency_Key=str(time.time()))
        caller.post(BATCH, {"messages": [make_message()]})
    return caller


def test_what_is_counted_is_what_goes_over_the_wire(app):
    """An ordinary transaction is three trips: BEGIN, the statement, COMMIT."""
    with trips(app) as seen, app.extensions["hub"].db.across_workspaces() as session:
        session.connection().exec_driver_sql("SELECT 1")

    assert 3 == seen.count


def test_accepting_a_message_is_one_round_trip(app, warm):
    """Message, work and commit in one statement; no query after it."""
    with trips(app) as seen:
        answer = send(warm)

    assert 1 == seen.count, seen.protocol
    assert answer == warm.get(f"{MESSAGES}/{answer['id']}").json


def test_accepting_with_an_idempotency_key_is_one_round_trip(app, hub, warm):
    """The key is stored by the same statement."""
    before = stored(hub, warm.workspace.id)
    with trips(app) as seen:
        warm.post(MESSAGES, make_message(), Idempotency_Key="k")

    after = stored(hub, warm.workspace.id)
    assert 1 == seen.count, seen.protocol
    assert [1, 1, 1] == [after[table] - before[table] for table in ("messages", "outbox", "idempotency_keys")]


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}], ids=["without a key", "with a key"])
def test_accepting_a_batch_is_one_round_trip(app, warm, key):
    """As for one message, so for a hundred."""
    with trips(app) as seen:
        response = warm.post(BATCH, {"messages": [make_message() for _ in range(100)]}, **key)

    assert 100 == len(response.json["data"])
    assert 1 == seen.count, seen.protocol


def test_the_statements_of_references_do_not_grow_with_the_batch(app, warm):
    """`dedupe: reference` costs a few statements per batch, not some per item."""
    counts = []
    for size in (2, 50):
        items = [make_message(reference=f"order-{size}-{n}", dedupe="reference") for n in range(size)]
        with trips(app) as seen:
            warm.post(BATCH, {"messages": items})
        counts.append(seen.statements)

    assert counts[0] == counts[1]


def test_a_refused_request_does_not_reach_the_database(app, warm):
    with trips(app) as seen:
        warm.post(MESSAGES, make_message(body=""))

    assert [] == seen.protocol


def test_a_callback_is_kept_in_one_round_trip(app, hub, warm):
    """Verified from memory, stored by one statement, answered."""
    account = make_account(hub, warm)
    url = routing.hook_url(hub, account, "status")
    form = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "delivered"}
    path = url.removeprefix(hub.settings.public_url)

    def call_back() -> int:
        signature = RequestValidator(CREDENTIALS["auth_token"]).compute_signature(url, form)
        return int(warm.client.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code)

    assert 204 == call_back()
    form["MessageStatus"] = "read"
    with trips(app) as seen:
        assert 204 == call_back()

    assert 1 == seen.count, seen.protocol
