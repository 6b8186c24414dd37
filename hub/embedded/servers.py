"""The PostgreSQL and the Valkey that the hub runs itself when no DATABASE_URL or REDIS_URL is given.

Both listen on a socket in a folder that only their account can enter, and on no port: whoever may open the socket is
trusted, so there is no password to lose.
"""

import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import psycopg
import redis

from hub.core.settings import embedded_database_url, embedded_redis_url, socket_dir
from hub.embedded.engines import Engine, find_postgres, find_valkey, major_of
from hub.embedded.guard import Guard
from hub.embedded.places import EmbeddedError, discard, identity, make_run_dir, own_place, server_account

POSTGRES_SETTINGS: Final = {
    "listen_addresses": "",  # the socket only
    "unix_socket_permissions": "0700",
    "max_connections": "200",  # web workers, lane workers and relay each keep two pools, one for each role
    "shared_buffers": "256MB",  # fits a laptop; the rest is the page cache's
    "max_wal_size": "4GB",  # campaigns write in bursts; a checkpoint in each would write every page twice
    "synchronous_commit": "on",  # accepted is durable
    "jit": "off",  # the statements are short: compiling them costs more than running them
    "random_page_cost": "1.1",  # no turning disks
    "autovacuum_naptime": "10s",  # outbox rows live for seconds; their remains slow every claim down
    "log_min_messages": "log",  # an ERROR quotes the value that offended, which may be personal data
    "log_min_error_statement": "panic",  # and so does the statement
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
VALKEY_SETTINGS: Final = {
    "port": "0",  # the socket only
    "unixsocketperm": "700",
    "appendonly": "yes",  # bells and rate limits survive a restart
    "appendfsync": "everysec",  # PostgreSQL is the truth; a second of bells is found again by the relay
    "save": "",  # no snapshots beside the append-only file
    "maxmemory-policy": "noeviction",  # an evicted bell would be a silent one
    "loglevel": "warning",
    "daemonize": "no",
    "set-proc-title": "no",  # it would be written over the environment, where DATA_DIR tells whose server this is
}
SUPERUSER: Final = "postgres"
PROBE_SECONDS = 2
READY_SECONDS = 300  # replaying the log after a crash may take minutes
LARGEST_LOG = 10_000_000


class Server(ABC):
    """One embedded server. Starting it twice on one data directory is prevented by the caller's lock."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.run_dir = socket_dir(data_dir)
        self.account = server_account()
        self.log_path = data_dir / f"{self.name}.log"
        self._guard: Guard | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> list[str]:
        """Make what the server needs and return its command line. Safe to repeat."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Ask the server a real question: a pid or an open socket proves nothing."""

    def launch(self, first: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own; `first` runs in the new process before the program does."""
        make_run_dir(self.run_dir, self.account)
        command = self.prepare()
        mode = "wb" if self.log_path.exists() and self.log_path.stat().st_size > LARGEST_LOG else "ab"
        with self.log_path.open(mode) as log:
            return subprocess.Popen(  # noqa: S603 - our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",  # the account need not be able to enter ours
                env=self.environment,
                start_new_session=True,
                preexec_fn=first,  # noqa: PLW1509 - the supervisor has one thread
                **identity(self.account),
            )

    @property
    def environment(self) -> dict[str, str]:
        """Return the server's environment: none of ours, which may hold secrets."""
        return {"DATA_DIR": str(self.data_dir), "PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    def start(self, guard: Guard | None = None) -> None:
        """Start the server under no supervisor; with a guard it cannot outlive this process."""
        self._guard = guard
        self._process = self.launch(guard.introduce(self.stop_signal) if guard else None)

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Block until the server answers; start it again while the remains of a killed one are in its way."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.name} did not answer within {seconds:g} s.\n{self.last_words()}")
            if self._process and self._process.poll() is not None:
                self._sign_off(self._process)
                self.start(self._guard)
            time.sleep(0.05)

    def stop(self, seconds: float = 10) -> None:
        """Stop what `start` started: politely, then for good."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._sign_off(self._process)
        self._process = None

    def kill(self) -> None:
        """End what `start` started as a crash would, for tests; `wait_ready` starts it again."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _sign_off(self, process: subprocess.Popen[bytes]) -> None:
        if self._guard:
            self._guard.sign_off(process.pid)

    def last_words(self) -> str:
        """Return the end of the server's log, to explain a failed start."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-10:])


class Postgres(Server):
    """PostgreSQL with one role and one database, both `hub`."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def prepare(self) -> list[str]:
        place = own_place(self.data_dir, self.name, self.account)
        data = place / "data"
        engine = find_postgres(self.data_dir, self.account, major_of(data))
        if not data.exists():
            self._initialise(engine, data)
        _forget_dead_postmaster(data)
        options = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        return [str(engine.programs / "postgres"), "-D", str(data), "-k", str(self.run_dir), *options]

    def is_ready(self) -> bool:
        try:
            with psycopg.connect(
                host=str(self.run_dir),
                user=SUPERUSER,
                dbname="postgres",
                connect_timeout=PROBE_SECONDS,
                autocommit=True,
            ) as connection:
                _provide(connection)
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self, engine: Engine, data: Path) -> None:
        """Make the data directory under another name first: one that broke off is never taken for a whole one."""
        draft = data.with_name("data.draft")
        shutil.rmtree(draft, ignore_errors=True)
        command = [
            str(engine.programs / "initdb"),
            "-D",
            str(draft),
            "-U",
            SUPERUSER,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        if engine.version >= (17,):
            # The same order of texts on every machine, whatever its C library.
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            command += ["--locale=C.UTF-8", "--data-checksums"]
        made = subprocess.run(  # noqa: S603 - our own command line
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=self.environment,
            **identity(self.account),
        )
        if made.returncode:
            raise EmbeddedError(f"initdb could not make {draft}:\n{made.stderr.strip()}")
        draft.rename(data)


class Valkey(Server):
    """Valkey, or Redis, with an append-only file."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def prepare(self) -> list[str]:
        place = own_place(self.data_dir, self.name, self.account)
        program = find_valkey(self.data_dir, self.account)
        options = {**VALKEY_SETTINGS, "dir": str(place), "unixsocket": str(self.run_dir / "valkey.sock")}
        return [str(program), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def is_ready(self) -> bool:
        client = redis.Redis.from_url(
            f"unix://{self.run_dir}/valkey.sock", socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


@dataclass(frozen=True, slots=True)
class RunningServers:
    """Both servers, answering."""

    postgres: Postgres
    valkey: Valkey
    database_url: str
    redis_url: str

    @property
    def superuser_url(self) -> str:
        """Return the URL to make and drop databases with."""
        return f"postgresql://{SUPERUSER}@/postgres?host={self.postgres.run_dir}"


@contextmanager
def running_servers(data_dir: Path, *, keep: bool = False) -> Iterator[RunningServers]:
    """Run both servers for as long as the block lasts, and delete the data directory unless it is to be kept."""
    servers = RunningServers(
        Postgres(data_dir), Valkey(data_dir), embedded_database_url(data_dir), embedded_redis_url(data_dir)
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, socket_dir(data_dir), ignore_errors=True)
        if not keep:
            stack.callback(discard, data_dir)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        guard = Guard(data_dir / "children.lock", servers.postgres.environment)
        guard.start({})
        stack.callback(guard.close)
        for server in (servers.postgres, servers.valkey):
            server.start(guard)
            stack.callback(server.stop)
        for server in (servers.postgres, servers.valkey):
            server.wait_ready()
        yield servers


def _provide(connection: psycopg.Connection) -> None:
    """Make the role and the database if they are not there yet.

    The role may create roles, for the two that row-level security tells apart, and is no superuser: those would pass
    it unchecked.
    """
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = 'hub'").rowcount:
        connection.execute("CREATE ROLE hub LOGIN CREATEROLE CREATEDB")
    if not connection.execute("SELECT FROM pg_database WHERE datname = 'hub'").rowcount:
        connection.execute("CREATE DATABASE hub OWNER hub")


def _forget_dead_postmaster(data: Path) -> None:
    """Remove a `postmaster.pid` whose number now belongs to another program.

    PostgreSQL itself copes with a number that nobody has. But a container that starts anew deals out the same low
    numbers, and then our own Valkey looks like the postmaster of yesterday.
    """
    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text().split()[0])
        program = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError, IndexError):
        return
    if program != "postgres":
        path.unlink()
