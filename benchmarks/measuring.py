"""What the kernel says about processes: CPU time and memory, with all their children.

CPU time (user + system) hardly depends on what else the machine does at the moment; the time on a wall clock does.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used itself, and its children that ended. CPU in seconds, memory in bytes."""

    parent: int
    own_seconds: float
    ended_children_seconds: float
    resident_bytes: int


def cpu_seconds(*roots: int) -> float:
    """Return the user and system time that these processes and all their descendants have used so far."""
    return sum(usage.own_seconds + usage.ended_children_seconds for usage in _trees(roots))


def resident_bytes(*roots: int) -> int:
    """Return the resident memory of these processes and their descendants; shared pages count in each."""
    return sum(usage.resident_bytes for usage in _trees(roots))


def millis(seconds: float, count: int) -> float:
    """Return milliseconds for each of `count` things."""
    return seconds * 1000 / count


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share (0 to 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(values: Sequence[float]) -> float:
    """Return the median: one round that another program disturbed does not move it."""
    return float(median(values))


def _trees(roots: Sequence[int]) -> Iterator[Usage]:
    everything = dict(_all())
    wanted = set(roots)
    grew = True
    while grew:
        found = {pid for pid, usage in everything.items() if usage.parent in wanted}
        grew = not found <= wanted
        wanted |= found
    return (everything[pid] for pid in wanted if pid in everything)


def _all() -> Iterator[tuple[int, Usage]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
        user, system, ended_user, ended_system = (int(value) / TICKS_PER_SECOND for value in fields[11:15])
        yield (
            int(folder.name),
            Usage(int(fields[1]), user + system, ended_user + ended_system, int(fields[21]) * PAGE_BYTES),
        )
