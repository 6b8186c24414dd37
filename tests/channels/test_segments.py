"""Segments are money: the count must be the one the provider bills."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sms.segments import Encoding, count

_ROWS = json.loads((Path(__file__).parent / "data" / "segments.json").read_text(encoding="utf-8"))
_EXTENSION = "^{}[]~\\|€"


def test_the_count_equals_twilios_own_calculator():
    """Every text counts as in npm sms-segments-calculator 1.3.0 (MIT), Twilio's own, down to emoji sequences."""
    ours = [[row[0], *_counted(row[0])] for row in _ROWS]

    assert len(_ROWS) > 500
    assert ours == _ROWS


def _counted(text):
    counted = count(text)
    return counted.encoding.value, counted.segments, counted.units


@pytest.mark.parametrize(
    ("body", "segments"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("ж" * 70, 1), ("ж" * 71, 2), ("ж" * 135, 3)],
)
def test_a_segment_holds_what_the_standard_says(body, segments):
    """160 septets alone and 153 joined; 70 code units alone and 67 joined."""
    assert segments == count(body).segments


def test_an_escaped_character_is_not_split():
    """The euro sign takes two septets, and moves to the next segment when one is left."""
    assert 3 == count("a" * 152 + "€" + "a" * 152).segments
    assert 2 == count("a" * 151 + "€" + "a" * 153).segments


def test_a_surrogate_pair_is_not_split():
    """An emoji takes two code units, and moves to the next segment when one is left."""
    assert 3 == count("ж" * 66 + "😀" + "ж" * 66).segments
    assert 2 == count("ж" * 65 + "😀" + "ж" * 67).segments


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("abc XYZ0123@£" + _EXTENSION)))
def test_gsm_units_are_septets(body):
    """In GSM-7 each escaped character weighs two and every other one."""
    counted = count(body)

    assert Encoding.GSM_7 is counted.encoding
    assert len(body) + sum(body.count(character) for character in _EXTENSION) == counted.units


# Marks without end on one letter make a character larger than a segment; texts do not.
_WITHOUT_MARKS = st.characters(exclude_categories=("Mn", "Mc", "Me"), exclude_characters="\u200c\u200d\u0e33\u0eb3")


@settings(deadline=None)
@given(st.text(_WITHOUT_MARKS, max_size=500))
def test_the_segments_always_hold_the_text(body):
    """No text is refused, and its units fit into its segments."""
    counted = count(body)
    alone, joined = (160, 153) if counted.encoding is Encoding.GSM_7 else (70, 67)

    assert counted.segments >= 1
    assert counted.units <= (alone if counted.segments == 1 else joined * counted.segments)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_never_takes_fewer_segments(body, more):
    """A longer text is never cheaper."""
    assert count(body + more).units >= count(body).units
    assert count(body + more).segments >= count(body).segments
