"""What a provider's listing proves about an attempt whose answer was lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from channels.types import FoundMessage

CLOCK_SKEW = timedelta(seconds=60)
"""A provider's clock may be this far behind ours."""


class Proof(Enum):
    """What the listing shows."""

    PRESENT = "present"  # exactly one message fits and is nobody else's
    ABSENT = "absent"  # none fits and the provider had time to list it
    UNDECIDED = "undecided"  # too early, or more than one fits


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What we asked the provider to do, and when."""

    sender: str
    body: str
    marked_at: datetime


def judge(
    asked: LookUp,
    found: Sequence[FoundMessage],
    held: Collection[str],
    now: datetime,
    settle: timedelta,
) -> tuple[Proof, FoundMessage | None]:
    """Compare a listing with what we asked for. `held` are provider ids that belong to other attempts.

    A message that fits but is another attempt's proves nothing. An empty listing proves absence only after `settle`,
    because a provider lists a message some time after it took it.
    """
    candidates = [
        message
        for message in found
        if message.sender == asked.sender
        and message.body == asked.body
        and message.created_at >= asked.marked_at - CLOCK_SKEW
        and message.event.provider_message_id not in held
    ]
    if len(candidates) == 1:
        return Proof.PRESENT, candidates[0]
    if not candidates and now - asked.marked_at >= settle:
        return Proof.ABSENT, None
    return Proof.UNDECIDED, None
