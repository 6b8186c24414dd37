"""`hub up`: everything on one machine, in the foreground, from nothing to ready."""

import fcntl
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click
from setproctitle import setproctitle

from hub import demo
from hub.core import migrate, secrets_file
from hub.core.settings import Settings, data_dir, has_keys, socket_dir
from hub.supervision.programs import hub_programs, server_programs
from hub.supervision.supervisor import Interrupted, Supervisor


class CannotRun(Exception):
    """The hub cannot start here and now. The text is for the operator and says what to do."""


def up(environ: Mapping[str, str]) -> None:
    """Run the hub until Ctrl-C; everything is gone when this returns."""
    environment = _visible_environment(environ)
    setproctitle("hub-supervisor")
    folder = data_dir(environment)
    with only_one(folder):
        if not has_keys(environment):
            secrets_file.create_if_absent(folder)
        settings = Settings.from_environment(environment)
        try:
            with suppress(Interrupted), Supervisor(folder, environment) as supervisor:
                _run(supervisor, settings, environment)
        finally:
            shutil.rmtree(socket_dir(folder), ignore_errors=True)


def _run(supervisor: Supervisor, settings: Settings, environment: Mapping[str, str]) -> None:
    demo.retire(settings.data_dir)
    _check_port("PORT", settings.host, settings.port)
    _check_port("SIMULATOR_PORT", "127.0.0.1", settings.simulator_port)
    for program in server_programs(settings):
        supervisor.start(program)
    supervisor.act(partial(migrate.upgrade, settings))
    for program in hub_programs(settings, {**environment, **_shared_metrics(settings.data_dir)}):
        supervisor.start(program)
    click.echo(supervisor.act(partial(demo.prepare, settings)))
    supervisor.watch()


def _shared_metrics(folder: Path) -> dict[str, str]:
    """Let every process count into one folder, so that any of them can show the sums; it is emptied at each start."""
    metrics = folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    return {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}


def _visible_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that names DATA_DIR, having started anew under it if this process was given another.

    Operators find out whose a process is by the environment that the kernel shows: the one that it was started with,
    which setproctitle writes over unless it is told not to.
    """
    visible = {**environ, "DATA_DIR": str(data_dir(environ)), "SPT_NOENV": "1"}
    if visible["DATA_DIR"] != environ.get("DATA_DIR"):
        os.execve(sys.executable, sys.orig_argv, visible)  # noqa: S606 - ourselves again
    os.putenv("SPT_NOENV", "1")
    return visible


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data directory's lock, or raise `CannotRun`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotRun(
                f"A hub runs on {folder} already (process {lock.read().strip() or 'unknown'}). "
                "Stop it, or give this one another DATA_DIR, PORT and SIMULATOR_PORT."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_port(variable: str, host: str, port: int) -> None:
    """Raise `CannotRun` if somebody else listens there: a probe would take their answer for ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
        except OSError as error:
            raise CannotRun(f"{variable} {port} on {host} is not free ({error.strerror}). Choose another.") from error
