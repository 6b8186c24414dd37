"""What all request and response schemas share: strictness, and mistakes as JSON pointers."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import marshmallow
from babel.numbers import list_currencies
from marshmallow import fields

from hub.core.problems import Fault, Unprocessable

MOST_FIELDS = 100
UNKNOWN_FIELD = "Unknown field."
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
MICROS = 1_000_000


class StrictSchema(marshmallow.Schema):
    """A request body. Unknown fields are refused, JSON types are not converted, every mistake is told at once."""

    class Meta:
        """Refuse what we do not know."""

        unknown = marshmallow.RAISE

    def load(self, data: Any, **options: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        """Read an object; one with far more fields than any of ours is not looked at further."""
        if isinstance(data, dict) and len(data) > MOST_FIELDS:
            raise marshmallow.ValidationError({marshmallow.exceptions.SCHEMA: ["Far too many fields."]})
        return super().load(data, **options)


class AnswerSchema(marshmallow.Schema):
    """A response body, for the OpenAPI document. Services already return it in this shape, so it is not made twice."""

    def dump(self, obj: Any, **_options: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Pass the answer on as it is."""
        return obj


class Whole(fields.Integer):
    """A JSON integer: neither `"1"` nor `1.0` nor `true`."""

    def _validated(self, value: Any) -> int:  # noqa: ANN401 - whatever the client sent
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Flag(fields.Boolean):
    """A JSON boolean: neither `"yes"` nor `1`."""

    def _deserialize(self, value: Any, *_context: Any, **_options: Any) -> bool:  # noqa: ANN401
        if type(value) is not bool:
            raise self.make_error("invalid", input=value)
        return value


class Unread(fields.Nested):
    """A part that is documented here and judged by itself later: any JSON value passes."""

    def deserialize(self, value: Any, *_context: Any, **_options: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value as it came."""
        return value


class Words(fields.String):
    """Text that can be stored: no NUL, no half of a surrogate pair."""

    default_error_messages = {"unstorable": "NUL and lone surrogates are not text."}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, *context, **options)
        if not is_storable(text):
            raise self.make_error("unstorable")
        return text


class Moment(fields.String):
    """A time with its offset."""

    default_error_messages = {"moment": "Not a time with offset, such as 2026-11-22T10:00:00+03:00."}  # noqa: RUF012

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        text = super()._deserialize(value, *context, **options)
        try:
            return read_moment(text)
        except (ValueError, OverflowError) as error:
            raise self.make_error("moment") from error


class Currency(Words):
    """Three letters of ISO 4217."""

    default_error_messages = {"currency": "Not a currency; use three letters such as EUR or RUB."}  # noqa: RUF012

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        text = super()._deserialize(value, *context, **options)
        if text not in list_currencies():
            raise self.make_error("currency")
        return text


class Amount(Words):
    """Money to the cent, as text so that no digit is lost; read as millionths."""

    pattern = AMOUNT
    default_error_messages = {"amount": "Not an amount such as 100 or 99.50."}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, *context: Any, **options: Any) -> Any:  # noqa: ANN401 - marshmallow's signature
        text = super()._deserialize(value, *context, **options)
        if not self.pattern.fullmatch(text) or not Decimal(text):
            raise self.make_error("amount")
        return int(Decimal(text) * MICROS)


def read_moment(text: str) -> datetime:
    """Read an RFC 3339 time, which always has its offset, or raise `ValueError`."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold the text."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def invalid(messages: Any) -> Unprocessable:  # noqa: ANN401 - marshmallow's nested messages
    """Return the problem that tells every mistake a schema found."""
    return Unprocessable("See errors.", errors=list(faults_of(messages)))


def faults_of(messages: Any, pointer: str = "") -> Iterator[Fault]:  # noqa: ANN401 - marshmallow's nested messages
    """Flatten marshmallow's messages: one fault per mistake, each with its JSON pointer (RFC 6901)."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            place = pointer if _is_about_the_whole(name, inner) else f"{pointer}/{_escape(str(name))}"
            yield from faults_of(inner, place)
    elif isinstance(messages, list):
        for inner in messages:
            yield from faults_of(inner, pointer)
    else:
        yield Fault(pointer, str(messages))


def _is_about_the_whole(name: object, messages: object) -> bool:
    """Tell marshmallow's name for the whole object from an unknown field of that name."""
    return name == marshmallow.exceptions.SCHEMA and messages != [UNKNOWN_FIELD]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
