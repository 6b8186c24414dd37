"""The kill drill in small: `make drill` runs the full size."""

import os

import click
import pytest

from tests.drills import drill, kills
from tests.support.live import LiveHub

SEED = 23
"""The suite kills by one schedule, so that a failure can be repeated; `make drill` draws another each time."""
CALLS_IN_FLIGHT = 16
"""What may stay unproved for each kill: the calls whose answers it cost."""


@pytest.fixture
def mortal(tmp_path):
    """Run a hub of which everything may be killed."""
    hub = LiveHub(tmp_path / "var", **drill.QUICK)
    yield hub
    hub.discard()


@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_whatever_dies(mortal):
    """Workers, relay, web, Valkey and PostgreSQL are killed under load; the provider's log is the judge."""
    seed = int(os.environ.get("DRILL_SEED") or SEED)
    click.echo(f"\nThis schedule again: DRILL_SEED={seed}")

    outcome = drill.run(mortal, drill.SMALL, seed, click.echo)

    click.echo(outcome.table())
    assert outcome.verdict.passed, str(outcome.verdict)
    assert len(outcome.verdict.unproved) <= CALLS_IN_FLIGHT * len(outcome.kills)
    assert drill.SMALL.messages == len(outcome.sent.asked)


def test_a_seed_gives_the_same_kills_again():
    """What failed can be repeated."""
    one, same, other = (kills.plan(seed, 60, kills.KINDS) for seed in (1, 1, 2))

    assert one == same
    assert one != other
    assert sorted(kills.KINDS) == sorted(kill.kind for kill in one)
