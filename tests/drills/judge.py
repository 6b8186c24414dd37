"""Judges a drill: what was asked for, what the hub says became of it, what the provider really took.

Pure: values in, a verdict out. The provider's own log is the only witness of what was sent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

NEVER_TAKEN = frozenset({"expired", "failed", "cancelled", "suppressed"})
"""Statuses that say, with a reason, that no provider has the message."""
AT_LAST = {
    2: "undelivered",
    3: "undelivered",
    4: "unconfirmed",
    12: "unconfirmed",
}
"""How a message ends that the provider took, by the ending of its number; all others arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message that the hub answered 202 for. `marker` is in its text and in no other."""

    marker: str
    ending: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the hub says about a message in the end."""

    message_id: str
    marker: str
    status: str
    final: bool
    reason: str | None


@dataclass(slots=True)
class Verdict:
    """Complaints, each a line that names the message. A drill passed when all lists are empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)  # no complaint: its deadline came before the proof
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> bool:
        """Tell whether nothing is to be complained about."""
        return not (self.lost or self.doubled or self.wrong)

    def __str__(self) -> str:
        names = ("lost", "doubled", "wrong")
        lines = [f"{name}: {line}" for name in names for line in getattr(self, name)[:20]]
        return "\n".join([", ".join(f"{len(getattr(self, name))} {name}" for name in names), *lines])


def judge(asked: Iterable[Asked], told: Mapping[str, Told], taken: Iterable[str]) -> Verdict:
    """Compare. `told`: every message of the hub by its id; `taken`: the markers in the provider's log."""
    verdict = Verdict()
    times = Counter(taken)
    known = set()
    for item in asked:
        known.add(item.message_id)
        mine = told.get(item.message_id)
        verdict.statuses[mine.status if mine else "gone"] += 1
        _judge_one(verdict, item, mine, times.pop(item.marker, 0))
    verdict.doubled += [f"{marker}: taken {count} times, never accepted by the hub" for marker, count in times.items()]
    strangers = [item for key, item in told.items() if key not in known]
    verdict.doubled += [
        f"{item.marker}: {item.message_id} exists beside the one that was answered" for item in strangers
    ]
    return verdict


def _judge_one(verdict: Verdict, item: Asked, mine: Told | None, times: int) -> None:
    name = f"{item.marker} ({item.message_id}, ending {item.ending:04d})"
    if mine is None:
        verdict.lost.append(f"{name}: the hub does not know it")
        return
    end = f"{mine.status}, {mine.reason}"
    if not mine.final:
        verdict.lost.append(f"{name}: not final: {end}; taken {times} times")
    elif times > 1:
        verdict.doubled.append(f"{name}: taken {times} times: {end}")
    elif times == 1 and mine.status != AT_LAST.get(item.ending, "delivered"):
        verdict.wrong.append(f"{name}: taken, but {end}")
    elif times == 0 and (mine.status, mine.reason) == ("unconfirmed", "outcome_unknown"):
        verdict.unproved.append(name)
    elif times == 0 and mine.status not in NEVER_TAKEN:
        verdict.lost.append(f"{name}: never taken, but {end}")
    elif times == 0 and not mine.reason:
        verdict.lost.append(f"{name}: never taken, and {mine.status} without a reason")
