"""Kills parts of a running hub at moments that a seed decides."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from hub.core.settings import embedded_redis_url
from tests.supervision.running import Running

AWAY_SECONDS = 20.0
KINDS = (
    "worker:now",
    "worker:normal",
    "worker:receipts",
    "worker:follow_up",
    "relay",
    "web",
    "web worker",
    "valkey",
    "valkey flushed",
    "postgres",
    "postgres backend",
)
BACKEND = b"postgres: hub"
LONG_KINDS = ("postgres away", "postgres frozen")


@dataclass(frozen=True, slots=True)
class Kill:
    """What dies, when (seconds after the start), and which one of several."""

    at: float
    kind: str
    pick: float


def plan(seed: int, seconds: float, kinds: Sequence[str]) -> list[Kill]:
    """Return one kill of each kind, in the order of time. The same seed gives the same plan."""
    chance = random.Random(seed)
    return sorted((Kill(chance.uniform(0, seconds), kind, chance.random()) for kind in kinds), key=lambda kill: kill.at)


class Killer:
    """Carries out a plan on one hub. Kills nothing that the hub did not start."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._dead: set[int] = set()
        self._special: dict[str, Callable[[float], str]] = {
            "web worker": lambda pick: self._kill_child("web", b"", pick),
            "postgres backend": lambda pick: self._kill_child("postgres", BACKEND, pick),
            "valkey flushed": lambda _: self._flush(),
            "postgres away": lambda _: self._keep_away("postgres"),
            "postgres frozen": lambda _: self._freeze("postgres"),
        }

    def carry_out(self, kills: Sequence[Kill], say: Callable[[str], None]) -> None:
        """Do all of it in time, which stands still during the long ones; comes back after the last."""
        begun = time.monotonic()
        for kill in kills:
            time.sleep(max(0.0, begun + kill.at - time.monotonic()))
            act = self._special.get(kill.kind)
            say(f"{kill.at:6.2f} s  {kill.kind}: {act(kill.pick) if act else self._kill(kill.kind)}")
            if kill.kind in LONG_KINDS:
                begun += AWAY_SECONDS

    def _kill(self, name: str) -> str:
        pid = self._pid(name)
        self._end(pid)
        return f"killed {pid}"

    def _end(self, pid: int) -> None:
        self._dead.add(pid)
        os.kill(pid, signal.SIGKILL)

    def _pid(self, name: str, seconds: float = 15) -> int:
        """Wait for a program that is being restarted, perhaps."""
        end = time.monotonic() + seconds
        while True:
            with suppress(KeyError, OSError, ValueError):
                pid = self._running.pid(name)
                if pid not in self._dead:
                    return pid
            assert time.monotonic() < end, f"{name} is not back"
            time.sleep(0.02)

    def _serving(self, name: str) -> list[int]:
        """Wait until it has served somebody, and return all its processes."""
        while True:
            pid = self._pid(name)
            found = children(pid)
            if any(BACKEND in command(child) for child in found):
                return [pid, *found]
            time.sleep(0.05)

    def _kill_child(self, name: str, title: bytes, pick: float) -> str:
        for _ in range(100):
            found = [pid for pid in children(self._pid(name)) if title in command(pid)]
            if found:
                pid = found[int(pick * len(found))]
                with suppress(ProcessLookupError):
                    self._end(pid)
                    return f"killed {pid}, one of {len(found)}"
            time.sleep(0.05)
        return "none there"

    def _flush(self) -> str:
        client = redis.Redis.from_url(embedded_redis_url(self._running.data_dir), socket_timeout=2)
        try:
            client.flushall()
        except redis.RedisError as error:
            return f"not there: {type(error).__name__}"
        finally:
            client.close()
        return "flushed"

    def _keep_away(self, name: str) -> str:
        """Kill it again as often as it is started."""
        end, times = time.monotonic() + AWAY_SECONDS, 0
        while time.monotonic() < end:
            with suppress(KeyError, OSError, ValueError):
                pid = self._running.pid(name)
                if pid not in self._dead:
                    self._end(pid)
                    times += 1
            time.sleep(0.02)
        return f"away for {AWAY_SECONDS:g} s, killed {times} times"

    def _freeze(self, name: str) -> str:
        """Stop every process of it, as a dying disk does: connections stay open and nobody answers."""
        pids = self._serving(name)
        for each in pids:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGSTOP)
        time.sleep(AWAY_SECONDS)
        for each in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)
        return f"frozen for {AWAY_SECONDS:g} s, {len(pids)} processes"


def children(pid: int) -> list[int]:
    """Return the living children of a process, oldest first."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(folder.name))
    return sorted(found)


def command(pid: int) -> bytes:
    """Return a process's title."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return b""
