"""Where a person can be reached, as values that are known to be well-formed."""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
COUNTRY_CODE_DIGITS = (1, 2, 3)


class BadAddress(ValueError):
    """The text is not an address of its kind. The message is fit for the person who typed it."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number in E.164: plus sign, country code, number."""

    e164: str

    def __str__(self) -> str:
        return self.e164


Address = PhoneNumber


def parse_phone(text: str, region: str) -> PhoneNumber:
    """Read a number as people write it; without `+` it is read as dialled in `region` (ISO 3166, such as `RU`).

    Raises `BadAddress`: a number that cannot exist (wrong length) is told apart from one that nobody was assigned.
    """
    if (plain := _plain(text)) and phonenumbers.is_valid_number(plain):
        return PhoneNumber(text)
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadAddress("This is not a phone number.") from error
    if not phonenumbers.is_possible_number(parsed):
        raise BadAddress("No phone number of this country has that many digits.")
    if not phonenumbers.is_valid_number(parsed):
        raise BadAddress("The length is right, but no such number is assigned in this country.")
    return PhoneNumber(f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}")


def _plain(text: str) -> phonenumbers.PhoneNumber | None:
    """Take a number apart that is E.164 already, at a third of what reading free text costs; None if it is not.

    Country codes are prefix-free, so the shortest that exists is the right one. A leading zero of the national part
    has a meaning in some countries: such numbers are left to the full reading.
    """
    if not E164.fullmatch(text):
        return None
    for digits in COUNTRY_CODE_DIGITS:
        code = int(text[1 : 1 + digits])
        if code in COUNTRY_CODE_TO_REGION_CODE and text[1 + digits] != "0":
            return phonenumbers.PhoneNumber(country_code=code, national_number=int(text[1 + digits :]))
    return None
