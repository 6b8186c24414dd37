"""Every provider the hub can speak to."""

from channels.base import Adapter
from channels.sms.twilio import TwilioSms

ADAPTERS: tuple[type[Adapter], ...] = (TwilioSms,)

_BY_NAME = {adapter.name: adapter for adapter in ADAPTERS}


class UnknownProvider(LookupError):
    """No adapter has this name. The message lists those that exist."""


def adapter(name: str) -> type[Adapter]:
    """Return the adapter class of a provider, or raise `UnknownProvider`."""
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(sorted(_BY_NAME))
        raise UnknownProvider(f"There is no provider called {name!r}; there are: {known}.") from None
