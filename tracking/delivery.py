"""What became of a message: the maximum over a fixed rank of evidence, never a table of transitions.

Late, repeated, reordered and orphaned receipts therefore all end in the same state.
"""

from collections.abc import Iterable
from enum import IntEnum

from channels.types import EventKind

RANK_STEP = 10


class Status(IntEnum):
    """What we conclude about a message. The tens are the rank; statuses of one rank exclude each other."""

    ACCEPTED = 10  # committed, nothing done yet
    SCHEDULED = 20  # waits for its `send_at`
    SENDING = 30  # a provider is being called, or will be again
    SENT = 40  # a provider took it
    EXPIRED = 50  # the deadline passed before anyone took it
    FAILED = 51  # no provider took it
    CANCELLED = 52  # the caller took it back in time
    SUPPRESSED = 53  # we refused: consent, suppression, cap
    UNCONFIRMED = 60  # one took it, the evidence it can give never came
    UNDELIVERED = 70  # one took it and reported that it did not arrive
    DELIVERED = 80  # it arrived
    READ = 90  # the person opened it

    @property
    def word(self) -> str:
        """Return the status as the API writes it."""
        return self.name.lower()


class AttemptStatus(IntEnum):
    """What we know of one hand-over. The tens are the rank, as in `Status`."""

    CALLING = 10  # the provider is being called; only this can become unknown
    UNKNOWN = 20  # the call ended without proof either way
    THROTTLED = 30  # certainly not taken: too fast
    UNAVAILABLE = 31  # certainly not taken: the provider or account is down
    REJECTED = 32  # certainly not taken: refused for good
    ABSENT = 33  # certainly not taken: a look-up proved it
    SENT = 40
    UNDELIVERED = 70
    DELIVERED = 80
    READ = 90

    @property
    def word(self) -> str:
        """Return the status as the API writes it."""
        return self.name.lower()


EVIDENCE = {
    EventKind.ACCEPTED: AttemptStatus.SENT,
    EventKind.SENT: AttemptStatus.SENT,
    EventKind.DELIVERED: AttemptStatus.DELIVERED,
    EventKind.READ: AttemptStatus.READ,
    EventKind.UNDELIVERED: AttemptStatus.UNDELIVERED,
    EventKind.UNKNOWN: AttemptStatus.CALLING,  # proves nothing
}
VERDICTS = frozenset({Status.EXPIRED, Status.FAILED, Status.CANCELLED, Status.SUPPRESSED})
"""What we decide without a provider. Evidence of acceptance beats each of them."""
FINAL = VERDICTS | {Status.UNCONFIRMED, Status.UNDELIVERED, Status.DELIVERED, Status.READ}
OPEN = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.SENT})
TAKEN = frozenset({AttemptStatus.SENT, AttemptStatus.UNDELIVERED, AttemptStatus.DELIVERED, AttemptStatus.READ})
"""The provider has it, or had it."""
IN_DOUBT = frozenset({AttemptStatus.CALLING, AttemptStatus.UNKNOWN})
"""The provider may have it; sending again could double it."""


def rank(status: int) -> int:
    """Return the rank of a `Status` or `AttemptStatus`: only a higher rank may replace it."""
    return status // RANK_STEP


def is_better(status: int, known: int) -> bool:
    """Tell whether a status may replace a known one: it has to say more, never as much or less."""
    return rank(status) > rank(known)


def attempt_status_after(status: AttemptStatus, kinds: Iterable[EventKind]) -> AttemptStatus:
    """Return the better truth of an attempt and what the provider said of it; the order does not matter."""
    for told in (EVIDENCE[kind] for kind in kinds):
        status = told if is_better(told, status) else status
    return status


def status_after(status: Status, attempt: AttemptStatus) -> Status:
    """Return the better truth of a message's status and one attempt's.

    A verdict of ours gives way to evidence that a provider took the message: it is `unconfirmed` until better comes.
    """
    if attempt not in TAKEN:
        return status
    told = Status(attempt)
    if status in VERDICTS:
        return max(Status.UNCONFIRMED, told)
    return max(status, told, key=rank)


def verdict_at_end(attempts: Iterable[AttemptStatus], otherwise: Status) -> Status:
    """Return the last status when no more evidence is waited for.

    `otherwise` is our verdict (one of `VERDICTS`) if no provider took the message and none may have.
    """
    known = tuple(attempts)
    taken = [Status(attempt) for attempt in known if attempt in TAKEN]
    if taken:
        return max(Status.UNCONFIRMED, *taken)
    if any(attempt in IN_DOUBT for attempt in known):
        return Status.UNCONFIRMED
    return otherwise
