"""Addresses as they are shown to those who may not see them whole."""

SHOWN_DIGITS = 2


def phone(e164: str) -> str:
    """Return `+7 916 ***-**-09` for `+79161234509`: country, area, and the last two digits."""
    digits = e164.removeprefix("+")
    area = digits[-10:-7] if len(digits) > 10 else ""  # noqa: PLR2004 - a ten-digit national number has an area code
    country = digits[:-10] if area else digits[:2]
    return " ".join(part for part in (f"+{country}", area, f"***-**-{digits[-SHOWN_DIGITS:]}") if part)


def email(address: str) -> str:
    """Return `a***@example.com` for `anna@example.com`."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
