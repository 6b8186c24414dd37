"""Killed, ended and started again: the judge stays honest and owes nothing silently."""

import json
import signal
import stat
import threading
from pathlib import Path

import pytest

from tests.channels.conftest import fresh_number
from tests.channels.servers import Simulator, fields, free_port, post, wait_until


@pytest.fixture
def late(tmp_path):
    """Start one whose receipts take so long that it can be killed before them."""
    running = Simulator(tmp_path, SIM_RECEIPT_SECONDS="0.5")
    yield running
    running.stop(signal.SIGKILL)


def test_nothing_accepted_is_forgotten_by_a_kill(own):
    """After kill -9 the list is the same, and an unfinished last line does no harm."""
    sids = [post(own).json()["sid"] for _ in range(20)]
    own.stop(signal.SIGKILL)
    with (own.data_dir / "simulator" / "requests.jsonl").open("a") as log:
        log.write('{"id": "SM')

    own.start()
    sids.append(post(own).json()["sid"])
    own.stop(signal.SIGKILL)
    own.start()

    assert sids == [entry["id"] for entry in own.control("GET", "requests").json()["requests"]]


def test_once_per_message_holds_across_a_kill(own):
    """A message that was throttled before the kill is accepted after it."""
    to = fresh_number("0009").e164
    before = post(own, To=to).status_code
    own.stop(signal.SIGKILL)

    own.start()

    assert [429, 201] == [before, post(own, To=to).status_code]


def test_a_callback_given_up_is_settled(own):
    """When all tries have failed, the log says that nothing is owed, so a restart sends nothing."""
    post(own, StatusCallback=f"http://127.0.0.1:{free_port()}/#rc=0")

    wait_until(lambda: '"done"' in (own.data_dir / "simulator" / "requests.jsonl").read_text())


def test_receipts_left_unsent_by_a_kill_follow_after_it(late, listener):
    """A restart sends what the killed process still owed, and nothing it had already sent to the end."""
    done = post(late, StatusCallback=listener.url).json()["sid"]
    wait_until(lambda: '"done"' in (late.data_dir / "simulator" / "requests.jsonl").read_text())
    owed = post(late, StatusCallback=listener.url).json()["sid"]
    late.stop(signal.SIGKILL)

    late.start()
    listener.wait_for(4)

    assert [done] * 2 + [owed] * 2 == [fields(request)["MessageSid"] for request in listener.requests]


def test_the_accounts_are_the_owners_only(own):
    """The file with the made-up credentials can be read by its owner alone, and survives a restart."""
    path = own.data_dir / "simulator" / "accounts.json"
    before = json.loads(path.read_text())
    own.stop()

    own.start()

    assert before == json.loads(path.read_text())
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_the_simulator_ends_cleanly(own):
    """SIGTERM ends it at once, although a request is held open without an answer."""
    to = fresh_number("0012").e164
    held = threading.Thread(target=post, args=(own,), kwargs={"To": to, "lost": True})
    held.start()
    wait_until(lambda: len(own.taken(to)) == 1)

    assert 0 == own.stop()
    held.join()
    own.start()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux shows processes as files")
def test_the_process_is_known_by_its_title_and_environment(own):
    """An operator finds it as `hub-simulator`, and which data it serves in its environment."""
    process = Path("/proc") / str(own.process.pid)

    assert b"hub-simulator" == (process / "cmdline").read_bytes().strip(b"\0")
    assert f"DATA_DIR={own.data_dir}".encode() in (process / "environ").read_bytes().split(b"\0")
