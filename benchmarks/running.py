"""The pieces of a hub, each started as the supervisor starts it, but one by one."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

from benchmarks import measuring
from channels.simulator import accounts
from hub import demo
from hub.core import migrate, secrets_file
from hub.core.outbox import Lane
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers, running_servers
from hub.supervision.program import Program, python
from hub.supervision.programs import hub_programs

NOT_INHERITED: Final = ("DATABASE_URL", "REDIS_URL", "HOST", "PUBLIC_URL", "HUB_SECRET_KEYS", "HUB_INDEX_KEYS")
PORTS: Final = range(20_000, 32_000)  # below those that the kernel gives to clients
START_SECONDS = 60
WAIT_SECONDS = 180
POLL_SECONDS = 0.02


class BenchmarkFailed(Exception):
    """What was to be measured did not happen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A running program with its children."""

    program: Program
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Return the root of its process tree."""
        return self.process.pid

    def stop(self) -> None:
        """End it as the supervisor does. Safe to repeat."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(self.program.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(self.program.stop_seconds)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # it leads a session of its own
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Hub:
    """A migrated database, Valkey and the demo workspace; processes of the hub are started when they are wanted."""

    settings: Settings
    environment: Mapping[str, str]
    servers: RunningServers
    server_pids: Sequence[int]
    credentials: Mapping[str, Any]
    stack: ExitStack = field(repr=False)

    def start_web(self) -> Piece:
        """Start the web as `hub up` does."""
        return self._start(self._program("web"))

    def start_worker(self, lane: Lane) -> Piece:
        """Start the worker of one lane as `hub up` does."""
        return self._start(self._program(f"worker:{lane}"))

    def start_all(self, *, but: str = "") -> list[Piece]:
        """Start what `hub up` starts, in its order, but for one program."""
        programs = hub_programs(self.settings, self.environment)
        return [self._start(program) for program in programs if program.name != but]

    def start_bare_web(self, web: Piece, application: str, port: int, is_ready: Callable[[], bool]) -> Piece:
        """Start another WSGI application with the very command of `web`."""
        changes = {"wsgi:app": application, str(self.settings.port): str(port)}
        words = [changes.get(word, word) for word in _words(web.process)[1:]]
        return self.start(words, is_ready)

    def start(self, words: Sequence[str], is_ready: Callable[[], bool]) -> Piece:
        """Start a Python program of the benchmarks."""
        launch = python(*words, environment=self.environment)
        name = " ".join(words[:2])
        return self._start(Program(name=name, launch=launch, is_ready=is_ready, stop_turn=0, stop_seconds=5))

    def cpu_seconds(self, *pieces: Piece) -> float:
        """Return the CPU time that PostgreSQL, Valkey and these pieces have used so far."""
        return measuring.cpu_seconds(*self.server_pids, *(piece.pid for piece in pieces))

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection that sees all workspaces."""
        return psycopg.connect(self.servers.superuser_url.replace("@/postgres", "@/hub"), autocommit=True)

    def _program(self, name: str) -> Program:
        return next(p for p in hub_programs(self.settings, self.environment) if p.name == name)

    def _start(self, program: Program) -> Piece:
        with (self.settings.data_dir / "benchmark.log").open("ab") as log:
            process = program.launch(partial(_write_to, log.fileno()))
        piece = Piece(program, process)
        self.stack.callback(piece.stop)
        until(lambda: process.poll() is not None or program.is_ready(), f"{program.name} to answer", START_SECONDS)
        if process.poll() is not None:
            raise BenchmarkFailed(f"{program.name} ended at once:\n{Path(log.name).read_text()[-2000:]}")
        return piece


@contextmanager
def hub_at_rest(**settings: str) -> Iterator[Hub]:
    """Make a hub of which only the two servers run; everything is gone at the end. `settings` are its environment."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="trunkline-bench-"))
        environment = _environment(folder, settings)
        servers = stack.enter_context(running_servers(folder))
        secrets_file.create_if_absent(folder)
        configured = Settings.from_environment(environment)
        migrate.upgrade(configured)
        accounts_folder = folder / "simulator"
        accounts_folder.mkdir()
        accounts.load(accounts_folder)
        demo.prepare(configured)
        credentials = json.loads((folder / "credentials.json").read_text())
        # The processes of the hub end before the servers do, whatever happens.
        pieces = stack.enter_context(ExitStack())
        yield Hub(configured, environment, servers, _server_pids(servers), credentials, pieces)


def until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Wait for something to become true or raise `BenchmarkFailed`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise BenchmarkFailed(f"waited {seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)


def free_port() -> int:
    """Return a port nobody listens on, out of reach of the ports that clients are given."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


def _environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    metrics = folder / "metrics"  # as `hub up` does
    metrics.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {
        **inherited,
        "PORT": str(free_port()),
        "SIMULATOR_PORT": str(free_port()),
        **settings,
        "DATA_DIR": str(folder),
        "SPT_NOENV": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _server_pids(servers: RunningServers) -> list[int]:
    """Ask both servers for their main process."""
    place = (servers.postgres.data_dir / "postgres").resolve()
    postgres = int((place / "data" / "postmaster.pid").read_text().split()[0])
    with redis.Redis.from_url(servers.redis_url) as client:
        valkey: Any = client.info("server")
    return [postgres, int(valkey["process_id"])]


def _words(process: subprocess.Popen[bytes]) -> list[str]:
    words: Any = process.args
    return [str(word) for word in words]


def _write_to(log: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
