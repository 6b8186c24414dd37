"""A backup is restored elsewhere, and nothing that was sent after it is sent again."""

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from hub.core.settings import embedded_database_url
from hub.embedded.servers import running_servers
from tests.operations.test_rotation import command
from tests.support.live import LiveHub, wait_until

OPEN_MESSAGES = 10_000
SENT_AFTER_BACKUP = 100
TABLES = ("messages", "events", "provider_ids", "feed", "suppressions", "audit", "api_keys", "workspaces")


@dataclass
class Restored:
    """A hub restored from a backup, what was due after it, and the tables before and after."""

    hub: LiveHub
    due: list[dict[str, Any]]
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """Back up a hub with 10 000 open messages, let it send some more, and restore it elsewhere."""
    folder = tmp_path_factory.mktemp("backup")
    first = LiveHub(folder / "first")
    first.fill(OPEN_MESSAGES - SENT_AFTER_BACKUP, send_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    soon = (datetime.now(UTC) + timedelta(seconds=12)).isoformat()
    due = first.fill(SENT_AFTER_BACKUP, send_at=soon, ttl_seconds=600)
    before = fingerprints(embedded_database_url(first.running.data_dir))
    command(first, "backup", str(folder / "backup"))
    assert not first.carrier.received(), "the backup has to be older than the first hand-over"
    wait_until(lambda: len(first.carrier.received()) == SENT_AFTER_BACKUP, 60)
    first.stop()

    (folder / "second").mkdir()
    shutil.copy(folder / "first" / "secrets", folder / "second" / "secrets")
    shutil.copytree(folder / "first" / "simulator", folder / "second" / "simulator")
    environment = {**first.running.environment, "DATA_DIR": str(folder / "second")}
    restore = [sys.executable, "-m", "hub.cli", "restore", str(folder / "backup")]
    subprocess.run(restore, env=environment, check=True, capture_output=True, timeout=120)
    with running_servers(folder / "second", keep=True) as servers:
        after = fingerprints(servers.database_url)
    second = LiveHub(folder / "second")
    yield Restored(second, due, before, after)
    second.discard()
    first.running.end()


def fingerprints(url: str) -> dict[str, Any]:
    """Count and hash the rows of the tables that hold what was promised."""
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table} t"
            ).fetchone()
            for table in TABLES
        }


def test_what_was_backed_up_is_what_is_restored(restored):
    """Every table has the same rows, byte for byte."""
    assert OPEN_MESSAGES == restored.before["messages"][0]
    assert restored.before == restored.after


def test_nothing_already_sent_is_sent_again(restored):
    """Every message that went out after the backup is found at the provider, not sent a second time."""
    hub = restored.hub

    finals = [hub.settle(message, seconds=90) for message in restored.due]

    taken = Counter(entry["body"] for entry in hub.carrier.received())
    assert {1} == set(taken.values())
    assert SENT_AFTER_BACKUP == len(taken)
    assert {"delivered"} == {message["status"] for message in finals}


def test_sending_goes_on_once_all_is_reconciled(restored):
    """The hold ends when nothing is in doubt; a new message then goes out."""
    hub = restored.hub
    for message in restored.due:
        hub.settle(message, seconds=90)

    told = command(hub, "reconcile")
    message = hub.settle(hub.send_sms("+79161234567"))

    assert "Sending is not held." == told.strip()
    assert "delivered" == message["status"]
