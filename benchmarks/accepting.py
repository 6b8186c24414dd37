"""Accept one SMS: CPU for each request, beside a Flask route that does nothing, on the same server."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import load, messages
from benchmarks.load import Load
from benchmarks.measuring import cpu_seconds, middle, millis, percentile
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import free_port, hub_at_rest
from hub.supervision.program import answers

BARE = "benchmarks.bare:app"
WARM_UP = 400
REQUESTS = 1500
RAW_TIMES = 4  # a bare request is so cheap that it takes many for the clock to tell
BAR = Bar(limit=8)


@dataclass(frozen=True, slots=True)
class Cost:
    """What requests cost: CPU in ms each, the 50th and 99th percentile of their times in ms, and requests/s."""

    cpu: float
    p50: float
    p99: float
    rate: float


def run(size: Size) -> list[Figure]:
    """Measure with workers stopped: the CPU of web, PostgreSQL and Valkey for each request at 16 connections."""
    with hub_at_rest() as hub:
        web = hub.start_web()
        port = free_port()
        bare = hub.start_bare_web(web, BARE, port, lambda: answers("127.0.0.1", port, "/health/live"))
        count = size.of(REQUESTS)

        def raw() -> Cost:
            requests = [load.post_json(port, "/json", messages.message(), {}) for _ in range(count * RAW_TIMES)]
            return cost_of(lambda: cpu_seconds(bare.pid), lambda: load.fire(port, requests), 200)

        def ours(*, keyed: bool) -> Cost:
            requests = [messages.single(hub, _headers(keyed=keyed)) for _ in range(count)]
            return cost_of(lambda: hub.cpu_seconds(web), lambda: load.fire(hub.settings.port, requests), 202)

        load.fire(port, [load.post_json(port, "/json", messages.message(), {})] * WARM_UP)
        load.fire(hub.settings.port, [messages.single(hub, {}) for _ in range(WARM_UP)])
        rounds = [(raw(), ours(keyed=False), ours(keyed=True)) for _ in range(size.rounds)]
    return [
        _figure("accept one SMS", [(one, plain) for one, plain, _ in rounds]),
        _figure("accept one SMS, Idempotency-Key", [(one, keyed) for one, _, keyed in rounds]),
    ]


def cost_of(cpu: Callable[[], float], run_load: Callable[[], Load], status: int) -> Cost:
    """Measure the CPU that a load takes somewhere."""
    before = cpu()
    done = run_load()
    used = cpu() - before
    messages.check(done.answers, status)
    times = [answer.seconds * 1000 for answer in done.answers]
    return Cost(millis(used, len(times)), percentile(times, 0.5), percentile(times, 0.99), done.rate)


def _headers(*, keyed: bool) -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())} if keyed else {}


def _figure(what: str, rounds: list[tuple[Cost, Cost]]) -> Figure:
    return Figure(
        what=what,
        unit="CPU ms/request",
        hub=middle([ours.cpu for _, ours in rounds]),
        raw=middle([raw.cpu for raw, _ in rounds]),
        raw_what="bare Flask route",
        ratio=middle([ours.cpu / raw.cpu for raw, ours in rounds]),
        bar=BAR,
        details={
            "ratios": [ours.cpu / raw.cpu for raw, ours in rounds],
            "requests_per_second": middle([ours.rate for _, ours in rounds]),
            "raw_requests_per_second": middle([raw.rate for raw, _ in rounds]),
            "p50_ms": middle([ours.p50 for _, ours in rounds]),
            "p99_ms": middle([ours.p99 for _, ours in rounds]),
        },
    )
