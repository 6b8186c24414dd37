import os
import signal
import sys
import time

import pytest

from hub.supervision.program import Program, python
from hub.supervision.supervisor import Child
from tests.channels.servers import wait_until
from tests.supervision.running import ONLY_LINUX, Running

pytestmark = ONLY_LINUX
EVERYONE = 6  # supervisor, guardian, three programs, and a process that one of them starts


@pytest.fixture
def start(tmp_path):
    started = []

    def start_tiny_hub(stop_seconds=1):
        command = [sys.executable, "-m", "tests.supervision.tiny_hub", str(tmp_path / "data"), str(stop_seconds)]
        (tmp_path / "data" / "ready").unlink(missing_ok=True)
        started.append(Running(command, tmp_path / "data"))
        started[-1].wait_for("ready")
        return started[-1]

    yield start_tiny_hub
    for hub in started:
        hub.end()


def test_a_dead_child_is_started_again_without_the_remains_of_the_first(start):
    """The workers of a killed granian would go on answering on the same port."""
    hub = start()
    wait_until(lambda: len(hub.living()) == EVERYONE)
    web, first = hub.pid("web"), set(hub.living())

    hub.kill("web")
    wait_until(lambda: hub.is_another("web", web) and len(hub.living()) == EVERYONE)

    assert 2 == len(first - set(hub.living()))  # the program and the process that it had started
    assert "child.restarted" in hub.output


def test_a_killed_supervisor_leaves_nothing(start):
    """Not even a child of a child, nor one that ignores SIGTERM."""
    hub = start()

    hub.kill("supervisor")

    hub.wait_gone(seconds=8)


def test_a_killed_guardian_is_replaced_and_knows_everyone(start):
    hub = start()
    before = hub.pid("guardian")
    hub.kill("guardian")
    wait_until(lambda: hub.is_another("guardian", before))

    hub.kill("supervisor")

    hub.wait_gone(seconds=8)


def test_what_a_supervisor_and_its_guardian_left_is_ended_by_the_next(start):
    killed = start()
    left = set(killed.living()) - {killed.pid("supervisor"), killed.pid("guardian")}
    killed.kill("guardian", "supervisor")  # the other way round the guardian would still do its work
    killed.process.wait()

    successor = start()

    assert not left & set(successor.living())
    assert "leftovers.killed" in successor.output


def test_ctrl_c_ends_even_a_child_that_does_not_listen(start):
    hub = start(stop_seconds=1)

    os.kill(hub.process.pid, signal.SIGINT)
    hub.wait_gone(seconds=10)

    assert 0 == hub.process.returncode
    assert 1 == hub.output.count("child.killed")
    assert not (hub.data_dir / "processes.json").exists()


def test_a_second_ctrl_c_hurries(start):
    hub = start(stop_seconds=60)

    os.kill(hub.process.pid, signal.SIGINT)
    wait_until(lambda: "hub.stopping" in hub.output)
    time.sleep(0.2)
    os.kill(hub.process.pid, signal.SIGINT)

    hub.wait_gone(seconds=10)


def test_restarts_slow_down_to_one_in_five_seconds():
    child = Child(Program(name="broken", launch=python(environment={}), stop_turn=0, stop_seconds=1))
    child._started_at = time.monotonic()

    delays = [child.postpone() for _ in range(8)]

    assert [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0] == delays
