"""Follow-up: ask the provider what became of an attempt, and conclude at the deadline.

An attempt whose answer was lost is looked for in the provider's listing; one that was taken and never reported on is
asked for by its id. Only then does a deadline give a message its last status.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from channels.addresses import PhoneNumber
from channels.errors import LookUpFailed
from channels.types import FoundMessage, ProviderEvent
from hub.core import clock, ids, metrics, outbox
from hub.core.outbox import Claimed, Lane, Later, Topic
from hub.core.runtime import Runtime
from hub.dispatch import store
from hub.messages import ledger, outcomes
from hub.messages.ledger import News
from hub.routing.directory import Directory
from hub.routing.store import ProviderAccount
from tracking.delivery import EVIDENCE, IN_DOUBT, TAKEN, AttemptStatus
from tracking.lookups import CLOCK_SKEW, LookUp, Proof, judge

LEASE_SECONDS = 60
CLAIM_AT_ONCE = 32
ASKERS = 8
LOOK_UPS_PER_SECOND = 50
CALL_IS_OVER = timedelta(seconds=20)
"""A call started, and ended, within this time of its mark; one still `calling` was never recorded."""
TOO_LATE_TO_ASK = timedelta(seconds=10)
"""A conclusion this long overdue is drawn without asking, so that a backlog of look-ups delays no verdict further."""
LONGEST_WAIT = timedelta(minutes=30)

log = structlog.get_logger()


class FollowUpJob:
    """Concludes what waits for evidence. One per worker process of its lane."""

    def __init__(self, hub: Runtime, directory: Directory, _lane: Lane) -> None:
        self._hub = hub
        self._directory = directory
        self._pool = ThreadPoolExecutor(ASKERS, thread_name_prefix="ask")
        self._pace = Pace(LOOK_UPS_PER_SECOND)

    def step(self) -> bool:
        """Follow up on some messages; return whether any were due."""
        with self._hub.db.across_workspaces() as session:
            late = outbox.claim_expired(session, Topic.SEND, limit=1000, lease_seconds=LEASE_SECONDS)
        if late:
            self._conclude(late)
        with self._hub.db.across_workspaces() as session:
            claimed = outbox.claim(
                session, Topic.FOLLOW_UP, Lane.FOLLOW_UP, limit=CLAIM_AT_ONCE, lease_seconds=LEASE_SECONDS
            )
            rows = store.load(session, claimed) if claimed else []
        metrics.CLAIMED.labels(topic=Topic.FOLLOW_UP, lane=Lane.FOLLOW_UP).inc(len(claimed))
        if claimed:
            news = [item for item in self._pool.map(self._ask, rows) if item]
            self._settle(claimed, news)
        return bool(late or claimed)

    def finish(self) -> None:
        """Nothing is under way between two steps."""

    def _settle(self, claimed: Sequence[Claimed], news: Sequence[News]) -> None:
        now = clock.now()
        keys = [(row.workspace_id, row.key) for row in claimed]
        with self._hub.db.across_workspaces() as session:
            settled = ledger.settle(session, self._hub.vault, news, now)
            outcomes.conclude_overdue(session, keys, now)
            finals = [(row.workspace_id, row.id) for row in store.load(session, claimed) if row.final]
            outbox.complete(session, [Topic.FOLLOW_UP], finals)
        for lane in settled.lanes:
            self._hub.bells.ring(Topic.SEND, lane)

    def _conclude(self, late: Sequence[Claimed]) -> None:
        """End what was never handed over in time; a call that may be under way is looked into once it must be over."""
        now = clock.now()
        with self._hub.db.across_workspaces() as session:
            rows = store.load(session, late)
            calling = [row for row in rows if row.attempt_status in IN_DOUBT and not row.final]
            outbox.postpone(session, [Topic.SEND], [_when_over(row) for row in calling])
            busy = {row.id for row in calling}
            keys = [(row.workspace_id, row.key) for row in late if row.key not in busy]
            outcomes.conclude_overdue(session, keys, now)
            outbox.complete(session, [Topic.SEND], [(row.workspace_id, row.id) for row in rows if row.final])

    def _ask(self, row: Row[Any]) -> News | None:
        """Learn what can be learned about a message's last attempt. Runs in an asker's thread."""
        if row.final or row.attempt_status is None:
            return None
        status = AttemptStatus(row.attempt_status)
        account = self._directory.find(row.provider_account_id)
        again_at = _next_ask(row, clock.now(), self._settle_time())
        unchanged = _news(row, AttemptStatus.UNKNOWN if status in IN_DOUBT else status, again_at=again_at)
        if clock.now() > row.deadline_at + TOO_LATE_TO_ASK:
            return unchanged
        if account is None or not self._directory.adapter(account).capabilities.can_be_asked:
            return unchanged
        try:
            if status in TAKEN:
                self._pace.wait()
                return _of_event(row, self._directory.adapter(account).fetch(row.provider_message_id), again_at)
            if status in IN_DOUBT:
                self._pace.wait()
                return self._look_for(row, account, again_at)
        except LookUpFailed as error:
            log.warning("look_up.failed", provider=account.provider, error=str(error))
        except Exception:  # one message that cannot be read or asked about must not hold up the others
            log.exception("look_up.broken", attempt=ids.show_attempt(row.id, row.number))
        return unchanged

    def _look_for(self, row: Row[Any], account: ProviderAccount, again_at: datetime) -> News:
        opened = self._hub.vault.unseal(row.sealed)
        asked = LookUp(sender=row.sender, body=opened["body"], marked_at=row.marked_at)
        adapter = self._directory.adapter(account)
        listed = adapter.find(PhoneNumber(opened["to"]), row.marked_at - CLOCK_SKEW)
        proof, found = self._judge(row, account, asked, listed)
        log.info("look_up.judged", attempt=ids.show_attempt(row.id, row.number), proof=proof.value)
        if proof is Proof.PRESENT and found:
            return _of_event(row, found.event, again_at)
        if proof is Proof.ABSENT:
            return _news(row, AttemptStatus.ABSENT)
        return _news(row, AttemptStatus.UNKNOWN, again_at=again_at)

    def _judge(
        self, row: Row[Any], account: ProviderAccount, asked: LookUp, listed: Sequence[FoundMessage]
    ) -> tuple[Proof, FoundMessage | None]:
        """Judge a listing by who holds its ids now; a call to the same address under way leaves it undecided."""
        found = [message.event.provider_message_id for message in listed]
        with self._hub.db.across_workspaces() as session:
            if store.being_called(session, row.workspace_id, bytes(row.to_index), row.id):
                return Proof.UNDECIDED, None
            held = store.held_ids(session, row.workspace_id, account.id, found)
        others = {provider_id for provider_id, message_id in held.items() if message_id != row.id}
        return judge(asked, listed, others, clock.now(), self._settle_time())

    def _settle_time(self) -> timedelta:
        return timedelta(seconds=self._hub.settings.settle_seconds)


class Pace:
    """Lets at most so many through per second. Safe between threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + self._interval
        time.sleep(turn - now)


