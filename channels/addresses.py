"""Where a person can be reached, as values that are known to be well-formed."""

from dataclasses import dataclass

import phonenumbers


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
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadAddress("This is not a phone number.") from error
    if not phonenumbers.is_possible_number(parsed):
        raise BadAddress("No phone number of this country has that many digits.")
    if not phonenumbers.is_valid_number(parsed):
        raise BadAddress("The length is right, but no such number is assigned in this country.")
    return PhoneNumber(f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}")
