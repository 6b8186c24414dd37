"""Claim, call, record: the loop that hands messages to providers.

A claim is only a lease. A wave is marked `calling` in one committed statement, no more than there are free callers,
and called at once; no transaction is open during a call. A thread of its own records the outcomes, all that have come
in while it was busy with the last ones, and for as long as PostgreSQL needs to come back.
"""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import Row

from channels.types import Fault
from hub.core import clock, metrics, outbox
from hub.core.db import TROUBLE, is_passing
from hub.core.outbox import Claimed, Lane, Later, Topic
from hub.core.runtime import Runtime
from hub.dispatch import store
from hub.dispatch.calls import Ready, bare, call, prepare
from hub.messages import ledger, outcomes
from hub.messages.ledger import News
from hub.messages.reasons import Verdict
from hub.routing.directory import Directory
from hub.routing.store import ProviderAccount
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus, Status

LEASE_SECONDS = 30
"""Longer than a call can take: at most 5 s until it starts and 10 s until it ends."""
CLAIMS_PER_CALLER = 4
HELD_PAUSE = timedelta(seconds=5)
UNREADABLE_PAUSE = timedelta(minutes=5)
GATHER_SECONDS = 0.005
LOOK_SECONDS = 0.01
RECORD_AFTER_SECONDS = 0.03
"""A trickle of outcomes is gathered this long, so that one transaction records several."""
RECORD_PAUSE_SECONDS = 0.5

log = structlog.get_logger()


