"""The whole hub as the operator starts it: `make run`, Ctrl-C, and what happens to it in between."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests

from hub.embedded.places import Account, can_reach, server_account
from tests.channels.servers import free_port, wait_until
from tests.supervision.running import ONLY_LINUX, ROOT, Running

pytestmark = [ONLY_LINUX, pytest.mark.timeout(300)]
PATIENCE_SECONDS = 90  # a dozen interpreters start at once; what takes 5 s alone takes a minute on a busy machine
UP = [sys.executable, "-m", "hub.cli", "up"]
TITLES = ("hub-supervisor", "hub-guardian", "hub-simulator", "hub-web", "hub-worker", "hub-relay")


class Hub(Running):
    """A hub on ports of its own."""

    def __init__(self, data_dir: Path, command: list[str] = UP, account: Account | None = None) -> None:
        self.port, self.simulator_port = free_port(), free_port()
        ports = {"PORT": str(self.port), "SIMULATOR_PORT": str(self.simulator_port)}
        super().__init__(command, data_dir, account, **ports)

    def is_ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).ok
        except requests.RequestException:
            return False


@pytest.fixture
def folder():
    """Make a folder below /tmp itself: pytest's own are private to root, which costs PostgreSQL a detour."""
    path = Path(tempfile.mkdtemp(prefix="trunkline-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(folder):
    started = []

    def start_hub(name="data", **how):
        started.append(Hub(folder / name, **how))
        return started[-1]

    yield start_hub
    for hub in started:
        hub.end()


def test_everything_is_kept_running_until_ctrl_c(start):
    """Each process is killed once; the data directory is locked meanwhile; nothing is left in the end."""
    hub = start()
    hub.wait_for("credentials.json", PATIENCE_SECONDS)
    environment = {**os.environ, "DATA_DIR": str(hub.data_dir)}
    second = subprocess.run(UP, cwd=ROOT, env=environment, capture_output=True, check=False)
    titles = hub.living().values()
    before = hub.pids()
    victims = [name for name in before if name != "supervisor"]
    hub.kill(*victims)
    wait_until(lambda: all(hub.is_another(name, before[name]) for name in victims), PATIENCE_SECONDS)
    wait_until(hub.is_ready, PATIENCE_SECONDS)
    os.killpg(hub.process.pid, signal.SIGINT)
    hub.wait_gone(30)

    assert not [title for title in TITLES if not any(line.startswith(title) for line in titles)]
    assert 1 == second.returncode
    assert b"runs on" in second.stderr
    assert 0 == hub.process.returncode


def test_two_hubs_side_by_side_do_not_meet(start):
    """One is killed and leaves nothing; the other, interrupted through `make` alone, stops as well."""
    one = start("one")
    other = start("other", command=["make", "run"])
    one.wait_for("credentials.json", PATIENCE_SECONDS)
    other.wait_for("credentials.json", PATIENCE_SECONDS)

    one.kill("supervisor")
    one.wait_gone(10)

    assert other.is_ready()
    os.kill(other.process.pid, signal.SIGINT)
    other.wait_gone(30)


def test_a_port_that_is_taken_is_named(folder):
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        environment = {**os.environ, "DATA_DIR": str(folder / "data"), "PORT": str(taken.getsockname()[1])}
        refused = subprocess.run(UP, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert 1 == refused.returncode
    assert f"PORT {environment['PORT']}" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root is an ordinary user in every test")
def test_an_ordinary_user_needs_no_rights(start):
    """The servers then run as that user, in folders of theirs."""
    account = server_account()
    if not can_reach(Path(sys.executable).resolve(), account):
        pytest.skip("this Python lies in a private home, where no other account can run it")
    hub = start(account=account)

    hub.wait_for("credentials.json", PATIENCE_SECONDS)
    os.killpg(hub.process.pid, signal.SIGINT)

    hub.wait_gone(30)