def _next_ask(row: Row[Any], now: datetime, settle: timedelta) -> datetime:
    """Return when to ask again: once the listing can prove absence, then at growing intervals."""
    settled_at: datetime = row.marked_at + settle
    if now < settled_at:
        return settled_at
    waited: timedelta = now - row.marked_at
    return now + min(waited, LONGEST_WAIT)


def _news(row: Row[Any], status: AttemptStatus, *, again_at: datetime | None = None) -> News:
    return News(
        workspace_id=row.workspace_id,
        provider_account_id=row.provider_account_id,
        message_id=row.id,
        number=row.number,
        status=status,
        at=clock.now(),
        again_at=again_at,
    )


def _when_over(row: Row[Any]) -> Later:
    return Later(
        workspace_id=row.workspace_id,
        key=row.id,
        topic=Topic.FOLLOW_UP,
        lane=Lane.FOLLOW_UP,
        due_at=row.marked_at + CALL_IS_OVER,
    )


def _of_event(row: Row[Any], event: ProviderEvent, again_at: datetime) -> News:
    """Turn a provider's answer about an attempt into news; that it lists the message proves that it took it."""
    status = max(EVIDENCE[event.kind], AttemptStatus.SENT)
    return replace(
        _news(row, status, again_at=again_at),
        provider_message_id=event.provider_message_id,
        cost=event.cost,
        reason_code=event.fault.value if event.fault else None,
        provider_code=event.provider_code,
        provider_text=event.provider_text,
    )
