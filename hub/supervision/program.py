"""What the supervisor runs: a list of programs, each a value."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOP: Final = Path(__file__).resolve().parents[2]
PROBE_SECONDS = 2


def at_once() -> bool:
    """Tell that a program needs no probe: nothing that starts later relies on it."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program that is kept running."""

    name: str
    launch: Callable[[Callable[[], None]], subprocess.Popen[bytes]]
    """Start it as the leader of a new session, running the argument in the new process first."""
    stop_turn: int
    """Programs stop in order of their turns, those of one turn together."""
    stop_seconds: float
    stop_signal: signal.Signals = signal.SIGTERM
    is_ready: Callable[[], bool] = at_once
    start_seconds: float = 60


def python(*words: str, environment: Mapping[str, str]) -> Callable[[Callable[[], None]], subprocess.Popen[bytes]]:
    """Return how to launch our own Python with these arguments; its output goes where the supervisor's goes."""

    def launch(first: Callable[[], None]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            cwd=TOP,
            env=environment,
            # Ctrl-C reaches the supervisor only: granian hangs when its workers are interrupted together with it.
            start_new_session=True,
            preexec_fn=first,  # noqa: PLW1509 - the supervisor has one thread
        )

    return launch


def answers(host: str, port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
