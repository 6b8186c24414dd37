"""Ids: UUIDv7 inside, TypeIDs outside (https://github.com/jetify-com/typeid/tree/main/spec).

A UUIDv7 sorts by its time of birth; a TypeID says what it names: `msg_01h455vb4pex5vsknk084sn02q`.
"""

from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

import uuid_utils.compat

MessageId = NewType("MessageId", UUID)

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DIGITS = {character: value for value, character in enumerate(ALPHABET)}
PAIRS = tuple(high + low for high in ALPHABET for low in ALPHABET)
SUFFIX_LENGTH = 26


class BadId(ValueError):
    """The text is not an id of this kind."""


def new() -> UUID:
    """Make a UUIDv7 (RFC 9562)."""
    return uuid_utils.compat.uuid7()


def show(prefix: str, value: UUID) -> str:
    """Write an id for the outside."""
    number = value.int
    pairs = [PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


def read(prefix: str, text: str) -> UUID:
    """Read what `show` wrote or raise `BadId`."""
    head, _, suffix = text.rpartition("_")
    if head != prefix or len(suffix) != SUFFIX_LENGTH or suffix[0] > "7":
        raise BadId(text)
    number = 0
    for character in suffix:
        if character not in DIGITS:
            raise BadId(text)
        number = number << 5 | DIGITS[character]
    return UUID(int=number)


def show_attempt(message_id: UUID, number: int) -> str:
    """Write an attempt's id. It holds its message's id, so that a callback finds its partition by itself."""
    return f"{show('att', message_id)}_{number}"


def read_attempt(text: str) -> tuple[MessageId, int]:
    """Read what `show_attempt` wrote or raise `BadId`."""
    head, _, number = text.rpartition("_")
    if not (number.isascii() and number.isdigit() and len(number) <= 4):  # noqa: PLR2004 - attempts are few
        raise BadId(text)
    return MessageId(read("att", head)), int(number)


def born_at(value: UUID) -> datetime:
    """Return the millisecond a UUIDv7 was made in."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def first_of(moment: datetime) -> UUID:
    """Return the smallest UUIDv7-shaped value of that millisecond: a bound for partitions and keysets."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)
