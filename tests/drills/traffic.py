"""Clients that send through REST while things die, and retry as the documentation tells them to."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests

from tests.drills.judge import Asked, Told
from tests.support.live import LiveHub, phone

ENDINGS = (1234, 1234, 1234, 1234, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 11, 11, 12)
WAITING_ENDINGS = frozenset({4, 12})
"""Only the deadline ends these: it comes sooner."""
TRY_AGAIN = frozenset({409, 429, 500, 502, 503, 504})
GIVE_UP_SECONDS = 90.0
CLIENTS = 8
FIRST = 3
"""These arrive; they are sent before the others, to see that everything runs."""
MARKETING_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Wish:
    """A message before it is sent."""

    marker: str
    ending: int
    body: dict[str, Any]


@dataclass(slots=True)
class Sent:
    """What the clients heard."""

    asked: list[Asked] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def wishes(seed: int, count: int, *, ttl_seconds: int, short_ttl_seconds: int) -> list[Wish]:
    """Make up messages with every ending; each has its own person and its own words."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        ending = ENDINGS[0] if number < FIRST else chance.choice(ENDINGS)
        marker = f"drill-{seed}-{number}"
        body = {
            "to": {"phone": phone(ending)},
            "body": f"Drill: {marker}",
            "purpose": "marketing" if number >= FIRST and chance.random() < MARKETING_SHARE else "transactional",
            "reference": marker,
            "ttl_seconds": short_ttl_seconds if ending in WAITING_ENDINGS else ttl_seconds,
        }
        made.append(Wish(marker, ending, body))
    return made


def parcels(seed: int, made: Sequence[Wish]) -> list[list[Wish]]:
    """Put half of them into batches; the rest go one by one."""
    chance = random.Random(seed + 1)
    rest, packed = list(made), []
    while rest:
        size = chance.choice((1, 1, 1, 1, 1, 1, 2, 5, 10))
        packed.append(rest[:size])
        del rest[:size]
    return packed


def send_first(hub: LiveHub, made: Sequence[Wish], sent: Sent) -> None:
    """Send the first messages, through both lanes, and wait until they have arrived."""
    for parcel in (made[:1], made[1:FIRST]):
        _send(hub, parcel, sent)
    for item in sent.asked:
        hub.settle({"id": item.message_id})


def send_all(hub: LiveHub, packed: Sequence[Sequence[Wish]], seconds: float, sent: Sent) -> None:
    """Send the parcels evenly over a time, from several clients at once."""
    begun = time.monotonic()

    def send_at_its_time(place: int) -> None:
        time.sleep(max(0.0, begun + seconds * place / len(packed) - time.monotonic()))
        _send(hub, packed[place], sent)

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send_at_its_time, range(len(packed))))


def _send(hub: LiveHub, parcel: Sequence[Wish], sent: Sent) -> None:
    """Send a parcel until it is answered, always under the same key."""
    single = len(parcel) == 1
    path = "/messages" if single else "/messages/batch"
    body = parcel[0].body if single else {"messages": [wish.body for wish in parcel]}
    headers = {"Authorization": str(hub.session.headers["Authorization"]), "Idempotency-Key": parcel[0].marker}
    end = time.monotonic() + GIVE_UP_SECONDS
    while True:
        word, answer = _post(f"{hub.url}{path}", body, headers)
        with sent.lock:
            sent.answers[word] += 1
            if answer is not None and answer.status_code == HTTPStatus.ACCEPTED:
                items = [answer.json()] if single else [item["message"] for item in answer.json()["data"]]
                sent.asked += [
                    Asked(marker=wish.marker, ending=wish.ending, message_id=item["id"])
                    for wish, item in zip(parcel, items, strict=True)
                ]
                return
            if time.monotonic() > end or (answer is not None and answer.status_code not in TRY_AGAIN):
                sent.refusals.append(f"{parcel[0].marker}: {word}")
                return
        time.sleep(0.2)


def _post(url: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[str, requests.Response | None]:
    """Post once; return the answer, if any, and a word for what came of it."""
    try:
        answer = requests.post(url, json=body, headers=headers, timeout=10)
    except requests.RequestException as error:
        return type(error).__name__, None
    return f"{answer.status_code}{' replayed' if 'Idempotency-Replayed' in answer.headers else ''}", answer


def read_all(hub: LiveHub) -> dict[str, dict[str, Any]]:
    """Read every message of the workspace."""
    found: dict[str, dict[str, Any]] = {}
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = hub.get("/messages", **query)
        found |= {message["id"]: message for message in page["data"]}
        if page["next"] is None:
            return found
        query["after"] = page["next"]


def told(messages: dict[str, dict[str, Any]]) -> dict[str, Told]:
    """Return what the judge needs of them."""
    return {
        key: Told(
            message_id=key,
            marker=message["reference"],
            status=message["status"],
            final=message["final"],
            reason=message["reason"] and message["reason"]["code"],
        )
        for key, message in messages.items()
    }
