"""A worker process: one lane, its topics' jobs, and the loop that drains them. Also the relay.

This is the only map from an outbox topic to a job.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from setproctitle import setproctitle

from hub.core import outbox, queue, runtime
from hub.core.db import TROUBLE
from hub.core.outbox import LANES_OF, Lane, Topic
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.dispatch.following import FollowUpJob
from hub.dispatch.sending import SendJob
from hub.inbound.service import InboundJob
from hub.operations import upkeep
from hub.routing.directory import Directory


class Job(Protocol):
    """The work of one topic in one lane. Claims its own rows; safe to run twice and side by side."""

    def step(self) -> bool:
        """Do a bounded piece of work; return whether there was any."""

    def finish(self) -> None:
        """End what is under way."""


JOBS: dict[Topic, Callable[[Runtime, Directory, Lane], Job]] = {
    Topic.SEND: SendJob,
    Topic.FOLLOW_UP: FollowUpJob,
    Topic.INBOUND: InboundJob,
}

DRAIN_SECONDS = 20.0
LOOK_SECONDS = 0.01
HOLD_SECONDS = 1.0
FAILURE_PAUSE_SECONDS = 1.0
RELAY_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Drainer:
    """One topic of this process's lane. One thread at a time drains it."""

    hub: Runtime
    topic: Topic
    lane: Lane
    job: Job
    busy: threading.Lock

    def drain(self, linger_seconds: float = queue.LINGER_SECONDS) -> None:
        """Work until nothing is due or 20 s are over. While it runs, bells are held; it ends by listening again."""
        if not self.busy.acquire(blocking=False):
            return
        try:
            self._drain(linger_seconds)
        except TROUBLE as error:
            log.warning("drain.interrupted", topic=self.topic, lane=self.lane, error=type(error).__name__)
            queue.STOPPING.wait(FAILURE_PAUSE_SECONDS)
        except Exception:  # the lane's other work must go on; leases bring this work back
            log.exception("drain.failed", topic=self.topic, lane=self.lane)
            queue.STOPPING.wait(FAILURE_PAUSE_SECONDS)
        finally:
            self.busy.release()

    def _drain(self, linger_seconds: float) -> None:
        end = time.monotonic() + DRAIN_SECONDS
        worked_at = time.monotonic()
        held_at = 0.0
        try:
            while time.monotonic() < end and not queue.STOPPING.is_set():
                now = time.monotonic()
                if now - held_at >= HOLD_SECONDS:
                    self.hub.bells.hold(self.topic, self.lane)
                    held_at = now
                if self.job.step():
                    worked_at = time.monotonic()
                elif now - worked_at < linger_seconds:
                    time.sleep(LOOK_SECONDS)
                else:
                    self.hub.bells.listen(self.topic, self.lane)
                    if not self.job.step():
                        return
                    held_at = 0.0
        finally:
            self.job.finish()
        self.hub.bells.listen(self.topic, self.lane)
        self.hub.bells.ring(self.topic, self.lane)


_drainers: dict[Topic, Drainer] = {}


def drain(topic: str, _lane: str) -> None:
    """Answer a bell: the one job of RQ, in the process that serves the lane."""
    _drainers[Topic(topic)].drain()


def run(settings: Settings, lane: Lane) -> None:
    """Serve one lane until SIGTERM."""
    setproctitle(f"hub-worker {lane}")
    hub = runtime.build(settings)
    directory = Directory(hub)
    for topic, lanes in LANES_OF.items():
        if lane in lanes:
            _drainers[topic] = Drainer(hub, topic, lane, JOBS[topic](hub, directory, lane), threading.Lock())
    log.info("worker.started", lane=lane)
    queue.serve(settings.redis_url, lane, _look)
    hub.db.close()


def relay(settings: Settings) -> None:
    """Ring for rows that came due and for bells that got lost, and keep the house, until SIGTERM."""
    setproctitle("hub-relay")
    hub = runtime.build(settings, pool_size=2)
    queue.stop_on_signals()
    kept_at = 0.0
    while not queue.STOPPING.wait(RELAY_SECONDS):
        try:
            with hub.db.across_workspaces() as session:
                due = [(t, lane) for t, lanes in LANES_OF.items() for lane in lanes if outbox.any_due(session, t, lane)]
            for topic, lane in due:
                hub.bells.ring(topic, lane)
            if time.monotonic() - kept_at >= upkeep.EVERY_SECONDS:
                upkeep.run(hub)
                kept_at = time.monotonic()
        except TROUBLE as error:
            log.warning("relay.interrupted", error=type(error).__name__)
    hub.db.close()


def _look() -> None:
    for drainer in _drainers.values():
        drainer.drain(linger_seconds=0)
