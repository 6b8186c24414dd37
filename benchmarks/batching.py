"""Accept by batch of 1 000, beside a bare COPY of the very rows that the hub stored."""

from dataclasses import dataclass

from benchmarks import load, messages
from benchmarks.copying import Copied, Twin
from benchmarks.measuring import middle, millis, resident_bytes
from benchmarks.report import Bar, Figure
from benchmarks.rounds import Size
from benchmarks.running import Hub, Piece, hub_at_rest

WARM_UP = 6000
MESSAGES = 10_000
BAR = Bar(limit=0.2, at_least=True)
GROWTH_BAR = Bar(limit=1.1)
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Accepted:
    """How fast messages were accepted: messages/s, and CPU in ms each of web, PostgreSQL and Valkey."""

    rate: float
    cpu: float


def run(size: Size) -> list[Figure]:
    """Measure rows/s of one client at a time: one connection posts, then one connection copies the same rows.

    The hub's side includes JSON, validation, encryption and the outbox; the raw side stores the finished message rows
    only, from Python objects, into a table with the same indexes.
    """
    with hub_at_rest() as hub, hub.connect() as connection:
        web = hub.start_web()
        messages.accept(hub, WARM_UP)
        twin = Twin(connection, "messages", "id")
        twin.copy(twin.missing())
        before = resident_bytes(web.pid)
        rounds = []
        for _ in range(size.rounds):
            ours = _accept(hub, web, size.of(MESSAGES))
            raw = twin.copy(twin.missing(), hub.server_pids[0])
            rounds.append((raw, ours))
        after = resident_bytes(web.pid)
    return [_figure(rounds), _memory(before, after, size)]


def _accept(hub: Hub, web: Piece, count: int) -> Accepted:
    requests = list(messages.batches(hub, count))
    before = hub.cpu_seconds(web)
    done = load.fire(hub.settings.port, requests, 1)
    cpu = hub.cpu_seconds(web) - before
    messages.check(done.answers, 202)
    return Accepted(count / done.seconds, millis(cpu, count))


def _figure(rounds: list[tuple[Copied, Accepted]]) -> Figure:
    return Figure(
        what="accept by batch of 1 000",
        unit="messages/s",
        hub=middle([ours.rate for _, ours in rounds]),
        raw=middle([raw.rate for raw, _ in rounds]),
        raw_what="COPY of the rows",
        ratio=middle([ours.rate / raw.rate for raw, ours in rounds]),
        bar=BAR,
        details={
            "ratios": [ours.rate / raw.rate for raw, ours in rounds],
            "cpu_ms_per_message": middle([ours.cpu for _, ours in rounds]),
            "raw_cpu_ms_per_row": middle([raw.cpu for raw, _ in rounds]),
        },
    )


def _memory(before: int, after: int, size: Size) -> Figure:
    return Figure(
        what=f"memory of web after {size.of(MESSAGES) * size.rounds:,} messages",
        unit="MB",
        hub=after / MEGABYTE,
        raw=before / MEGABYTE,
        raw_what="before them",
        ratio=after / before,
        bar=GROWTH_BAR,
    )
