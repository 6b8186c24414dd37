"""How many SMS segments a text takes: GSM 03.38 when every character is in it, UCS-2 otherwise.

A segment holds 140 octets. A text of several segments loses 6 octets of each to the header that joins them again.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM = _GSM_BASIC | _GSM_EXTENSION

_JOINER = "\N{ZERO WIDTH JOINER}"
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
# Characters that attach to the one before them although their category is not a mark.
_ATTACHING = frozenset(
    "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}\N{THAI CHARACTER SARA AM}\N{LAO VOWEL SIGN AM}\uff9e\uff9f"
)
_MARKS = frozenset({"Mn", "Mc", "Me"})
_SYMBOL = "So"


class Encoding(StrEnum):
    """The alphabet a text travels in."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentCount:
    """What a text takes. `units` are septets in GSM-7 and 16-bit code units in UCS-2, without headers.

    `left` is how many more units the last segment takes.
    """

    encoding: Encoding
    segments: int
    units: int
    left: int


@dataclass(frozen=True, slots=True)
class _Capacity:
    alone: int
    joined: int


_SEPTETS = _Capacity(alone=160, joined=153)
_CODE_UNITS = _Capacity(alone=70, joined=67)


def count(body: str) -> SegmentCount:
    """Count as the networks bill: an escaped character or a grapheme is never split between two segments.

    An empty text is one segment.
    """
    characters = frozenset(body)
    if characters <= _GSM:
        units = len(body) + sum(map(body.count, characters & _GSM_EXTENSION))
        sizes: Iterable[int] = (2 if character in _GSM_EXTENSION else 1 for character in body)
        segments, left = _segments(units, _SEPTETS, sizes)
        return SegmentCount(encoding=Encoding.GSM_7, units=units, segments=segments, left=left)
    units = _code_units(body)
    sizes = map(_code_units, _graphemes(body))
    segments, left = _segments(units, _CODE_UNITS, sizes)
    return SegmentCount(encoding=Encoding.UCS_2, units=units, segments=segments, left=left)


def outside_gsm(body: str) -> list[str]:
    """Return the characters that force UCS-2, each once, in the order in which they first come."""
    return list(dict.fromkeys(character for character in body if character not in _GSM))


def _segments(units: int, capacity: _Capacity, sizes: Iterable[int]) -> tuple[int, int]:
    """Return how many segments there are and what the last has room for."""
    if units <= capacity.alone:
        return 1, capacity.alone - units
    segments, used = 1, 0
    for size in sizes:
        if used + size > capacity.joined:
            segments, used = segments + 1, 0
        used += size
    return segments, capacity.joined - used


def _code_units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _graphemes(text: str) -> Iterator[str]:
    """Split where a reader sees a new character, near enough to UAX 29: marks, emoji sequences and flags hold."""
    start, flags = 0, 0
    for index in range(1, len(text)):
        flags = flags + 1 if ord(text[index - 1]) in _REGIONAL_INDICATORS else 0
        if not _attaches(text[index - 1], text[index], flags):
            yield text[start:index]
            start = index
    yield text[start:]


def _attaches(before: str, character: str, flags: int) -> bool:
    """Say whether no reader would part the two.

    `flags` is how many regional indicators end at `before`; they pair up from the first.
    """
    if before in "\r\n":
        return False
    code = ord(character)
    if code in _REGIONAL_INDICATORS:
        return flags % 2 == 1
    category = unicodedata.category(character)
    if before == _JOINER and category == _SYMBOL:
        return True
    return category in _MARKS or character in _ATTACHING or code in _SKIN_TONES or code in _TAGS
