"""The provider's side: the stub that answers at once, and bare loops at it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.running import Hub, Piece
from hub.supervision.program import TOP


@dataclass(frozen=True, slots=True)
class Stub:
    """A running stub."""

    piece: Piece
    port: int

    def told(self) -> dict[str, Any]:
        """Return what it counted: `taken`, `first_at`, `last_at` (seconds of the monotonic clock)."""
        return _ask(self.port)


def start_stub(hub: Hub) -> Stub:
    """Start the stub where the hub expects the simulator."""
    port = hub.settings.simulator_port

    def is_ready() -> bool:
        with suppress(OSError):
            return "taken" in _ask(port)
        return False

    return Stub(hub.start(["-m", "benchmarks.stub", str(port)], is_ready), port)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a bare loop needed: messages/s, and CPU in ms each."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class BareLoop:
    """A process that sends through the SDK and does nothing else."""

    process: "subprocess.Popen[str]"

    def send(self, count: int) -> Sent:
        """Send some messages."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        return Sent(count / told["seconds"], told["cpu_seconds"] * 1000 / count)


@contextmanager
def bare_loop(hub: Hub, kind: str) -> Iterator[BareLoop]:
    """Run a bare loop at the stub with as many callers as a worker has: with the SDK's HTTP client, or with ours."""
    words = [sys.executable, "-m", "benchmarks.bare_loop", kind, hub.settings.simulator_url]
    words.append(str(hub.settings.calls_in_flight))
    with subprocess.Popen(words, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield BareLoop(process)
        finally:
            assert process.stdin
            process.stdin.close()
            process.wait()


def _ask(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        return told
    finally:
        connection.close()
