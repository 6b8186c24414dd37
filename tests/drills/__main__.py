"""The kill drill in full size: `make drill ARGS="--seed 7 --messages 5000"`."""

import argparse
import secrets
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from tests.drills import drill
from tests.support.live import LiveHub


def main() -> int:
    """Run one drill, print its table, and fail if the judge complains."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--messages", type=int, default=drill.FULL.messages)
    parser.add_argument("--log", type=Path, help="keep the hub's log in this file")
    wanted = parser.parse_args()
    click.echo(f'This schedule again: make drill ARGS="--seed {wanted.seed} --messages {wanted.messages}"')
    with tempfile.TemporaryDirectory(prefix="trunkline-drill-", ignore_cleanup_errors=True) as folder:
        hub = LiveHub(Path(folder) / "var", **drill.QUICK)
        try:
            outcome = drill.run(hub, replace(drill.FULL, messages=wanted.messages), wanted.seed, click.echo)
            if wanted.log:
                wanted.log.write_text(outcome.output)
        finally:
            hub.discard()
    click.echo(f"\n{outcome.table()}\n")
    if not outcome.verdict.passed:
        click.echo(str(outcome.verdict))
    return not outcome.verdict.passed


if __name__ == "__main__":
    sys.exit(main())
