"""Claim, call, record: the loop that hands messages to providers.

A claim is only a lease. A wave is marked `calling` in one committed statement, no more than there are free callers,
and called at once; no transaction is open during a call. Outcomes are recorded as they arrive, for as long as it takes.
"""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from channels.addresses import PhoneNumber
from channels.errors import ChannelError, OutcomeUnknown, Rejected, Throttled
from channels.types import Accepted, Fault, OutboundMessage
from hub.core import clock, ids, metrics, outbox
from hub.core.outbox import Claimed, Lane, Later, Topic
from hub.core.runtime import Runtime
from hub.dispatch import store
from hub.messages import ledger, outcomes
from hub.messages.ledger import News
from hub.messages.reasons import Verdict
from hub.routing import service as routing
from hub.routing.service import Directory
from hub.routing.store import ProviderAccount
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus, Status
from tracking.steps import pause_before

LEASE_SECONDS = 60
CLAIM_AT_ONCE = 200
LATEST_START_SECONDS = 5.0
"""A call that has not started this long after its mark does not start."""
FIRST_ASK = timedelta(seconds=2)
"""How long after a lost answer the provider is asked first: it may already list the message."""
HELD_PAUSE = timedelta(seconds=5)
GATHER_SECONDS = 0.005
"""Outcomes are gathered this long, so that one transaction records several."""
RECORD_PAUSE_SECONDS = 0.5

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


