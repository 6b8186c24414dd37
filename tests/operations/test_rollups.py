"""Rollups agree with the messages they count, and say so when they do not."""

import psycopg
import pytest

from hub.core.settings import embedded_database_url
from tests.operations.test_rotation import command
from tests.support.live import LiveHub, phone

TOTAL = "SELECT coalesce(sum(count), 0) FROM message_rollups"


@pytest.fixture(scope="module")
def counted(live: LiveHub) -> LiveHub:
    """Send messages of several outcomes and wait for their ends."""
    sent = [live.send_sms(phone(ending), ttl_seconds=20) for ending in (1234, 2, 5, 7, 1234)]
    for message in sent:
        live.settle(message)
    return live


def test_rollups_kept_with_every_change_equal_a_fresh_count(counted):
    """Counting all messages anew finds no counter wrong."""
    assert "0 counters were wrong." == command(counted, "rebuild-rollups").strip()


def test_a_wrong_counter_is_found_and_mended(counted):
    """A counter that was tampered with is told, and right afterwards."""
    with psycopg.connect(embedded_database_url(counted.running.data_dir), autocommit=True) as connection:
        before = connection.execute(TOTAL).fetchone()
        connection.execute("UPDATE message_rollups SET count = count + 1")

        told = command(counted, "rebuild-rollups")
        after = connection.execute(TOTAL).fetchone()

    assert not told.startswith("0 ")
    assert before == after
