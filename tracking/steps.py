"""What to do next about a message, from what is known of its attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from channels.types import Fault
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus, Status, status_after
from tracking.spend import Bill

PATIENCE = timedelta(minutes=15)
"""How long to wait for a receipt before asking the provider the first time."""
AHEAD = timedelta(seconds=15)
"""How long before a deadline a provider is asked, at the most."""
LONGEST_PAUSE = timedelta(seconds=300)
DEAD_ADDRESS = frozenset({Fault.ADDRESS_INVALID, Fault.OPTED_OUT})
"""Faults that forbid writing to the address again on this channel."""
UNBILLED = Bill()


class Do(Enum):
    """The next thing to do about a message."""

    NOTHING = "nothing"  # it is final
    WAIT = "wait"  # a call is under way; whoever made it will tell
    SEND = "send"
    FOLLOW_UP = "follow_up"  # ask the provider, or conclude


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt as far as deciding needs it."""

    number: int
    status: AttemptStatus
    marked_at: datetime
    provider_account_id: UUID
    provider_message_id: str | None = None
    reason_code: str | None = None
    provider_code: str | None = None
    bill: Bill = UNBILLED


@dataclass(frozen=True, slots=True)
class Next:
    """What to do next, and when."""

    do: Do
    at: datetime | None = None


def status_of(status: Status, tries: Sequence[Try]) -> tuple[Status, bool]:
    """Return the message's status and whether it is final, from its status so far and all its attempts.

    The route has one step: an attempt that was refused, or taken and then not delivered, ends the message.
    """
    for attempt in tries:
        status = status_after(status, attempt.status)
    if status < Status.SENT and tries and tries[-1].status is AttemptStatus.REJECTED:
        return Status.FAILED, True
    return status, status > Status.SENT


def next_after(tries: Sequence[Try], deadline: datetime, now: datetime, again_at: datetime | None) -> Next:
    """Return what to do about an open message. `again_at` is when the last provider said to come back."""
    last = tries[-1].status
    if any(attempt.status in TAKEN for attempt in tries):
        return Next(Do.FOLLOW_UP, _next_question(tries[-1].marked_at, deadline, now))
    if last is AttemptStatus.CALLING:
        return Next(Do.WAIT)
    if last in IN_DOUBT:
        return Next(Do.FOLLOW_UP, min(again_at or now, deadline))
    return Next(Do.SEND, min(again_at or now, deadline))


def _next_question(marked_at: datetime, deadline: datetime, now: datetime) -> datetime:
    """Ask after a while, shortly before the deadline, so that many can be asked in time, and conclude at it."""
    ahead = min(AHEAD, (deadline - marked_at) / 4)
    return next((moment for moment in (marked_at + PATIENCE, deadline - ahead) if now < moment < deadline), deadline)


def pause_before(number: int) -> timedelta:
    """Return how long to wait before attempt `number` + 1 when no provider said: it doubles, up to five minutes."""
    return min(timedelta(seconds=2 ** min(number, 10)), LONGEST_PAUSE)
