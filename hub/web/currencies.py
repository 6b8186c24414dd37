"""The currencies that forms offer."""

from babel.numbers import get_currency_name
from flask_babel import get_locale  # type: ignore[import-untyped] # it has no types

COMMON = ("USD", "EUR", "GBP", "RUB", "BYN", "KZT", "AMD", "GEL", "TRY", "AED", "CNY", "INR")
"""Those most often asked for; the API takes any."""


def choices(present: str | None) -> list[tuple[str, str]]:
    """Return the currencies to choose from, the present one among them."""
    codes = COMMON if present in {None, *COMMON} else (str(present), *COMMON)
    return [(code, f"{code} – {get_currency_name(code, locale=str(get_locale()))}") for code in codes]
