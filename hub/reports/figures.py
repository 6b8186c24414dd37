"""A day's messages in five figures, from what the rollups count."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.reports.days import Day
from hub.reports.store import Count
from tracking.delivery import Status


class Metric(StrEnum):
    """What is counted."""

    MESSAGES = "messages"  # a provider took it, or it ended without one: the sum of the others
    DELIVERED = "delivered"  # it arrived
    NOT_DELIVERED = "not_delivered"  # no provider took it, it did not arrive, or nobody knows
    WAITING = "waiting"  # a provider has it and has not said yet what became of it
    REFUSED = "refused"  # never tried: refused, taken back, or too late


PARTS: Mapping[Metric, frozenset[Status]] = {
    Metric.DELIVERED: frozenset({Status.DELIVERED, Status.READ}),
    Metric.NOT_DELIVERED: frozenset({Status.UNDELIVERED, Status.FAILED, Status.UNCONFIRMED}),
    Metric.WAITING: frozenset({Status.SENT}),
    Metric.REFUSED: frozenset({Status.SUPPRESSED, Status.EXPIRED, Status.CANCELLED}),
}
"""No outcome is in two of these, so that their shares add up to one."""
OUTCOMES: Mapping[Metric, frozenset[Status]] = {Metric.MESSAGES: frozenset().union(*PARTS.values()), **PARTS}
TAKEN = frozenset({Status.SENT, Status.UNCONFIRMED, Status.UNDELIVERED, Status.DELIVERED, Status.READ})
"""A provider has it, or had it."""
TRIED = TAKEN | {Status.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric of a day. `now` and `before` are the same whole hours of the day and of the same day a week ago."""

    metric: Metric
    count: int
    share: float | None  # of all messages of the day; None for these themselves
    by_hour: Sequence[int]
    now: int
    before: int

    @property
    def change(self) -> float | None:
        """Return the change as a part of one; None if there is nothing to compare with."""
        return self.now / self.before - 1 if self.before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A day and the same day a week ago, with what was counted on both. They are compared until two whole hours."""

    day: Day
    before: Day
    until: datetime
    before_until: datetime
    counts: Sequence[Count]

    @property
    def of_day(self) -> list[Count]:
        """Return what was counted on the day."""
        return within(self.counts, self.day.since, self.day.until)

    @property
    def of_before(self) -> list[Count]:
        """Return what was counted in the hours that the day is compared with."""
        return within(self.counts, self.before.since, self.before_until)

    def figure(self, metric: Metric) -> Figure:
        """Return one figure of the day."""
        found = [count for count in self.of_day if count.outcome in OUTCOMES[metric]]
        hours = Counter[datetime]()
        for count in found:
            hours[count.hour] += count.count
        everything = total_of(self.of_day, OUTCOMES[Metric.MESSAGES])
        total = sum(hours.values())
        return Figure(
            metric=metric,
            count=total,
            share=total / everything if everything and metric in PARTS else None,
            by_hour=[hours[hour] for hour in self.day.hours],
            now=total_of(within(found, self.day.since, self.until), OUTCOMES[metric]),
            before=total_of(self.of_before, OUTCOMES[metric]),
        )

    def by_channel(self, metric: Metric) -> dict[str, list[int]]:
        """Return the numbers of each hour by channel, the channels in the order of the alphabet."""
        found = Counter[tuple[str, datetime]]()
        for count in self.of_day:
            if count.outcome in OUTCOMES[metric]:
                found[count.channel, count.hour] += count.count
        channels = sorted({channel for channel, _ in found})
        return {channel: [found[channel, hour] for hour in self.day.hours] for channel in channels}

    def table(self) -> list[tuple[str, Status, int, int]]:
        """Return (channel, outcome, on the day, in the same hours a week ago), the best outcome first."""
        day, before = (_by_outcome(counts) for counts in (self.of_day, self.of_before))
        return [
            (channel, outcome, day[channel, outcome], before[channel, outcome])
            for channel, outcome in sorted(day.keys() | before.keys(), key=lambda key: (key[0], -key[1]))
        ]


def within(counts: Iterable[Count], since: datetime, until: datetime) -> list[Count]:
    """Return what was counted in these hours."""
    return [count for count in counts if since <= count.hour < until]


def total_of(counts: Iterable[Count], outcomes: frozenset[Status]) -> int:
    """Return how many messages have one of the outcomes."""
    return sum(count.count for count in counts if count.outcome in outcomes)


def _by_outcome(counts: Iterable[Count]) -> Counter[tuple[str, Status]]:
    found = Counter[tuple[str, Status]]()
    for count in counts:
        found[count.channel, count.outcome] += count.count
    return found
