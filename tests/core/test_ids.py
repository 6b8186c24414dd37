"""Ids: UUIDv7 inside, TypeIDs outside; what is not one is refused."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import clock, ids, pagination
from hub.core.ids import BadId
from hub.core.problems import Unprocessable

PREFIXES = ["msg", "att", "acc", "key", "evt", "req"]
SPELLINGS = [  # the specification's own examples, https://github.com/jetify-com/typeid/tree/main/spec
    ("00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
    ("00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
    ("0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
    ("00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
    ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ("01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
]


@pytest.mark.parametrize(("suffix", "value"), SPELLINGS)
def test_a_typeid_is_spelt_as_the_specification_says(suffix, value):
    assert f"msg_{suffix}" == ids.show("msg", UUID(value))
    assert UUID(value) == ids.read("msg", f"msg_{suffix}")


@given(st.sampled_from(PREFIXES), st.uuids())
def test_a_typeid_reads_back(prefix, value):
    assert value == ids.read(prefix, ids.show(prefix, value))


@given(st.uuids(), st.uuids())
def test_typeids_sort_as_their_values(one, other):
    """A list sorted by its text is sorted by time."""
    assert (one < other) == (ids.show("msg", one) < ids.show("msg", other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "msg",
        "msg_",
        "_01h455vb4pex5vsknk084sn02q",
        "01h455vb4pex5vsknk084sn02q",
        "acc_01h455vb4pex5vsknk084sn02q",
        "MSG_01h455vb4pex5vsknk084sn02q",
        "msg_01H455VB4PEX5VSKNK084SN02Q",
        "msg_01h455vb4pex5vsknk084sn02",
        "msg_01h455vb4pex5vsknk084sn02qq",
        "msg_81h455vb4pex5vsknk084sn02q",  # over 128 bits
        "msg_z1h455vb4pex5vsknk084sn02q",
        "msg_01h455vb4pex5vsknk084sn02u",  # no u, i, l, o in this alphabet
        "msg_01h455vb4pex5vsknk084sn0 q",
        "msg_\N{ARABIC-INDIC DIGIT ONE}1h455vb4pex5vsknk084sn02q",
        "msg__01h455vb4pex5vsknk084sn02q",
        " msg_01h455vb4pex5vsknk084sn02q",
        "msg_01h455vb4pex5vsknk084sn02q\n",
    ],
)
def test_what_is_not_a_typeid_is_refused(text):
    with pytest.raises(BadId):
        ids.read("msg", text)


@given(st.text(max_size=60))
def test_no_text_but_a_typeid_is_read(text):
    """Whatever is read is written the same way again: one value, one spelling."""
    try:
        value = ids.read("msg", f"msg_{text}")
    except BadId:
        return
    assert f"msg_{text}" == ids.show("msg", value)


@given(st.uuids(), st.integers(0, 9999))
def test_an_attempt_names_its_message_and_its_number(value, number):
    assert (value, number) == ids.read_attempt(ids.show_attempt(value, number))


@pytest.mark.parametrize("number", ["", "x", "-1", "10000", "1.0", "٣", " 1", "+1"])
def test_what_is_not_an_attempts_number_is_refused(number):
    with pytest.raises(BadId):
        ids.read_attempt(f"att_01h455vb4pex5vsknk084sn02q_{number}")


def test_new_ids_are_version_7_and_grow():
    """Made in one process they sort in the order of their making, thousands in a millisecond."""
    made = [ids.new() for _ in range(5000)]

    assert {(7, "specified in RFC 4122")} == {(value.version, value.variant) for value in made}
    assert all(one < other for one, other in pairwise(made))


def test_an_id_knows_the_millisecond_it_was_born_in():
    before = clock.now() - timedelta(milliseconds=1)

    assert before <= ids.born_at(ids.new()) <= clock.now()


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive
def test_the_first_id_of_a_moment_bounds_all_of_it(moment):
    """A partition's bound: what was born before is smaller, what was born then or later is not."""
    bound = ids.first_of(moment)

    assert ids.first_of(moment - timedelta(milliseconds=1)) < bound <= ids.first_of(moment + timedelta(milliseconds=1))
    assert timedelta(milliseconds=1) > moment - ids.born_at(bound)


@given(st.integers(0, 10**18 - 1))
def test_a_place_in_the_feed_reads_back(number):
    assert number == pagination.read_number(pagination.cursor(str(number)))


@given(st.uuids())
def test_a_place_in_a_list_reads_back(value):
    assert value == pagination.read_id(pagination.cursor(str(value)))


@given(st.text(max_size=80))
def test_a_cursor_that_is_none_is_a_mistake_of_the_caller(text):
    """Any text at all: it is read, or it is refused as a fault at /after."""
    for read in (pagination.read_id, pagination.read_number):
        assert refusals(read, text) in ([], ["/after"])


def refusals(read: Callable[[str], object], text: str) -> list[str]:
    try:
        read(text)
    except Unprocessable as problem:
        return [fault.pointer for fault in problem.errors]
    return []


@given(st.uuids())
def test_a_cursor_has_one_spelling(value):
    """A cursor with characters thrown in is not the cursor."""
    spoilt = pagination.cursor(str(value))
    with pytest.raises(Unprocessable):
        pagination.read_id(f"{spoilt[:8]}!{spoilt[8:]}")


def test_a_cursor_needs_no_escaping():
    cursors = [pagination.cursor(str(ids.new())) for _ in range(200)]

    assert all(re.fullmatch(r"[\w-]+", text) for text in cursors)
    assert json.loads(json.dumps(cursors)) == cursors
