"""What every provider adapter does."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from channels.addresses import Address
from channels.errors import ChannelError
from channels.types import (
    Accepted,
    Capabilities,
    Channel,
    Connection,
    FoundMessage,
    OutboundMessage,
    ProviderEvent,
    WebhookRequest,
)


class Adapter(Protocol):
    """One provider on one channel. Holds connections, no other state; safe to share between threads."""

    name: ClassVar[str]
    title: ClassVar[str]  # how people write the name
    channel: ClassVar[Channel]
    capabilities: ClassVar[Capabilities]
    credential_fields: ClassVar[tuple[str, ...]]  # all of them must be there
    optional_credential_fields: ClassVar[tuple[str, ...]]
    default_base_url: ClassVar[str]

    def __init__(self, connection: Connection) -> None:
        """Keep a connection pool for one provider account; nothing is sent yet."""

    def send(self, handover: Sequence[OutboundMessage]) -> Sequence[Accepted | ChannelError]:
        """Make one provider request for at most `max_per_request` messages; one outcome each, in order.

        Blocks at most the connection's time-out. Concurrency, retries and limits belong to dispatch.
        """

    def verify(self, request: WebhookRequest) -> None:
        """Check the signature over the raw request or raise `BadSignature`."""

    def parse(self, request: WebhookRequest) -> Sequence[ProviderEvent]:
        """Translate one callback. Codes we do not know become `EventKind.UNKNOWN` or `Fault.UNKNOWN`."""

    def find(self, to: Address, since: datetime) -> Sequence[FoundMessage]:
        """List what the provider took for `to` since then, newest first, or raise `LookUpFailed`."""

    def fetch(self, provider_message_id: str) -> ProviderEvent:
        """Ask what became of one accepted message, or raise `LookUpFailed`."""
