"""What a message costs from acceptance to its last receipt: a hub with a short past beside one with a long past."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks import callbacks, history, load, messages
from benchmarks.measuring import middle, millis
from benchmarks.provider import start_stub
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import Hub, Piece, hub_at_rest, until

SHORT = 10_000
LONG = 2_000_000
MESSAGES = 600
WARM_UP = 500
TURNS = 2  # as many rounds as the other rows have, times this: the bar is narrow
BAR = Bar(limit=1.1)
UNSENT = "SELECT EXISTS (SELECT FROM outbox WHERE topic = 'send')"
OPEN = "SELECT EXISTS (SELECT FROM outbox)"


@dataclass(frozen=True, slots=True)
class Aged:
    """A hub with everything running but the simulator, which would keep more and more itself."""

    hub: Hub
    pieces: Sequence[Piece]
    database_bytes: int


def run(size: Size) -> list[Figure]:
    """Measure the CPU of all of a hub's processes and both servers, turn and turn about.

    Each message is accepted by batch, sent to a stub, and has two call-backs. What the two hubs do while they are at
    rest, and what the benchmark itself asks of PostgreSQL between the two halves, is not counted.
    """
    count, long = max(300, size.of(MESSAGES)), size.of(LONG)
    with ExitStack() as stack:
        hubs = [stack.enter_context(hub_at_rest()) for _ in range(2)]
        young, old = (_aged(hub, past) for hub, past in zip(hubs, (SHORT, long), strict=True))
        for aged in (young, old):
            _cost(aged, WARM_UP)
        rounds = []
        for number in range(size.rounds * TURNS):
            pair = (young, old) if number % 2 else (old, young)
            costs = {aged.database_bytes: _cost(aged, count) for aged in pair}
            rounds.append((costs[young.database_bytes], costs[old.database_bytes]))
    return [_figure(rounds, long, old.database_bytes)]


def _aged(hub: Hub, past: int) -> Aged:
    database_bytes = history.make(hub, past)
    start_stub(hub)
    pieces = hub.start_all(but="simulator")
    return Aged(hub, pieces, database_bytes)


def _cost(aged: Aged, count: int) -> float:
    """Return ms of CPU for each of some messages, all the way."""
    hub = aged.hub
    with hub.connect() as connection:
        before = hub.cpu_seconds(*aged.pieces)
        accepted = messages.accept(hub, count)
        until(lambda: connection.execute(UNSENT).fetchone() == (False,), "the messages to be sent")
        used = hub.cpu_seconds(*aged.pieces) - before

        requests = callbacks.both(hub, callbacks.sent(connection, accepted))

        before = hub.cpu_seconds(*aged.pieces)
        messages.check(load.fire(hub.settings.port, requests).answers, 204)
        until(lambda: connection.execute(OPEN).fetchone() == (False,), "the messages to be delivered")
        used += hub.cpu_seconds(*aged.pieces) - before
    return millis(used, count)


def _figure(rounds: Sequence[tuple[float, float]], long: int, database_bytes: int) -> Figure:
    return Figure(
        what=f"cost of a message after {long:,}",
        unit="CPU ms/message",
        hub=middle([old for _, old in rounds]),
        raw=middle([young for young, _ in rounds]),
        raw_what=f"after {SHORT:,}",
        ratio=middle([old / young for young, old in rounds]),
        bar=BAR,
        details={"ratios": [old / young for young, old in rounds], "database_gb": database_bytes / 1e9},
    )
