"""The words every adapter speaks: channels, events, what went in and what came out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from channels.addresses import Address


class Channel(StrEnum):
    """A medium that reaches a person."""

    SMS = "sms"
    EMAIL = "email"
    TELEGRAM = "telegram"
    VOICE = "voice"


class EventKind(StrEnum):
    """What a provider said about one attempt."""

    ACCEPTED = "accepted"  # the provider has it in its queue
    SENT = "sent"  # the provider handed it to the network
    DELIVERED = "delivered"  # the network confirmed arrival
    READ = "read"  # the person opened it
    UNDELIVERED = "undelivered"  # it was taken and will not arrive
    UNKNOWN = "unknown"  # the provider said something we have no word for


class Fault(StrEnum):
    """Whose fault a failure is, and so what may be done about it. Also the `reason.code` of a message."""

    ADDRESS_INVALID = "address_invalid"  # nobody lives there: suppress the address on this channel
    OPTED_OUT = "opted_out"  # the person refused: suppress the address on this channel
    UNREACHABLE = "unreachable"  # off, roaming, no answer: later may work, the address is kept
    BLOCKED = "blocked"  # the network or the person blocks this sender
    CONTENT_REFUSED = "content_refused"  # the text was filtered
    SENDER_REFUSED = "sender_refused"  # this sender may not send this to there
    ACCOUNT_REFUSED = "account_refused"  # credentials, balance or suspension: the whole account is down
    REQUEST_REFUSED = "request_refused"  # the provider found a mistake in our request
    THROTTLED = "throttled"  # too fast
    PROVIDER_FAILURE = "provider_failure"  # the provider or the network failed
    UNKNOWN = "unknown"  # a code we have no word for


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A price in millionths of the currency's unit, so that sums are exact."""

    micros: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """One message for one person, ready to hand over."""

    attempt_id: str
    to: Address
    sender: str
    body: str
    callback_url: str
    validity_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the message."""

    provider_message_id: str
    segments: int | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One thing a provider said about one attempt, in our words and in its own.

    `attempt_id` is what our callback URL carried; a provider that lost it is matched by `provider_message_id`.
    `occurred_at` is the provider's own time where it gives one.
    """

    kind: EventKind
    provider_message_id: str
    attempt_id: str | None = None
    occurred_at: datetime | None = None
    fault: Fault | None = None
    provider_code: str | None = None
    provider_text: str | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    """A message a look-up found at the provider, and what the provider says of it now."""

    sender: str
    body: str
    created_at: datetime
    event: ProviderEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A request from a provider as it came over the wire.

    `url` is the public URL with path and query exactly as sent, because signatures cover it byte for byte.
    """

    kind: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What an adapter needs to reach one provider account."""

    base_url: str
    credentials: Mapping[str, str]
    timeout_seconds: float = 10.0
    pool_size: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a provider can do, so that routing and the API need not know its name."""

    max_per_request: int
    max_body_characters: int
    strongest_evidence: EventKind
    can_be_asked: bool  # sent messages can be listed and looked up
    callback_kinds: tuple[str, ...]
