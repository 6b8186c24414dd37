"""The requests of a CRM, ready for the wire."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from benchmarks import load
from benchmarks.load import Answer
from benchmarks.running import BenchmarkFailed, Hub
from hub.core import ids

BATCH = 1000
SCRIPTS = 100
"""Numbers that end in less than this may have a script in the simulator."""
_people = (number for number in itertools.count(1000) if number % 10_000 >= SCRIPTS)


def message() -> dict[str, Any]:
    """Make up a message to somebody new, whose number has no script in the simulator."""
    return {"to": {"phone": f"+79{next(_people):09d}"}, "body": "Your code is 4312", "purpose": "transactional"}


def key_header(hub: Hub) -> dict[str, str]:
    """Return the demo workspace's key."""
    return {"Authorization": f"Bearer {hub.credentials['api_key']}"}


def single(hub: Hub, headers: Mapping[str, str], wanted: Mapping[str, Any] | None = None) -> bytes:
    """Build a request that accepts one message."""
    return load.post_json(hub.settings.port, "/api/v1/messages", wanted or message(), key_header(hub) | dict(headers))


def batch(hub: Hub, count: int = BATCH) -> bytes:
    """Build a request that accepts many."""
    body = {"messages": [message() for _ in range(count)]}
    return load.post_json(hub.settings.port, "/api/v1/messages/batch", body, key_header(hub))


def batches(hub: Hub, count: int) -> Iterator[bytes]:
    """Build the requests that accept `count` messages."""
    for start in range(0, count, BATCH):
        yield batch(hub, min(BATCH, count - start))


def accept(hub: Hub, count: int) -> list[UUID]:
    """Have the web accept messages by batch and return their ids."""
    answers = load.fire(hub.settings.port, list(batches(hub, count)), 1).answers
    check(answers, 202)
    return [ids.read("msg", item["message"]["id"]) for answer in answers for item in json.loads(answer.body)["data"]]


def check(answers: Sequence[Answer], status: int) -> None:
    """Raise `BenchmarkFailed` unless all answers have the status."""
    for answer in answers:
        if answer.status != status:
            raise BenchmarkFailed(f"HTTP {answer.status}: {answer.body[:500]!r}")
        if b'"problem"' in answer.body[:200] and json.loads(answer.body).get("data"):
            raise BenchmarkFailed(f"a message was refused: {answer.body[:500]!r}")
