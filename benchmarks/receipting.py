"""Receipts: keep a signed call-back, beside a Flask route that reads the same form; apply it, beside a bare COPY."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from benchmarks import callbacks, load, messages
from benchmarks.accepting import BARE, RAW_TIMES, Cost, cost_of
from benchmarks.copying import Copied, Twin
from benchmarks.measuring import cpu_seconds, middle, millis
from benchmarks.provider import start_stub
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import Hub, free_port, hub_at_rest, until
from hub.core.outbox import Lane
from hub.supervision.program import answers

MESSAGES = 1500
WARM_UP = 300
AT_LEAST = 300
"""Call-backs are applied in large batches; measuring begins after the first of them, which made the connections."""
INTAKE_BAR = Bar(limit=4)
APPLY_BAR = Bar(limit=0.2, at_least=True)
UNSENT = "SELECT EXISTS (SELECT FROM outbox WHERE topic = 'send')"
KEPT = "SELECT count(*) FROM outbox WHERE topic = 'inbound'"


@dataclass(frozen=True, slots=True)
class Applied:
    """How fast call-backs were applied: events/s, and CPU in ms each of worker, PostgreSQL and Valkey."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the four."""

    raw_intake: Cost
    intake: Cost
    applied: Applied
    copied: Copied


def run(size: Size) -> list[Figure]:
    """Measure keeping with workers stopped, applying from an inbox full of two call-backs for each message.

    The raw side of keeping is the CPU of a bare route; that of applying is a COPY of the event rows that the hub wrote,
    into a table with the same index.
    """
    with hub_at_rest() as hub, hub.connect() as connection:
        web = hub.start_web()
        port = free_port()
        bare = hub.start_bare_web(web, BARE, port, lambda: answers("127.0.0.1", port, "/health/live"))
        start_stub(hub)
        twin = Twin(connection, "events", "workspace_id, message_id, digest")
        headers = callbacks.form_headers(hub)

        def raw(count: int) -> Cost:
            requests = [load.post(port, "/form", body, headers) for body in callbacks.forms(hub, count)]
            return cost_of(lambda: cpu_seconds(bare.pid), lambda: load.fire(port, requests), 204)

        def turn(count: int) -> Round:
            attempts = callbacks.sent(connection, _send(hub, count))
            requests = callbacks.both(hub, attempts)
            raw_intake = raw(count * RAW_TIMES)
            intake = cost_of(lambda: hub.cpu_seconds(web), lambda: load.fire(hub.settings.port, requests), 204)
            applied = _apply(hub)
            return Round(raw_intake, intake, applied, twin.copy(twin.missing(), hub.server_pids[0]))

        raw(WARM_UP)
        turn(WARM_UP + AT_LEAST)
        rounds = [turn(AT_LEAST + size.of(MESSAGES)) for _ in range(size.rounds)]
    return _figures(rounds)


def _send(hub: Hub, count: int) -> Sequence[UUID]:
    """Have messages accepted and sent; return their ids."""
    accepted = messages.accept(hub, count)
    worker = hub.start_worker(Lane.NORMAL)
    with hub.connect() as connection:
        until(lambda: connection.execute(UNSENT).fetchone() == (False,), "the messages to be sent")
    worker.stop()
    return accepted


def _apply(hub: Hub) -> Applied:
    with hub.connect() as connection:

        def kept() -> int:
            (count,) = connection.execute(KEPT).fetchone() or (0,)
            return int(count)

        full = kept()
        worker = hub.start_worker(Lane.RECEIPTS)
        until(lambda: kept() < full, "the first batch")
        left, began, cpu = kept(), time.perf_counter(), hub.cpu_seconds(worker)
        until(lambda: kept() == 0, "the call-backs to be applied")
        seconds, cpu = time.perf_counter() - began, hub.cpu_seconds(worker) - cpu
        worker.stop()
    return Applied(left / seconds, millis(cpu, left))


def _figures(rounds: list[Round]) -> list[Figure]:
    return [
        Figure(
            what="keep a receipt (signed, durable)",
            unit="CPU ms/request",
            hub=middle([item.intake.cpu for item in rounds]),
            raw=middle([item.raw_intake.cpu for item in rounds]),
            raw_what="bare Flask route",
            ratio=middle([item.intake.cpu / item.raw_intake.cpu for item in rounds]),
            bar=INTAKE_BAR,
            details={
                "ratios": [item.intake.cpu / item.raw_intake.cpu for item in rounds],
                "requests_per_second": middle([item.intake.rate for item in rounds]),
                "p99_ms": middle([item.intake.p99 for item in rounds]),
            },
        ),
        Figure(
            what="apply receipts",
            unit="events/s",
            hub=middle([item.applied.rate for item in rounds]),
            raw=middle([item.copied.rate for item in rounds]),
            raw_what="COPY of the events",
            ratio=middle([item.applied.rate / item.copied.rate for item in rounds]),
            bar=APPLY_BAR,
            details={"ratios": [item.applied.rate / item.copied.rate for item in rounds]},
        ),
        Figure(
            what="the same, CPU",
            unit="CPU ms/event",
            hub=middle([item.applied.cpu for item in rounds]),
            raw=middle([item.copied.cpu for item in rounds]),
            raw_what="COPY of the events",
            ratio=middle([item.applied.cpu / item.copied.cpu for item in rounds]),
            details={"ratios": [item.applied.cpu / item.copied.cpu for item in rounds]},
        ),
    ]
