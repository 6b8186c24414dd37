"""The fast reader and the schema are one judge: what the one accepts, the other reads the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import marshmallow
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.messages.schemas import MAX_TTL_SECONDS, SendMessageSchema, read_fast

SCHEMA = SendMessageSchema()
DEEP = orjson.loads(b'{"a":' * 300 + b"1" + b"}" * 300)
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WELL_FORMED = st.fixed_dictionaries(
    {
        "to": st.fixed_dictionaries({"phone": st.text(LETTERS, min_size=1, max_size=64)}),
        "body": st.text(LETTERS, min_size=1, max_size=40),
        "purpose": st.sampled_from(["transactional", "marketing"]),
    },
    optional={
        "reference": st.text(LETTERS, min_size=1, max_size=255),
        "metadata": st.dictionaries(st.text(LETTERS, max_size=5), st.integers(0, 9) | st.text(LETTERS, max_size=5)),
        "send_at": st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
            datetime.isoformat
        ),
        "ttl_seconds": st.integers(1, MAX_TTL_SECONDS),
        "dedupe": st.just("reference"),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ODD = (
    JSON
    | st.text(max_size=70)
    | st.sampled_from([1.0, True, 0, MAX_TTL_SECONDS + 1, "1", "", "\0", "reference", {"phone": None}, {}])
    | st.sampled_from(["2026-11-22T10:00:00Z", "2026-11-22t10:00:00.123456z", "2026-11-22 10:00:00Z", "2026-11-22"])
    | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T10:00:00+24:00"])
    | st.sampled_from(["2026-11-22T10:00:00.1234567Z", "２０２６-11-22T10:00:00Z", "2026-11-22T10:00:60Z"])
)


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """Make a message with something odd in one place."""
    message: dict[str, Any] = draw(WELL_FORMED)
    place = draw(st.sampled_from([*message, "to.phone", "colour", "send_at", "ttl_seconds", "metadata", "reference"]))
    if place == "to.phone":
        message["to"] = {**message["to"], "phone": draw(ODD)}
    else:
        message[place] = draw(ODD)
    return message


def by_the_schema(data: Any) -> Any:
    try:
        return SCHEMA.load(data)
    except marshmallow.ValidationError:
        return None


@given(WELL_FORMED)
def test_a_well_formed_message_is_read_fast_and_the_same(data):
    """The schema is asked only about what is wrong."""
    assert by_the_schema(data) == read_fast(data)
    assert read_fast(data) is not None


@given(spoilt() | JSON)
@example({"to": {"phone": "+79161234567"}, "body": "x", "purpose": "transactional", "ttl_seconds": 1.0})
@example({"to": {"phone": "+79161234567"}, "body": "x", "purpose": "transactional", "metadata": DEEP})
def test_what_is_read_fast_the_schema_reads_the_same(data):
    """Whatever JSON there is: equal values, or the schema decides."""
    fast = read_fast(data)

    assert fast is None or by_the_schema(data) == fast


@pytest.mark.parametrize("size", [16 * 1024 - 8, 16 * 1024 - 7])
def test_both_measure_metadata_alike(size):
    """The limit is on the bytes of the JSON."""
    data = {"to": {"phone": "1"}, "body": "x", "purpose": "marketing", "metadata": {"x": "y" * size}}

    assert (size <= 16 * 1024 - 8) == (read_fast(data) is not None) == (by_the_schema(data) is not None)


@given(st.integers(-14 * 60, 14 * 60), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_time_is_the_same_moment_in_every_offset(minutes, moment):
    """RFC 3339 in, aware UTC out."""
    sign, shift = "-" if minutes < 0 else "+", timedelta(minutes=minutes)
    text = f"{moment.isoformat()}{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"

    given_at = read_fast({"to": {"phone": "1"}, "body": "x", "purpose": "marketing", "send_at": text})

    assert given_at is not None
    assert (moment - shift).replace(tzinfo=UTC) == given_at["send_at"]
