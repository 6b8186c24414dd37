"""The words of the screens of provider accounts, in the reader's language."""

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext  # type: ignore[import-untyped] # it has no types

from channels.types import Channel
from tracking.spend import State

STATES: Mapping[str, tuple[LazyString, str]] = {
    "held": (lazy_gettext("Held"), "yellow"),
    "silent": (lazy_gettext("Takes nothing"), "red"),
    "reached": (lazy_gettext("Ceiling reached"), "red"),
    "troubled": (lazy_gettext("Many failures"), "orange"),
    "near": (lazy_gettext("Near its ceiling"), "orange"),
    "working": (lazy_gettext("Working"), "green"),
    "idle": (lazy_gettext("Nothing sent"), "secondary"),
}
TONES: Mapping[State, str] = {State.OK: "blue", State.NEAR: "orange", State.REACHED: "red"}
CHANNELS: Mapping[str, LazyString] = {
    Channel.SMS: lazy_gettext("SMS"),
    Channel.EMAIL: lazy_gettext("Email"),
    Channel.TELEGRAM: lazy_gettext("Telegram"),
    Channel.VOICE: lazy_gettext("Voice"),
}
ATTEMPTS: Mapping[str, LazyString] = {
    "unavailable": lazy_gettext("Not available"),
    "rejected": lazy_gettext("Refused"),
    "undelivered": lazy_gettext("Undelivered"),
}
HOOKS: Mapping[str, LazyString] = {"status": lazy_gettext("Delivery reports")}


def credential(name: str) -> str:
    """Return what to call a credential: the provider's own word for it."""
    return name.replace("_", " ").capitalize().replace(" sid", " SID")
