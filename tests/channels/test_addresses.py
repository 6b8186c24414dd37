"""Phone numbers as people write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.addresses import BadAddress, parse_phone


@pytest.mark.parametrize("text", ["+79161234567", "8 (916) 123-45-67", "+7 916 123 45 67", "tel:+7-916-123-45-67"])
def test_a_number_is_read_as_people_write_it(text):
    """Spaces, brackets and the dialled 8 of a region all mean the same number."""
    assert "+79161234567" == parse_phone(text, "RU").e164


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("hello", "not a phone number"), ("+7916123456", "that many digits"), ("+71161234567", "no such number")],
)
def test_what_is_wrong_with_a_number_is_told(text, complaint):
    """Nonsense, an impossible length and an unassigned number are told apart."""
    with pytest.raises(BadAddress, match=complaint):
        parse_phone(text, "RU")


@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.text("0123456789", min_size=4, max_size=12),
)
def test_the_short_way_reads_what_the_long_way_reads(code, national):
    """E.164 is taken apart without the library's parser and must come to the same verdict and number."""
    text = f"+{code}{national}"

    try:
        told = parse_phone(text, "RU").e164
    except BadAddress:
        told = None

    assert _long_way(text) == told


def _long_way(text: str) -> str | None:
    try:
        parsed = phonenumbers.parse(text, "RU")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