class SendJob:
    """Sends what is due in one lane. One per worker process; it lives as long as the process."""

    def __init__(self, hub: Runtime, directory: Directory, lane: Lane) -> None:
        self._hub = hub
        self._directory = directory
        self._lane = lane
        self._callers = hub.settings.calls_in_flight
        self._pool = ThreadPoolExecutor(self._callers, thread_name_prefix="call")
        self._waiting: deque[Ready] = deque()
        self._flying: dict[Future[News], Ready] = {}
        self._landed: list[News] = []

    def step(self) -> bool:
        """Claim, start and record what can be; return whether there was anything."""
        if len(self._waiting) < self._callers:
            self._claim()
        free = self._callers - len(self._flying)
        if self._waiting and (free >= self._callers // 2 or not self._flying):
            self._start(free)
        self._land()
        return bool(self._waiting or self._flying)

    def finish(self) -> None:
        """Wait for the calls under way, record them, and give back what was not started."""
        while self._flying or self._landed:
            self._land()
        if self._waiting:
            now = clock.now()
            rows = [
                Later(
                    workspace_id=item.workspace_id,
                    key=item.message_id,
                    topic=Topic.SEND,
                    lane=self._lane,
                    due_at=now,
                )
                for item in self._waiting
            ]
            self._waiting.clear()
            with self._hub.db.across_workspaces() as session:
                outbox.postpone(session, [Topic.SEND], rows)

    def _claim(self) -> None:
        with self._hub.db.across_workspaces() as session:
            claimed = outbox.claim(session, Topic.SEND, self._lane, limit=CLAIM_AT_ONCE, lease_seconds=LEASE_SECONDS)
            if not claimed:
                return
            rows = store.load(session, claimed)
        metrics.CLAIMED.labels(topic=Topic.SEND, lane=self._lane).inc(len(claimed))
        claims = {row.key: row for row in claimed}
        unfinished = [row for row in rows if not row.final and row.attempt_status in TAKEN | IN_DOUBT]
        self._take_up(unfinished)
        now = clock.now()
        open_rows = [row for row in rows if not row.final and row not in unfinished]
        for row in open_rows:
            account = self._directory.choose(row.workspace_id, row.channel, test=row.test)
            if account is None:
                self._without_account(row, now)
            else:
                self._waiting.append(_prepare(self._hub, row, claims[row.id], account))
        gone = [(row.workspace_id, row.key) for row in claimed if row.key not in {r.id for r in open_rows + unfinished}]
        with self._hub.db.across_workspaces() as session:
            outbox.complete(session, [Topic.SEND], gone)

    def _take_up(self, rows: Sequence[Row[Any]]) -> None:
        """Go on where a worker died: a call whose end nobody recorded is in doubt."""
        now = clock.now()
        news = [
            News(
                workspace_id=row.workspace_id,
                provider_account_id=row.provider_account_id,
                message_id=row.id,
                number=row.number,
                status=AttemptStatus.UNKNOWN,
                at=now,
                reason_code=Fault.PROVIDER_FAILURE,
                again_at=now,
            )
            for row in rows
        ]
        if news:
            log.warning("attempts.unfinished", count=len(news))
            self._record(news)

    def _without_account(self, row: Row[Any], now: datetime) -> None:
        with self._hub.db.across_workspaces() as session:
            if self._directory.has_held(row.workspace_id, row.channel, test=row.test):
                again = Later(
                    workspace_id=row.workspace_id,
                    key=row.id,
                    topic=Topic.SEND,
                    lane=self._lane,
                    due_at=min(now + HELD_PAUSE, row.deadline_at),
                )
                outbox.postpone(session, [Topic.SEND], [again])
            else:
                locked = outcomes.lock_open(session, [(row.workspace_id, row.id)])
                outcomes.end(session, locked, Status.FAILED, Verdict.NO_PROVIDER_ACCOUNT, now)

    def _start(self, free: int) -> None:
        wave = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        started_at = time.monotonic()
        with self._hub.db.across_workspaces() as session:
            marked = store.mark(session, [_mark_row(item) for item in wave])
        for item in wave:
            if item.message_id in marked:
                future = self._pool.submit(self._call, item, started_at)
                self._flying[future] = item
        refused = [item for item in wave if item.message_id not in marked]
        if refused:
            self._refuse(refused)

    def _refuse(self, items: Sequence[Ready]) -> None:
        """End, or put off, what the mark did not start."""
        now = clock.now()
        claims = {item.message_id: item.claim for item in items}
        with self._hub.db.across_workspaces() as session:
            why = store.why_not(session, [_mark_row(item) for item in items])
            for message in outcomes.lock_open(session, [(item.workspace_id, item.message_id) for item in items]):
                verdict = why[message.id]
                if verdict:
                    outcomes.end(session, [message], *verdict, now)
                else:  # sending is held, or another worker has it by now
                    due_at = min(now + HELD_PAUSE, message.deadline_at)
                    outbox.give_back(session, Topic.SEND, message.key, claims[message.id], due_at)

    def _call(self, item: Ready, started_at: float) -> News:
        """Call the provider. Runs in a caller's thread and touches no database."""
        if time.monotonic() - started_at > LATEST_START_SECONDS:
            return _news(item, AttemptStatus.ABSENT)
        adapter = self._directory.adapter(item.account)
        with metrics.CALL_SECONDS.labels(provider=item.account.provider).time():
            (outcome,) = adapter.send([item.outbound])
        metrics.CALLS.labels(provider=item.account.provider, outcome=type(outcome).__name__).inc()
        return _news_of(item, outcome, self._hub.settings.settle_seconds)

    def _land(self) -> None:
        if self._flying:
            wait(self._flying, timeout=GATHER_SECONDS, return_when=FIRST_COMPLETED)
        done = [future for future in self._flying if future.done()]
        for future in done:
            item = self._flying.pop(future)
            error = future.exception()
            if error is None:
                self._landed.append(future.result())
            else:  # a bug in an adapter: nothing proves that nothing was sent
                log.error("adapter.failed", provider=item.account.provider, exc_info=error)
                self._landed.append(_news(item, AttemptStatus.UNKNOWN, again_at=clock.now() + FIRST_ASK))
        enough = len(self._landed) >= self._callers // 2 or not done or not self._flying
        if self._landed and enough:
            landed, self._landed = self._landed, []
            self._record(landed)

    def _record(self, news: Sequence[News]) -> None:
        """Write outcomes down, however long PostgreSQL is away: they exist nowhere else."""
        while True:
            try:
                with self._hub.db.across_workspaces() as session:
                    settled = ledger.settle(session, self._hub.vault, news, clock.now())
            except DBAPIError as error:
                log.warning("outcome.not_recorded", count=len(news), error=type(error).__name__)
                time.sleep(RECORD_PAUSE_SECONDS)
            else:
                for lane in settled.lanes - {self._lane}:
                    self._hub.bells.ring(Topic.SEND, lane)
                return


def _prepare(hub: Runtime, row: Row[Any], claimed: Claimed, account: ProviderAccount) -> Ready:
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
    return Ready(
        workspace_id=row.workspace_id,
        claim=claimed.claim,
        account=account,
        outbound=outbound,
        message_id=row.id,
        number=number,
        indexes=[index.hex() for index in hub.vault.indexes(row.workspace_id, opened["to"])],
    )


def _mark_row(item: Ready) -> dict[str, Any]:
    return {
        "workspace_id": item.workspace_id,
        "id": item.message_id,
        "claim": item.claim,
        "number": item.number,
        "provider": item.account.provider,
        "provider_account_id": item.account.id,
        "sender": item.account.sender,
        "indexes": item.indexes,
    }


def _news(item: Ready, status: AttemptStatus, **facts: Any) -> News:  # noqa: ANN401 - fields of News
    return News(
        workspace_id=item.workspace_id,
        provider_account_id=item.account.id,
        message_id=item.message_id,
        number=item.number,
        status=status,
        at=clock.now(),
        **facts,
    )


def _news_of(item: Ready, outcome: Accepted | ChannelError, settle_seconds: float) -> News:
    """Turn what an adapter returned into what we learned."""
    if isinstance(outcome, Accepted):
        return _news(
            item,
            AttemptStatus.SENT,
            provider_message_id=outcome.provider_message_id,
            segments=outcome.segments,
            cost=outcome.cost,
        )
    now = clock.now()
    again_at = now + pause_before(item.number)
    if isinstance(outcome, Rejected):
        status = AttemptStatus.REJECTED
    elif isinstance(outcome, Throttled):
        status, again_at = AttemptStatus.THROTTLED, now + timedelta(seconds=outcome.retry_after_seconds)
    elif isinstance(outcome, OutcomeUnknown):
        status, again_at = AttemptStatus.UNKNOWN, now + min(FIRST_ASK, timedelta(seconds=settle_seconds))
    else:
        status = AttemptStatus.UNAVAILABLE
    return _news(
        item,
        status,
        reason_code=outcome.fault.value,
        provider_code=outcome.provider_code,
        provider_text=outcome.provider_text,
        again_at=again_at,
    )
