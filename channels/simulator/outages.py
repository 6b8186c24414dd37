"""Declared outages: what a provider does wrong for a while, on top of its scripts."""

import random
import time
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What is wrong."""

    DOWN = "down"  # the connection is closed, the request unread
    ERRORS = "errors"  # 503, not accepted
    SLOW = "slow"  # accepted, answered late
    NO_RECEIPTS = "no-receipts"  # accepted, receipts dropped for good, look-ups fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`rate` is the share of requests it hits; `ends_at` is by the monotonic clock."""

    provider: str
    channel: str | None
    mode: Mode
    rate: float
    ends_at: float


class Outages:
    """The outages in force; a provider's channel has one at a time. Forgotten when the process ends."""

    def __init__(self) -> None:
        self._declared: dict[tuple[str, str | None], Outage] = {}

    def declare(self, outage: Outage) -> None:
        """Start an outage, in place of an earlier one of the same provider and channel."""
        self._declared[outage.provider, outage.channel] = outage

    def end(self) -> None:
        self._declared.clear()

    def hit(self, provider: str, channel: str) -> Mode | None:
        """Roll the dice for one request: what goes wrong with it, if anything."""
        if not self._declared:
            return None
        outage = self._declared.get((provider, channel)) or self._declared.get((provider, None))
        if outage is None or time.monotonic() >= outage.ends_at or random.random() >= outage.rate:  # noqa: S311  # no secret
            return None
        return outage.mode
