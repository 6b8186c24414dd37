"""What happens to a message, decided by the end of the address it goes to."""

from collections.abc import Mapping
from enum import StrEnum


class Script(StrEnum):
    """One scripted outcome; the value is also the local part of an email address that asks for it."""

    DELIVERED = "delivered"  # any other ending
    BOUNCE = "bounce"  # accepted, then permanently undeliverable
    DEFERRED = "deferred"  # accepted, then undeliverable for now
    SILENT = "silent"  # accepted, no receipt ever; a look-up says sent
    INVALID = "invalid"  # refused: no such address
    OPTOUT = "optout"  # refused: the person opted out
    JUMBLED = "jumbled"  # delivered; receipts repeat and come out of order
    TIMEOUT = "timeout"  # accepted and delivered, but the request is never answered
    THROTTLED = "throttled"  # too many requests, once per message; then delivered
    EARLY = "early"  # the receipts arrive before the request is answered
    VANISH = "vanish"  # not accepted and the connection cut, once per message; then delivered
    GHOST = "ghost"  # accepted, no answer, no receipt; a look-up finds it


_BY_ENDING: Mapping[str, Script] = {
    "0002": Script.BOUNCE,
    "0003": Script.DEFERRED,
    "0004": Script.SILENT,
    "0005": Script.INVALID,
    "0006": Script.OPTOUT,
    "0007": Script.JUMBLED,
    "0008": Script.TIMEOUT,
    "0009": Script.THROTTLED,
    "0010": Script.EARLY,
    "0011": Script.VANISH,
    "0012": Script.GHOST,
}


def for_number(number: str) -> Script:
    """Return the script of a phone number or chat id."""
    return _BY_ENDING.get(number[-4:], Script.DELIVERED)
