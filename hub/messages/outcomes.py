"""What a message's new status brings with it: the row, the rollup, the feed, and the end of its work."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from hub.core import feed, metrics, outbox
from hub.core.outbox import Topic
from hub.messages import ledger_store as store
from hub.messages.ledger_store import Locked
from hub.messages.reasons import Verdict
from hub.messages.snapshots import show_reason
from tracking.delivery import FINAL, AttemptStatus, Status, verdict_at_end

ROLLUP_SLOTS = 8
MESSAGE_TOPICS = (Topic.SEND, Topic.FOLLOW_UP)
"""An open message has one row in the outbox, in one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A message that goes from one status to another."""

    message: Locked
    status: Status
    final: bool
    reason_code: str | None
    provider_code: str | None = None


def lock_open(session: Session, keys: Iterable[store.Key]) -> list[Locked]:
    """Lock messages and return those that are not final."""
    return [message for message in store.lock(session, keys) if not message.final]


def end(session: Session, messages: Iterable[Locked], status: Status, reason: Verdict, now: datetime) -> None:
    """Give open, locked messages our verdict."""
    write(session, [_verdict(message, status, reason, None) for message in messages], now)


def conclude_overdue(session: Session, keys: Iterable[store.Key], now: datetime) -> None:
    """Give every open message whose deadline passed its last status. Safe to run twice and side by side."""
    messages = [message for message in lock_open(session, keys) if message.deadline_at <= now]
    tries = store.tries(session, [message.key for message in messages])
    changed = []
    for message in messages:
        known = tries.get(message.id, [])
        statuses = [attempt.status for attempt in known]
        if AttemptStatus.CALLING in statuses:
            continue  # a call is under way; its end will come
        status = verdict_at_end(statuses, Status.EXPIRED)
        reason = Verdict.DEADLINE_PASSED
        if status is Status.UNCONFIRMED:
            taken = any(attempt.provider_message_id for attempt in known)
            reason = Verdict.NO_RECEIPT if taken else Verdict.OUTCOME_UNKNOWN
        changed.append(_verdict(message, status, reason, known[-1].provider_code if known else None))
    write(session, changed, now)


def write(session: Session, changed: Sequence[Changed], now: datetime) -> None:
    """Write new statuses of locked messages, and end the work on those that are final."""
    store.change_messages(
        session,
        [
            {
                "workspace_id": item.message.workspace_id,
                "id": item.message.id,
                "status": item.status.value,
                "final": item.final,
                "reason_code": item.reason_code,
                "provider_code": item.provider_code,
            }
            for item in changed
        ],
        now,
    )
    outbox.complete(session, MESSAGE_TOPICS, [item.message.key for item in changed if item.final])
    announce(session, changed, now)


def announce(session: Session, changed: Sequence[Changed], now: datetime) -> None:
    """Move the rollups and tell the feed. Last in a transaction: it holds the feed's head."""
    moves: Counter[tuple[UUID, datetime, str, int]] = Counter()
    for item in changed:
        message = item.message
        hour = message.created_at.replace(minute=0, second=0, microsecond=0)
        if message.status >= Status.SENT:
            moves[message.workspace_id, hour, message.channel, message.status.value] -= 1
        if item.status >= Status.SENT:
            moves[message.workspace_id, hour, message.channel, item.status.value] += 1
        metrics.MESSAGES.labels(channel=message.channel, status=item.status.word).inc()
    rows = [
        {"workspace_id": workspace_id, "hour": hour, "channel": channel, "outcome": outcome, "change": change}
        for (workspace_id, hour, channel, outcome), change in moves.items()
        if change
    ]
    store.count(session, rows, os.getpid() % ROLLUP_SLOTS)
    feed.publish(session, (_news_of(item, now) for item in changed if item.status >= Status.SENT))


def _verdict(message: Locked, status: Status, reason: Verdict, provider_code: str | None) -> Changed:
    return Changed(
        message=message,
        status=status,
        final=status in FINAL,
        reason_code=reason.value,
        provider_code=provider_code,
    )


def _news_of(item: Changed, now: datetime) -> feed.Happened:
    return feed.Happened(
        workspace_id=item.message.workspace_id,
        at=now,
        type=f"message.{item.status.word}",
        subject=item.message.id,
        data={
            "status": item.status.word,
            "final": item.final,
            "reason": show_reason(item.reason_code, item.provider_code),
            "reference": item.message.reference,
        },
    )
