"""Pages by key, never by offset: a cursor is where the last page ended, opaque to the caller."""

import base64
import binascii
from uuid import UUID

from hub.core.problems import Fault, Unprocessable


def cursor(value: str) -> str:
    """Return an opaque cursor."""
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def read_cursor(text: str) -> str:
    """Return what `cursor` was given, or raise `Unprocessable`."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error
    if cursor(value) != text:  # the same place has one spelling
        raise _not_ours()
    return value


def read_id(text: str) -> UUID:
    """Return the id in a cursor, or raise `Unprocessable`."""
    try:
        return UUID(read_cursor(text))
    except ValueError as error:
        raise _not_ours() from error


def read_number(text: str) -> int:
    """Return the number in a cursor, or raise `Unprocessable`."""
    value = read_cursor(text)
    if not (value.isascii() and value.isdigit() and len(value) < 19):  # noqa: PLR2004 - a bigint
        raise _not_ours()
    return int(value)


def _not_ours() -> Unprocessable:
    return Unprocessable("See errors.", errors=[Fault("/after", "Not a cursor of this list.")])
