"""Addresses as they are shown to those who may not see them whole."""

import re

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:.]+")
PHONE = re.compile(r"\+[0-9]{7,15}\b")
COUNTRY_CODES = frozenset(str(code) for code in COUNTRY_CODE_TO_REGION_CODE)
LONG_NUMBER = 10
"""National digits of which the first three are an area or a network rather than a person."""


def phone(e164: str) -> str:
    """Return `+7 916 ***-**-09` for `+79161234509`: country, area, and the last two digits."""
    digits = e164.removeprefix("+")
    country = next((digits[:length] for length in (1, 2, 3) if digits[:length] in COUNTRY_CODES), "")
    national = digits[len(country) :]
    area = national[:3] if len(national) >= LONG_NUMBER else ""
    return " ".join(part for part in (f"+{country}", area, f"***-**-{digits[-2:]}") if part)


def email(address: str) -> str:
    """Return `a***@example.com` for `anna@example.com`."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


def within(text: str) -> str:
    """Return a text with every email and phone number in it masked."""
    return PHONE.sub(lambda found: phone(found[0]), EMAIL.sub(lambda found: email(found[0]), text))
