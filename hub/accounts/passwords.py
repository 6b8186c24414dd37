"""Passwords: what a good one is, and argon2."""

import unicodedata
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.core.problems import Fault

SHORTEST = 12
LONGEST = 200
"""More would only make argon2 work for whoever sends it."""
COMMON = Path(__file__).with_name("common_passwords.txt")
FEWEST_DIFFERENT = 5

_hasher = PasswordHasher()


def make_hash(password: str) -> str:
    """Return what is kept of a password. Takes about a tenth of a second, on purpose."""
    return _hasher.hash(_normal(password))


def fits(password: str, kept: str | None) -> bool:
    """Tell whether this is the password. Takes as long when there is none to compare with."""
    typed = _normal(password)
    try:
        _hasher.verify(kept or _nobodys(), typed[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None and len(typed) <= LONGEST


def prepare() -> None:
    """Make what unknown people's passwords are compared with, so that not even the first one takes longer."""
    _nobodys()


def is_outdated(kept: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def fault_of(password: str, email: str) -> Fault | None:
    """Return why a password will not do, or None. Length and what others try first, as NIST SP 800-63B has it."""
    plain = _normal(password).casefold()
    if len(plain) < SHORTEST:
        return Fault("/password", "Take at least 12 characters.")
    if len(plain) > LONGEST:
        return Fault("/password", "Take at most 200 characters.")
    if len(set(plain)) < FEWEST_DIFFERENT:
        return Fault("/password", "Take more than a few different characters.")
    if plain in _common() or plain in {email, email.partition("@")[0]}:
        return Fault("/password", "This password is among the first that others would try. Take another.")
    return None


def _normal(password: str) -> str:
    """Make equal what looks equal, however a keyboard wrote it."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text().split())
