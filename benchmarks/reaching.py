"""How soon an accepted message reaches the provider, at an even pace with everything running."""

import base64
import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from benchmarks import load, messages
from benchmarks.load import Answer
from benchmarks.measuring import middle, percentile
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import BenchmarkFailed, Hub, hub_at_rest

PER_SECOND = 100
SECONDS = 25
RAW_SECONDS = 6
WARM_UP_SECONDS = 3
TURNS = 3
ARRIVE_SECONDS = 30
P50_BAR = Bar(limit=50)
P99_BAR = Bar(limit=250)


@dataclass(frozen=True, slots=True)
class Delays:
    """Percentiles in ms."""

    p50: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True)
class Turn:
    """The simulator asked directly: from request to acceptance. The hub: from its 202, and from the request.

    `cores` is how many the hub and its servers kept busy.
    """

    raw: Delays
    after_accept: Delays
    after_request: Delays
    cores: float


def run(size: Size) -> list[Figure]:
    """Measure with the simulator, its call-backs and every program of a hub; times are those of one machine's clock."""
    seconds, raw_seconds, turns = max(4, size.of(SECONDS)), max(3, size.of(RAW_SECONDS)), min(TURNS, size.rounds)
    with hub_at_rest() as hub:
        pieces = hub.start_all()
        _through_hub(hub, WARM_UP_SECONDS)
        _straight(hub, WARM_UP_SECONDS)
        measured = []
        for _ in range(turns):
            raw = _straight(hub, raw_seconds)
            cpu = hub.cpu_seconds(*pieces)
            after_accept, after_request = _through_hub(hub, seconds)
            measured.append(Turn(raw, after_accept, after_request, (hub.cpu_seconds(*pieces) - cpu) / seconds))
    return [
        _figure("accepted", "p50", [turn.after_accept for turn in measured], measured, P50_BAR),
        _figure("accepted", "p99", [turn.after_accept for turn in measured], measured, P99_BAR),
        _figure("requested", "p50", [turn.after_request for turn in measured], measured),
        _figure("requested", "p99", [turn.after_request for turn in measured], measured),
    ]


def _through_hub(hub: Hub, seconds: int) -> tuple[Delays, Delays]:
    wanted = [messages.message() for _ in range(seconds * PER_SECOND)]
    requests = [messages.single(hub, {}, item) for item in wanted]
    done = load.pace(hub.settings.port, requests, PER_SECOND)
    messages.check(done.answers, 202)
    taken = _taken(hub, [item["to"]["phone"] for item in wanted])
    return (
        _delays([at - answer.answered_at for at, answer in zip(taken, done.answers, strict=True)]),
        _delays([at - answer.asked_at for at, answer in zip(taken, done.answers, strict=True)]),
    )


def _straight(hub: Hub, seconds: int) -> Delays:
    """Hand messages to the simulator as the adapter does, without a hub."""
    account = hub.credentials["providers"]["twilio"]
    path = f"/2010-04-01/Accounts/{account['account_sid']}/Messages.json"
    secret = base64.b64encode(f"{account['account_sid']}:{account['auth_token']}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {secret}"}
    wanted = [messages.message() for _ in range(seconds * PER_SECOND)]
    forms = [{"To": item["to"]["phone"], "From": "+15005550006", "Body": item["body"]} for item in wanted]
    port = hub.settings.simulator_port
    requests = [load.post(port, path, urlencode(form).encode(), headers) for form in forms]
    answers: Sequence[Answer] = load.pace(port, requests, PER_SECOND).answers
    messages.check(answers, 201)
    taken = _taken(hub, [form["To"] for form in forms])
    return _delays([at - answer.asked_at for at, answer in zip(taken, answers, strict=True)])


def _taken(hub: Hub, numbers: Sequence[str]) -> list[float]:
    """Return when the simulator took the message to each number, in seconds since 1970."""
    end = time.monotonic() + ARRIVE_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", hub.settings.simulator_port, timeout=60)
        connection.request("GET", "/_sim/requests")
        listed = json.loads(connection.getresponse().read())["requests"]
        connection.close()
        at = {item["to"]: datetime.fromisoformat(item["at"]).timestamp() for item in listed}
        if all(number in at for number in numbers):
            return [at[number] for number in numbers]
        if time.monotonic() > end:
            raise BenchmarkFailed(f"{sum(number not in at for number in numbers)} messages did not arrive")
        time.sleep(1)


def _delays(seconds: Sequence[float]) -> Delays:
    times = [value * 1000 for value in seconds]
    return Delays(percentile(times, 0.5), percentile(times, 0.99), max(times))


def _figure(since: str, name: str, delays: Sequence[Delays], turns: Sequence[Turn], bar: Bar | None = None) -> Figure:
    values = [getattr(item, name) for item in delays]
    return Figure(
        what=f"{since} to provider at {PER_SECOND}/s, {name}",
        unit="ms",
        hub=middle(values),
        raw=middle([getattr(turn.raw, name) for turn in turns]),
        raw_what="simulator asked directly",
        bar=bar,
        details={
            "turns": values,
            "raw_turns": [getattr(turn.raw, name) for turn in turns],
            "worst": [item.worst for item in delays],
            "busy_cores": [turn.cores for turn in turns],
        },
    )
