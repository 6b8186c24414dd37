"""Keys are rotated while messages are open, and nothing that was known before is forgotten."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from hub.core.crypto import Vault
from hub.core.secrets_file import read
from tests.support.live import LiveHub, phone

OPEN_MESSAGES = 10_000


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    """Run a hub with a suppression and 10 000 open messages, and give it other keys."""
    folder = tmp_path_factory.mktemp("rotation") / "var"
    first = LiveHub(folder)
    dead = phone(ending=2)
    first.settle(first.send_sms(dead))
    first.fill(OPEN_MESSAGES, send_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    old = read(folder)
    command(first, "new-keys")
    first.stop()
    second = LiveHub(folder)
    command(second, "rotate-keys")
    command(second, "drop-keys")
    second.stop()
    third = LiveHub(folder)
    yield third, dead, old
    third.discard()


def command(hub: LiveHub, *words: str) -> str:
    """Run the `hub` command on a hub's data."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        env=hub.running.environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout


def test_the_old_keys_are_gone(rotated):
    """After drop-keys only keys that did not exist before are left."""
    hub, _, old = rotated

    kept = read(hub.running.data_dir)

    assert not {*old.secret_keys, *old.index_keys} & {*kept.secret_keys, *kept.index_keys}
    assert 1 == len(kept.secret_keys) == len(kept.index_keys)


def test_a_suppression_made_before_still_holds(rotated):
    """The blind index of a suppressed number moved to the new key together with new messages' indexes."""
    hub, dead, _ = rotated

    message = hub.settle(hub.send_sms(dead))

    assert "suppressed" == message["status"]


def test_messages_from_before_are_still_found_by_number(rotated):
    """A search by phone finds what was indexed under the old key."""
    hub, dead, _ = rotated

    found = hub.get("/messages", phone=dead, status="undelivered")["data"]

    assert 1 == len(found)


def test_nothing_needs_the_old_key(rotated):
    """Every message reads back although the hub has the new key only."""
    hub, _, _ = rotated

    page = hub.get("/messages", status="scheduled", limit=100)

    assert [{"n": 1}] * 100 == [message["metadata"] for message in page["data"]]


def test_a_vault_with_other_keys_cannot_open(rotated):
    """The test above can fail: what the old key sealed, the new one does not open."""
    hub, _, old = rotated
    kept = read(hub.running.data_dir)

    token = Vault(old.secret_keys, old.index_keys).seal("secret")

    assert not Vault(kept.secret_keys, kept.index_keys).can_open(token)
