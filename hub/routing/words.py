"""The words of the screens of provider accounts, in the reader's language."""

from collections.abc import Mapping

from babel.numbers import get_currency_name
from flask_babel import LazyString, get_locale, lazy_gettext  # type: ignore[import-untyped] # it has no types

from tracking.spend import Meter, State

STATES: Mapping[str, tuple[LazyString, str]] = {
    "held": (lazy_gettext("Held"), "yellow"),
    "silent": (lazy_gettext("Takes nothing"), "red"),
    "reached": (lazy_gettext("Ceiling reached"), "red"),
    "troubled": (lazy_gettext("Many failures"), "orange"),
    "near": (lazy_gettext("Near its ceiling"), "orange"),
    "working": (lazy_gettext("Working"), "green"),
    "idle": (lazy_gettext("Nothing sent"), "secondary"),
}
"""What most keeps an account from sending comes first."""
TONES: Mapping[State, str] = {State.OK: "blue", State.NEAR: "orange", State.REACHED: "red"}
CHANNELS: Mapping[str, LazyString] = {
    "sms": lazy_gettext("SMS"),
    "email": lazy_gettext("Email"),
    "telegram": lazy_gettext("Telegram"),
    "voice": lazy_gettext("Voice"),
}
ATTEMPTS: Mapping[str, LazyString] = {
    "unavailable": lazy_gettext("Not available"),
    "rejected": lazy_gettext("Refused"),
    "undelivered": lazy_gettext("Undelivered"),
}
HOOKS: Mapping[str, LazyString] = {"status": lazy_gettext("Delivery reports")}
CURRENCIES = ("USD", "EUR", "GBP", "RUB", "BYN", "KZT", "AMD", "GEL", "TRY", "AED", "CNY", "INR")
"""Those most often asked for; the API takes any."""


def state(of_attempts: str, meter: Meter) -> tuple[LazyString, str]:
    """Return the one word for an account, and its colour: the worst of what its attempts and its spend say."""
    order = list(STATES)
    known = (of_attempts, meter.state.value)
    return STATES[min((word for word in known if word in STATES), key=order.index)]


def currencies(present: str | None) -> list[tuple[str, str]]:
    """Return the currencies to choose from, the present one among them."""
    codes = CURRENCIES if present in {None, *CURRENCIES} else (str(present), *CURRENCIES)
    return [(code, f"{code} – {get_currency_name(code, locale=str(get_locale()))}") for code in codes]


def credential(name: str) -> str:
    """Return what to call a credential: the provider's own word for it."""
    return name.replace("_", " ").capitalize().replace(" sid", " SID")
