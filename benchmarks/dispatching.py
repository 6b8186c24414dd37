"""Hand messages over through the SDK, beside a loop that does nothing but call the SDK."""

import time
from dataclasses import dataclass

from benchmarks import messages
from benchmarks.measuring import middle, millis
from benchmarks.provider import Sent, Stub, bare_loop, start_stub
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import Hub, hub_at_rest, until
from hub.core.outbox import Lane

MESSAGES = 3000
FIRST = 600
"""What is sent before measuring begins: by then the worker has started and made its connections."""
RATE_BAR = Bar(limit=0.7, at_least=True)
CPU_BAR = Bar(limit=1.5)
OPEN = "SELECT EXISTS (SELECT FROM outbox WHERE topic = 'send')"


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What handing over needed: messages/s, and CPU in ms each of worker, PostgreSQL and Valkey."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the three."""

    sdk: Sent
    ours: Sent
    hub: Dispatched


def run(size: Size) -> list[Figure]:
    """Measure from a full outbox: one worker, its calls in flight as set, a stub that answers at once.

    The time ends when the stub has taken the last message, the CPU when PostgreSQL has recorded it.
    """
    with hub_at_rest() as hub:
        hub.start_web()
        stub = start_stub(hub)
        count = size.of(MESSAGES)
        with bare_loop(hub, "sdk") as sdk, bare_loop(hub, "ours") as ours:
            for loop in (sdk, ours):
                loop.send(FIRST)
            rounds = [Round(sdk.send(count), ours.send(count), _dispatch(hub, stub, count)) for _ in range(size.rounds)]
    return _figures(rounds)


def _dispatch(hub: Hub, stub: Stub, count: int) -> Dispatched:
    messages.accept(hub, FIRST + count)
    goal = int(stub.told()["taken"]) + FIRST + count
    worker = hub.start_worker(Lane.NORMAL)
    until(lambda: stub.told()["taken"] >= goal - count, "the worker to begin")
    taken, began, cpu = int(stub.told()["taken"]), time.monotonic(), hub.cpu_seconds(worker)
    until(lambda: stub.told()["taken"] >= goal, "the messages to be sent")
    with hub.connect() as connection:
        until(lambda: connection.execute(OPEN).fetchone() == (False,), "the outcomes to be recorded")
    cpu = hub.cpu_seconds(worker) - cpu
    worker.stop()
    measured = goal - taken
    return Dispatched(measured / (stub.told()["last_at"] - began), millis(cpu, measured))


def _figures(rounds: list[Round]) -> list[Figure]:
    rate = middle([item.hub.rate for item in rounds])
    return [
        Figure(
            what="dispatch through the SDK",
            unit="messages/s",
            hub=rate,
            raw=middle([item.sdk.rate for item in rounds]),
            raw_what="bare SDK loop",
            ratio=middle([item.hub.rate / item.sdk.rate for item in rounds]),
            bar=RATE_BAR,
            details={"ratios": [item.hub.rate / item.sdk.rate for item in rounds]},
        ),
        Figure(
            what="the same",
            unit="messages/s",
            hub=rate,
            raw=middle([item.ours.rate for item in rounds]),
            raw_what="bare SDK loop, the hub's HTTP client",
            ratio=middle([item.hub.rate / item.ours.rate for item in rounds]),
        ),
        Figure(
            what="dispatch, CPU of worker and servers",
            unit="CPU ms/message",
            hub=middle([item.hub.cpu for item in rounds]),
            raw=middle([item.sdk.cpu for item in rounds]),
            raw_what="bare SDK loop",
            details={"raw_with_the_hubs_http_client": middle([item.ours.cpu for item in rounds])},
            bar=CPU_BAR,
        ),
    ]
