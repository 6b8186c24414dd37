"""What we learn about attempts, and what it makes of their messages.

Call answers, receipts and look-ups all come here as `News`. One transaction writes the ledger and the attempts, folds
the messages' statuses, sets what is to be done next and suppresses dead addresses.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from channels.types import Cost, EventKind
from hub.contacts import store as contacts
from hub.core import ids, outbox
from hub.core.crypto import Vault
from hub.core.outbox import Lane, Later, Topic
from hub.messages import ledger_store as store
from hub.messages import outcomes
from hub.messages.ledger_store import Locked
from hub.messages.outcomes import MESSAGE_TOPICS, Changed
from hub.messages.reasons import Verdict
from hub.routing import spend
from tracking.delivery import AttemptStatus, Status, is_better
from tracking.spend import Bill, due, month_of, moves
from tracking.steps import DEAD_ADDRESS, Do, Try, next_after, status_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A provider's own words: a row of the ledger, once per digest."""

    kind: EventKind
    digest: bytes
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What we learned about one attempt. `again_at`: when to call or ask again, if it comes to that."""

    workspace_id: UUID
    provider_account_id: UUID
    message_id: UUID
    number: int
    status: AttemptStatus
    at: datetime
    heard: Heard | None = None
    provider_message_id: str | None = None
    segments: int | None = None
    cost: Cost | None = None
    reason_code: str | None = None
    provider_code: str | None = None
    provider_text: str | None = None
    again_at: datetime | None = None

    @property
    def attempt(self) -> tuple[UUID, int]:
        """Return whose news it is."""
        return self.message_id, self.number


@dataclass(frozen=True, slots=True)
class Settled:
    """What settling left to do: lanes with work at once, and news of attempts that do not exist."""

    lanes: frozenset[Lane]
    strangers: Sequence[News]


def settle(session: Session, vault: Vault, news: Sequence[News], now: datetime) -> Settled:
    """Write the news down and draw the conclusions. Safe to repeat, in any order."""
    keys = {(item.workspace_id, item.message_id) for item in news}
    messages = {message.id: message for message in store.lock(session, keys)}
    tries = store.tries(session, keys)
    known_tries = {(key, attempt.number): attempt for key, known in tries.items() for attempt in known}
    placed = [item for item in news if _is_of(item, known_tries.get(item.attempt))]
    strangers = [item for item in news if not _is_of(item, known_tries.get(item.attempt))]

    store.add_events(session, [_event_row(item) for item in placed if item.heard])
    told = _hold_provider_ids(session, _fold(placed, tries), tries, now)
    costs = {key: _due(item, known_tries[key].bill) for key, item in told.items()}
    store.change_attempts(session, [_attempt_row(vault, item, costs[key]) for key, item in told.items()])
    after = {
        key: [_after(attempt, told.get((key, attempt.number))) for attempt in known] for key, known in tries.items()
    }

    changed = {key: change for key, message in messages.items() if (change := _conclude(message, after.get(key, ())))}
    again = {item.message_id: item.again_at for item in placed if item.again_at}
    still_open = [m for key, m in messages.items() if after.get(key) and not _is_final(m, changed.get(key))]
    laters = [later for m in still_open if (later := _later(m, after[m.id], now, again.get(m.id)))]
    outbox.postpone(session, MESSAGE_TOPICS, laters)
    lost = {key for key, item in known_tries.items() if key not in told and item.provider_message_id is None}
    believed = [item for item in placed if item.provider_message_id is None or item.attempt not in lost]
    _suppress_dead(session, vault, [(messages[item.message_id], item) for item in believed], now)
    _count_spend(session, ((messages[key[0]], known_tries[key], cost) for key, cost in costs.items()))
    outcomes.write(session, list(changed.values()), now)
    at_once = frozenset(later.lane for later in laters if later.topic is Topic.SEND and later.due_at <= now)
    return Settled(at_once, strangers)


def _is_of(item: News, attempt: Try | None) -> bool:
    """Tell whether news is of an attempt: of its account, and not of another message of the provider."""
    if attempt is None or attempt.provider_account_id != item.provider_account_id:
        return False
    return None in {item.provider_message_id, attempt.provider_message_id} or (
        item.provider_message_id == attempt.provider_message_id
    )


def _fold(news: Iterable[News], tries: dict[UUID, list[Try]]) -> dict[tuple[UUID, int], News]:
    """Keep what says more than we knew: the best status of each attempt, and facts such as an id or a price."""
    before = {(key, attempt.number): attempt for key, known in tries.items() for attempt in known}
    best: dict[tuple[UUID, int], News] = {}
    for item in news:
        earlier = best.get(item.attempt) or _as_known(before[item.attempt], item)
        high, low = (item, earlier) if is_better(item.status, earlier.status) else (earlier, item)
        best[item.attempt] = replace(
            high,
            provider_message_id=high.provider_message_id or low.provider_message_id,
            segments=high.segments or low.segments,
            cost=high.cost or low.cost,
        )
    return {key: item for key, item in best.items() if _says_more(item, before[key])}


def _as_known(attempt: Try, item: News) -> News:
    return replace(
        item,
        status=attempt.status,
        provider_message_id=attempt.provider_message_id,
        segments=None,
        cost=None,
        reason_code=attempt.reason_code,
        provider_code=attempt.provider_code,
        provider_text=None,
    )


def _says_more(item: News, attempt: Try) -> bool:
    return bool(
        item.status is not attempt.status
        or item.cost
        or item.segments
        or (item.provider_message_id and not attempt.provider_message_id)
    )


def _hold_provider_ids(
    session: Session, told: dict[tuple[UUID, int], News], tries: dict[UUID, list[Try]], now: datetime
) -> dict[tuple[UUID, int], News]:
    """Claim new provider ids. News whose id is another attempt's proves nothing and is dropped."""
    known = {(key, t.number) for key, attempts in tries.items() for t in attempts if t.provider_message_id}
    new = {key: item for key, item in told.items() if item.provider_message_id and key not in known}
    rows = [
        {
            "workspace_id": item.workspace_id,
            "provider_account_id": item.provider_account_id,
            "provider_message_id": item.provider_message_id,
            "message_id": item.message_id,
            "number": item.number,
        }
        for item in new.values()
    ]
    lost = new.keys() - store.hold_provider_ids(session, rows, now)
    for message_id, number in lost:
        log.error("provider_id.held_by_another", attempt=ids.show_attempt(message_id, number))
    return {key: item for key, item in told.items() if key not in lost}


