"""What an attempt adds to the month's spend, and what the month's spend makes of a ceiling."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from channels.types import Cost
from tracking.delivery import TAKEN, AttemptStatus

PAYABLE = TAKEN | {AttemptStatus.UNKNOWN}
"""A provider took it, or may have: it is paid for."""
NEAR = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is known of an attempt's price. `segment_price` serves until the provider tells the cost."""

    cost: Cost | None = None
    segments: int | None = None
    segment_price: Cost | None = None
    counted: Cost | None = None  # what the attempt has added to the spend so far


class State(StrEnum):
    """How near a month's spend is to its ceiling."""

    OK = "ok"
    NEAR = "near"
    REACHED = "reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A month's spend in one currency, held against its ceiling. `others`: spent in other currencies, by currency."""

    spent_micros: int
    currency: str | None
    ceiling_micros: int | None
    segment_micros: int = 0  # what the next segment costs at the least, as far as it is known
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Return which part of the ceiling is spent; None without a ceiling."""
        if self.ceiling_micros is None:
            return None
        return self.spent_micros / self.ceiling_micros if self.ceiling_micros else 1.0

    @property
    def state(self) -> State:
        """Return what is left: a warning from 80 % on, an end when it does not pay for one segment more."""
        if self.ceiling_micros is None:
            return State.OK
        if self.ceiling_micros - self.spent_micros < max(self.segment_micros, 1):
            return State.REACHED
        return State.NEAR if (self.ratio or 0.0) >= NEAR else State.OK


def due(status: AttemptStatus, bill: Bill) -> Cost | None:
    """Return what an attempt costs by all that is known; None if nobody took it or nobody knows a price."""
    if status not in PAYABLE:
        return None
    if bill.cost:
        return bill.cost
    if bill.segment_price and bill.segments:
        return Cost(micros=bill.segments * bill.segment_price.micros, currency=bill.segment_price.currency)
    return None


def moves(before: Cost | None, after: Cost | None) -> Iterator[Cost]:
    """Return what to add to the spend so that one cost stands in the place of another."""
    if before == after:
        return
    if before:
        yield Cost(micros=-before.micros, currency=before.currency)
    if after:
        yield after


def month_of(moment: datetime) -> date:
    """Return the first day of a moment's month, in UTC: the month that a call belongs to."""
    return moment.astimezone(UTC).date().replace(day=1)


def meter(
    spent: Mapping[str, int], currency: str | None, ceiling_micros: int | None, segment_micros: int | None = None
) -> Meter:
    """Hold what was spent, by currency, against a ceiling. Without a currency the greatest amount is shown."""
    shown = currency or max(spent, key=lambda name: spent[name], default=None)
    others = {name: micros for name, micros in spent.items() if name != shown and micros}
    micros = spent.get(shown, 0) if shown else 0
    return Meter(
        spent_micros=micros,
        currency=shown,
        ceiling_micros=ceiling_micros,
        segment_micros=segment_micros or 0,
        others=others,
    )
