"""What a caller can ask of messages, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from channels.addresses import PhoneNumber
from channels.types import Channel
from hub.accounts.scopes import Purpose
from tracking.delivery import Status

DEFAULT_TTL = timedelta(hours=24)
MAX_TTL = timedelta(days=7)
MAX_AHEAD = timedelta(days=90)
MAX_BODY = 10_000
MAX_REFERENCE = 255
MAX_METADATA_BYTES = 16 * 1024
MAX_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Tell one person one thing."""

    to: PhoneNumber
    channel: Channel
    body: str
    purpose: Purpose
    reference: str | None = None
    metadata: Mapping[str, Any] | None = None
    send_at: datetime | None = None
    ttl: timedelta = DEFAULT_TTL
    once_per_reference: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages to list. An empty filter lists all."""

    statuses: Sequence[Status] = ()
    references: Sequence[str] = ()
    to: PhoneNumber | None = None
    purpose: Purpose | None = None
    channel: Channel | None = None
    test: bool | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    before: UUID | None = None