class SendJob:
    """Sends what is due in one lane. One per worker process; it lives as long as the process."""

    def __init__(self, hub: Runtime, directory: Directory, lane: Lane) -> None:
        self._hub = hub
        self._directory = directory
        self._lane = lane
        self._callers = hub.settings.calls_in_flight
        self._pool = ThreadPoolExecutor(self._callers, thread_name_prefix="call")
        self._recorder = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._waiting: deque[Ready] = deque()
        self._flying = 0
        self._landing: SimpleQueue[News] = SimpleQueue()
        self._landed: list[News] = []
        self._landed_at = 0.0
        self._recording: Future[None] | None = None
        self._look_again_at = 0.0

    def step(self) -> bool:
        """Claim, start and record what can be; return whether there was anything."""
        if len(self._waiting) < self._callers and time.monotonic() >= self._look_again_at:
            self._claim()
        free = self._callers - self._flying
        if self._waiting and (free >= self._callers // 2 or not self._flying):
            self._start(free)
        self._land()
        return bool(self._waiting or self._flying or self._landed or self._recording)

    def finish(self) -> None:
        """Wait for the calls under way, record them, and give back what was not started."""
        while self._flying or self._landed or self._recording:
            self._land()
        if self._waiting:
            with self._hub.db.across_workspaces() as session:
                for item in self._waiting:
                    outbox.give_back(session, Topic.SEND, item.key, item.claim, clock.now())
            self._waiting.clear()

    def _claim(self) -> None:
        limit = self._callers * CLAIMS_PER_CALLER
        with self._hub.db.across_workspaces() as session:
            claimed = outbox.claim(session, Topic.SEND, self._lane, limit=limit, lease_seconds=LEASE_SECONDS)
            if not claimed:
                self._look_again_at = time.monotonic() + LOOK_SECONDS
                return
            rows = store.load(session, claimed)
            gone = {row.key for row in claimed} - {row.id for row in rows if not row.final}
            outbox.complete(session, [Topic.SEND], [(row.workspace_id, row.key) for row in claimed if row.key in gone])
        metrics.CLAIMED.labels(topic=Topic.SEND, lane=self._lane).inc(len(claimed))
        claims = {row.key: row for row in claimed}
        for row in rows:
            if row.final:
                continue
            if row.attempt_status in TAKEN | IN_DOUBT:
                self._take_up(row)
            elif account := self._directory.choose(row.workspace_id, row.channel, row.pinned_account_id, test=row.test):
                self._prepare(row, claims[row.id], account)
            else:
                self._without_account(row, clock.now())

    def _prepare(self, row: Row[Any], claimed: Claimed, account: ProviderAccount) -> None:
        try:
            self._waiting.append(prepare(self._hub, row, claimed, account))
        except (InvalidToken, ValueError, KeyError):  # sealed with a lost key: the others of the claim must go on
            log.exception("message.unreadable", message_id=str(row.id))
            with self._hub.db.across_workspaces() as session:
                due_at = min(clock.now() + UNREADABLE_PAUSE, row.deadline_at)
                outbox.give_back(session, Topic.SEND, (row.workspace_id, row.id), claimed.claim, due_at)

    def _take_up(self, row: Row[Any]) -> None:
        """Go on where a worker died: a call whose end nobody recorded is in doubt."""
        now = clock.now()
        log.warning("attempt.unfinished", message_id=str(row.id), attempt=row.number)
        self._landed.append(
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
        )

    def _without_account(self, row: Row[Any], now: datetime) -> None:
        key = (row.workspace_id, row.id)
        with self._hub.db.across_workspaces() as session:
            if self._directory.held(row.workspace_id, row.channel, row.pinned_account_id, test=row.test):
                due_at = min(now + HELD_PAUSE, row.deadline_at)
                again = Later(
                    workspace_id=row.workspace_id, key=row.id, topic=Topic.SEND, lane=self._lane, due_at=due_at
                )
                outbox.postpone(session, [Topic.SEND], [again])
            else:
                locked = outcomes.lock_open(session, [key])
                outcomes.end(session, locked, Status.FAILED, Verdict.NO_PROVIDER_ACCOUNT, now)

    def _start(self, free: int) -> None:
        wave = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        before_mark = time.monotonic()
        try:
            marked = store.mark(self._hub.db, [item.to_mark() for item in wave])
        except TROUBLE:
            # Marked or not, nobody is called: what is still ours is marked again, what was marked is refused then.
            self._waiting.extendleft(reversed(wave))
            raise
        for item in wave:
            if item.message_id in marked:
                self._flying += 1
                self._pool.submit(self._fly, item, before_mark)
        refused = [item for item in wave if item.message_id not in marked]
        if refused:
            self._refuse(refused)

    def _refuse(self, items: Sequence[Ready]) -> None:
        """End, or put off, what the mark did not start."""
        now = clock.now()
        claims = {item.message_id: item.claim for item in items}
        with self._hub.db.across_workspaces() as session:
            open_messages = outcomes.lock_open(session, [item.key for item in items])
            why = store.why_not(session, [item.to_mark() for item in items])
            for message in open_messages:
                verdict = why[message.id]
                if verdict:
                    outcomes.end(session, [message], *verdict, now)
                else:  # sending is held, another worker has it by now, or another account has not come to its ceiling
                    due_at = min(now + HELD_PAUSE, message.deadline_at)
                    outbox.give_back(session, Topic.SEND, message.key, claims[message.id], due_at)

    def _fly(self, item: Ready, before_mark: float) -> None:
        """Call the provider, in a caller's thread."""
        self._landing.put(call(self._directory, item, before_mark, self._hub.settings.settle_seconds))

    def _land(self) -> None:
        """Gather what has come in; hand it to the free recorder once it is enough, or was gathered long enough."""
        if not self._landed:
            self._landed_at = time.monotonic()
        try:
            if self._flying:
                self._landed.append(self._landing.get(timeout=GATHER_SECONDS))
                self._flying -= 1
            while self._flying:
                self._landed.append(self._landing.get_nowait())
                self._flying -= 1
        except Empty:
            pass
        if self._recording:
            wait([self._recording], timeout=0 if self._flying else GATHER_SECONDS)
            if self._recording.done():
                recorded, self._recording = self._recording, None
                recorded.result()
        elif self._landed and not self._flying:
            time.sleep(GATHER_SECONDS)
        waited = time.monotonic() - self._landed_at
        enough = len(self._landed) >= self._callers // 2 or waited > RECORD_AFTER_SECONDS
        if self._landed and enough and not self._recording:
            landed, self._landed = self._landed, []
            self._recording = self._recorder.submit(self._record, landed)

    def _record(self, news: Sequence[News]) -> None:
        """Write outcomes down, however long PostgreSQL is away: they exist nowhere else."""
        while True:
            try:
                with self._hub.db.across_workspaces() as session:
                    settled = ledger.settle(session, self._hub.vault, news, clock.now())
            except Exception as error:  # nothing may keep the outcomes of a batch from being recorded
                if is_passing(error):
                    log.warning("outcome.not_recorded", count=len(news), error=type(error).__name__)
                    time.sleep(RECORD_PAUSE_SECONDS)
                    continue
                log.exception("outcome.refused", count=len(news))
                for item in news:
                    self._record([item] if len(news) > 1 else [bare(item)])
                return
            for lane in settled.lanes - {self._lane}:
                self._hub.bells.ring(Topic.SEND, lane)
            return
