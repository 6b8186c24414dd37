"""`python -m benchmarks [--quick] [row …]`: the hub beside the raw limits of this machine, in the same run."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from benchmarks import accepting, ageing, batching, dispatching, reaching, receipting, report, screens
from benchmarks.report import Figure
from benchmarks.rounds import FULL, QUICK, Size
from benchmarks.running import BenchmarkFailed

ROWS: Mapping[str, Callable[[Size], list[Figure]]] = {
    "accept": accepting.run,
    "batch": batching.run,
    "dispatch": dispatching.run,
    "receipts": receipting.run,
    "reach": reaching.run,
    "history": ageing.run,
    "screens": screens.run,
}


def main() -> int:
    """Run what was asked for, print the table, keep it as JSON; 0 whether or not the bars are met, 1 if a row broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"some of: {', '.join(ROWS)} (all)")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast")
    asked = parser.parse_args()
    unknown = [name for name in asked.rows if name not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    figures: list[Figure] = []
    broken = 0
    for name in asked.rows or ROWS:
        began = time.monotonic()
        try:
            figures += ROWS[name](QUICK if asked.quick else FULL)
        except BenchmarkFailed as error:
            broken = 1
            print(f"{name}: {error}", file=sys.stderr, flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(report.show(figures))
    print(f"\n{report.keep(figures, quick=asked.quick)}")
    return broken


if __name__ == "__main__":
    sys.exit(main())
