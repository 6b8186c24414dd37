"""One provider call: what it needs, and what its end tells us. Nothing here touches the database."""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from channels.addresses import PhoneNumber
from channels.errors import ChannelError, OutcomeUnknown, Rejected, Throttled
from channels.sms.segments import count
from channels.types import Accepted, Channel, Fault, OutboundMessage
from hub.core import clock, ids, metrics
from hub.core.outbox import Claimed
from hub.core.runtime import Runtime
from hub.messages.ledger import News
from hub.routing import service as routing
from hub.routing.directory import Directory
from hub.routing.store import ProviderAccount
from tracking.delivery import AttemptStatus
from tracking.steps import pause_before

LATEST_START_SECONDS = 5.0
"""A call that has not started this long after its mark does not start."""
LONGEST_THROTTLE_SECONDS = 86_400
FIRST_ASK = timedelta(seconds=2)
"""How long after a lost answer the provider is asked first: it may already list the message."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed message that only waits for a free caller."""

    workspace_id: UUID
    message_id: UUID
    claim: UUID
    account: ProviderAccount
    outbound: OutboundMessage
    number: int
    indexes: list[str]
    api_key_id: UUID | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Return (workspace, message)."""
        return self.workspace_id, self.message_id

    def to_mark(self) -> dict[str, Any]:
        """Return what the mark needs to know."""
        return {
            "workspace_id": self.workspace_id,
            "id": self.message_id,
            "claim": self.claim,
            "number": self.number,
            "provider": self.account.provider,
            "provider_account_id": self.account.id,
            "sender": self.account.sender,
            "indexes": self.indexes,
            "api_key_id": self.api_key_id,
        }

    def news(self, status: AttemptStatus, **facts: Any) -> News:  # noqa: ANN401 - fields of News
        """Return what we learned about this attempt just now."""
        return News(
            workspace_id=self.workspace_id,
            provider_account_id=self.account.id,
            message_id=self.message_id,
            number=self.number,
            status=status,
            at=clock.now(),
            **facts,
        )


def prepare(hub: Runtime, row: Row[Any], claimed: Claimed, account: ProviderAccount) -> Ready:
    """Open a message and make its next attempt ready to be called."""
    opened = hub.vault.unseal(row.sealed)
    number = (row.number or 0) + 1
    attempt_id = ids.show_attempt(row.id, number)
    outbound = OutboundMessage(
        attempt_id=attempt_id,
        to=PhoneNumber(opened["to"]),
        sender=account.sender,
        body=opened["body"],
        callback_url=f"{routing.hook_url(hub, account, 'status')}?attempt={attempt_id}",
        validity_seconds=max(1, int((row.deadline_at - clock.now()).total_seconds())),
    )
    indexes = [index.hex() for index in hub.vault.indexes(row.workspace_id, opened["to"])]
    return Ready(row.workspace_id, row.id, claimed.claim, account, outbound, number, indexes, row.api_key_id)


def call(directory: Directory, item: Ready, marked_at: float, settle_seconds: float) -> News:
    """Call the provider and return what we learned; never raises. `marked_at` is monotonic time before the mark."""
    if time.monotonic() - marked_at > LATEST_START_SECONDS:
        return item.news(AttemptStatus.ABSENT, again_at=clock.now() + pause_before(item.number))
    provider = item.account.provider
    started_at = time.perf_counter()
    try:
        (outcome,) = directory.adapter(item.account).send([item.outbound])
    except Exception:  # a bug in an adapter: nothing proves that nothing was sent
        log.exception("adapter.failed", provider=provider)
        outcome = OutcomeUnknown(Fault.PROVIDER_FAILURE)
    metrics.CALL_SECONDS.labels(provider=provider).observe(time.perf_counter() - started_at)
    metrics.CALLS.labels(provider=provider, outcome=type(outcome).__name__).inc()
    return _news_of(item, outcome, settle_seconds)


def bare(news: News) -> News:
    """Keep of an outcome that PostgreSQL refuses only this: that nobody knows how the call ended."""
    return replace(
        news,
        status=AttemptStatus.UNKNOWN,
        provider_message_id=None,
        segments=None,
        cost=None,
        provider_code=None,
        provider_text=None,
        again_at=clock.now() + FIRST_ASK,
    )


def _news_of(item: Ready, outcome: Accepted | ChannelError, settle_seconds: float) -> News:
    if isinstance(outcome, Accepted):
        return item.news(
            AttemptStatus.SENT,
            provider_message_id=outcome.provider_message_id,
            segments=outcome.segments,
            cost=outcome.cost,
        )
    now = clock.now()
    pause = pause_before(item.number)
    again_at, segments = now + pause, None
    if isinstance(outcome, Rejected):
        status = AttemptStatus.REJECTED
    elif isinstance(outcome, Throttled):
        asked = timedelta(seconds=min(outcome.retry_after_seconds, LONGEST_THROTTLE_SECONDS))
        status, again_at = AttemptStatus.THROTTLED, now + max(asked, pause)
    elif isinstance(outcome, OutcomeUnknown):
        status, again_at = AttemptStatus.UNKNOWN, now + min(FIRST_ASK, timedelta(seconds=settle_seconds))
        segments = _segments(item)  # it may have been taken, and is paid for until that is disproved
    else:
        status = AttemptStatus.UNAVAILABLE
    return item.news(
        status,
        segments=segments,
        reason_code=outcome.fault.value,
        provider_code=outcome.provider_code,
        provider_text=outcome.provider_text,
        again_at=again_at,
    )


def _segments(item: Ready) -> int | None:
    return count(item.outbound.body).segments if item.account.channel == Channel.SMS else None