def _after(attempt: Try, item: News | None) -> Try:
    if item is None:
        return attempt
    return replace(
        attempt,
        status=item.status,
        provider_message_id=item.provider_message_id,
        reason_code=item.reason_code,
        provider_code=item.provider_code,
    )


def _conclude(message: Locked, tries: Sequence[Try]) -> Changed | None:
    status, final = status_of(message.status, tries)
    if status == message.status:
        return None
    if status is Status.UNCONFIRMED:
        return Changed(message=message, status=status, final=final, reason_code=Verdict.NO_RECEIPT)
    failed = status in {Status.FAILED, Status.UNDELIVERED}
    decisive = next((t for t in reversed(tries) if t.reason_code), None) if failed else None
    return Changed(
        message=message,
        status=status,
        final=final,
        reason_code=decisive.reason_code if decisive else None,
        provider_code=decisive.provider_code if decisive else None,
    )


def _is_final(message: Locked, change: Changed | None) -> bool:
    return change.final if change else message.final


def _later(message: Locked, tries: Sequence[Try], now: datetime, again_at: datetime | None) -> Later | None:
    step = next_after(tries, message.deadline_at, now, again_at)
    if step.at is None:
        return None
    if step.do is Do.SEND:
        due_at = max(step.at, message.send_at or step.at)
        return Later(
            workspace_id=message.workspace_id, key=message.id, topic=Topic.SEND, lane=message.lane, due_at=due_at
        )
    return Later(
        workspace_id=message.workspace_id,
        key=message.id,
        topic=Topic.FOLLOW_UP,
        lane=Lane.FOLLOW_UP,
        due_at=step.at,
    )


def _event_row(item: News) -> dict[str, Any]:
    heard = item.heard
    return {
        "workspace_id": item.workspace_id,
        "message_id": item.message_id,
        "digest": heard.digest.hex() if heard else None,
        "number": item.number,
        "kind": heard.kind if heard else None,
        "occurred_at": heard.occurred_at if heard else None,
        "received_at": item.at,
        "reason_code": item.reason_code,
        "provider_code": item.provider_code,
    }


def _attempt_row(vault: Vault, item: News, counted: Cost | None) -> dict[str, Any]:
    return {
        "workspace_id": item.workspace_id,
        "message_id": item.message_id,
        "number": item.number,
        "status": item.status.value,
        "at": item.at,
        "provider_message_id": item.provider_message_id,
        "segments": item.segments,
        "cost_micros": item.cost.micros if item.cost else None,
        "cost_currency": item.cost.currency if item.cost else None,
        "counted_micros": counted.micros if counted else None,
        "counted_currency": counted.currency if counted else None,
        "reason_code": item.reason_code,
        "provider_code": item.provider_code,
        "sealed": vault.seal(item.provider_text).decode() if item.provider_text else None,
    }


def _due(item: News, bill: Bill) -> Cost | None:
    return due(item.status, replace(bill, cost=item.cost or bill.cost, segments=item.segments or bill.segments))


def _count_spend(session: Session, costs: Iterable[tuple[Locked, Try, Cost | None]]) -> None:
    """Add to the spend what attempts cost by now over what they have added before."""
    amounts: Counter[spend.Key] = Counter()
    for message, attempt, cost in costs:
        for step in moves(attempt.bill.counted, cost):
            month, account_id = month_of(attempt.marked_at), attempt.provider_account_id
            amounts[message.workspace_id, month, account_id, message.spender_id, step.currency] += step.micros
    spend.add(session, amounts)


def _suppress_dead(session: Session, vault: Vault, heard: Iterable[tuple[Locked, News]], now: datetime) -> None:
    """Suppress the addresses that a provider calls dead or refusing, whatever became of the message."""
    dead = {message.id: (message, item) for message, item in heard if item.reason_code in DEAD_ADDRESS}
    if not dead:
        return
    sealed = store.sealed(session, [message.key for message, _ in dead.values()])
    rows = []
    for message, item in dead.values():
        address = vault.unseal(sealed[message.id])["to"]
        rows.append(
            contacts.Suppression(
                workspace_id=message.workspace_id,
                channel=message.channel,
                address_index=vault.index(message.workspace_id, address),
                sealed=vault.seal(address),
                reason=str(item.reason_code),
                source=ids.show("msg", message.id),
                created_at=now,
            )
        )
    contacts.suppress(session, rows)
