"""A message as others see it: frozen values, and their JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.core import clock, ids, masking
from hub.messages.reasons import REASONS
from tracking.delivery import VERDICTS, AttemptStatus, Status

MICROS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One hand-over to one provider."""

    number: int
    channel: str
    provider: str
    provider_account_id: UUID
    sender: str
    status: AttemptStatus
    marked_at: datetime
    finished_at: datetime | None
    provider_message_id: str | None
    segments: int | None
    cost_micros: int | None
    cost_currency: str | None
    counted_micros: int | None  # what it has added to the month's spend: an estimate until the cost is known
    counted_currency: str | None
    reason_code: str | None
    provider_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing a provider said."""

    number: int
    kind: str
    occurred_at: datetime | None
    received_at: datetime
    provider_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell one person, and what became of it."""

    id: UUID
    api_key_id: UUID | None
    user_id: UUID | None
    test: bool
    channel: str
    to: str
    body: str
    status: Status
    final: bool
    reason_code: str | None
    provider_code: str | None
    purpose: str
    reference: str | None
    metadata: Mapping[str, Any] | None
    created_at: datetime
    send_at: datetime | None
    deadline_at: datetime
    finished_at: datetime | None
    attempts: Sequence[Attempt] = field(default=())
    events: Sequence[Event] = field(default=())


def show(message: Message, *, in_full: bool) -> dict[str, Any]:
    """Return the message as the API writes it: whom it is for in full, or masked. Its text is told by `reveal` only."""
    return {
        "id": ids.show("msg", message.id),
        "to": {"phone": message.to if in_full else masking.phone(message.to)},
        "status": message.status.word,
        "final": message.final,
        "reason": show_reason(message.reason_code, message.provider_code),
        "purpose": message.purpose,
        "reference": message.reference,
        "metadata": message.metadata,
        "created_at": show_time(message.created_at),
        "send_at": show_time(message.send_at),
        "deadline_at": show_time(message.deadline_at),
        "attempts": [_show_attempt(message.id, attempt) for attempt in message.attempts],
        "timeline": timeline(message),
    }


def show_reason(code: str | None, provider_code: str | None) -> dict[str, str | None] | None:
    """Return a reason in our code, in words, and in the provider's code."""
    if code is None:
        return None
    return {"code": code, "text": REASONS.get(code, code), "provider_code": provider_code}


def show_time(moment: datetime | None) -> str | None:
    """Return a time in RFC 3339 with `Z`."""
    return None if moment is None else clock.show(moment)


def show_cost(micros: int | None, currency: str | None) -> dict[str, str | None] | None:
    """Return an amount of money; None where none is known."""
    return None if micros is None else {"amount": f"{micros / MICROS:.6f}", "currency": currency}


def _show_attempt(message_id: UUID, attempt: Attempt) -> dict[str, Any]:
    return {
        "id": ids.show_attempt(message_id, attempt.number),
        "channel": attempt.channel,
        "provider": attempt.provider,
        "status": attempt.status.word,
        "provider_message_id": attempt.provider_message_id,
        "segments": attempt.segments,
        "cost": show_cost(attempt.cost_micros, attempt.cost_currency),
        "reason": show_reason(attempt.reason_code, attempt.provider_code),
        "created_at": show_time(attempt.marked_at),
        "finished_at": show_time(attempt.finished_at),
    }


def timeline(message: Message) -> list[dict[str, Any]]:
    """Put together when what happened: what we did and concluded is ours to tell, the rest is the ledger's."""
    lines: list[tuple[datetime, str, int | None, str | None]] = [(message.created_at, "accepted", None, None)]
    for attempt in message.attempts:
        lines.append((attempt.marked_at, "calling", attempt.number, None))
        if attempt.finished_at:
            word = "handed_over" if attempt.provider_message_id else attempt.status.word
            code = None if attempt.provider_message_id else attempt.provider_code
            lines.append((attempt.finished_at, word, attempt.number, code))
    lines += [(event.received_at, event.kind, event.number, event.provider_code) for event in message.events]
    if message.finished_at and (message.status in VERDICTS or message.status is Status.UNCONFIRMED):
        lines.append((message.finished_at, message.status.word, None, message.provider_code))
    lines.sort(key=lambda line: line[0])
    return [
        {
            "at": show_time(at),
            "kind": kind,
            "attempt": None if number is None else ids.show_attempt(message.id, number),
            "provider_code": provider_code,
        }
        for at, kind, number, provider_code in lines
    ]
