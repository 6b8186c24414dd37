"""RQ, wrapped: bells that wake a worker, and the process that answers them.

A job carries a topic and a lane and no payload; the work is in PostgreSQL. Everything here may be lost at any moment:
a worker that hears no bell for a second looks for itself.
"""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
import structlog
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from hub.core.outbox import Lane, Topic

BELL_SECONDS = 5
"""A bell nobody answered falls silent after this long, so that a dead worker's job cannot mute the lane."""
REDIS_TIMEOUT_SECONDS = 0.5
LINGER_SECONDS = 0.2
"""A drain that found nothing more looks on this long, so that a steady trickle needs no job per message."""
QUIET_SECONDS = 1.0
"""A worker without a bell for this long drains its lane by itself."""
DRAIN = "hub.worker.drain"

log = structlog.get_logger()


def connect(url: str, *, timeout_seconds: float = REDIS_TIMEOUT_SECONDS) -> redis.Redis:
    """Return a client whose calls fail quickly."""
    return redis.Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds)


class Bells:
    """Rings after commits. Redis being away is no error: the lane is drained a second later without it."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._queues = {
            lane: Queue(_queue_name(lane), connection=client, serializer=JSONSerializer, default_timeout=-1)
            for lane in Lane
        }
        self._silent_until = 0.0
        self._heard_until: dict[tuple[Topic, Lane], float] = {}

    def ring(self, topic: Topic, lane: Lane) -> None:
        """Wake the lane's worker. Only the first ring since the worker last listened makes a job.

        A ring that finds the bell held was heard: the drain that holds it finds what was committed before, and then
        looks on for its linger time. Within half of that there is no need to ring again.
        """
        now = time.monotonic()
        if now < self._silent_until or now < self._heard_until.get((topic, lane), 0.0):
            return
        try:
            if not self._redis.set(_bell(topic, lane), 1, nx=True, ex=BELL_SECONDS):
                self._heard_until[topic, lane] = now + LINGER_SECONDS / 2
            else:
                self._queues[lane].enqueue(DRAIN, topic.value, lane.value, result_ttl=0, failure_ttl=60)
        except redis.RedisError:
            self._silent_until = time.monotonic() + QUIET_SECONDS
            log.warning("bell.silent", topic=topic, lane=lane)

    def hold(self, topic: Topic, lane: Lane) -> None:
        """Keep rings from making jobs: a drain is at work and looks for itself."""
        self._quietly(lambda: self._redis.set(_bell(topic, lane), 1, ex=BELL_SECONDS))

    def listen(self, topic: Topic, lane: Lane) -> None:
        """Let the next ring make a job. Look for work once more after this, or a ring before it is lost."""
        self._quietly(lambda: self._redis.delete(_bell(topic, lane)))

    def _quietly(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except redis.RedisError:
            self._silent_until = time.monotonic() + QUIET_SECONDS


STOPPING = threading.Event()
"""Set once this process was asked to end."""


class LaneWorker(SimpleWorker):
    """One process, one queue: RQ loses a popped job of a killed worker for ever when it listens to several."""

    def handle_warm_shutdown_request(self) -> None:
        """Stop a drain between two batches as well."""
        STOPPING.set()

    def procline(self, message: str) -> None:
        """Keep the process's own title."""


def serve(url: str, lane: Lane, look: Callable[[], None]) -> None:
    """Answer the bells of one lane until SIGTERM; call `look` every second besides, in a thread of its own."""
    client = redis.Redis.from_url(url)
    queue = Queue(_queue_name(lane), connection=client, serializer=JSONSerializer)
    watch = threading.Thread(target=_watch, args=(look,), name="watch")
    watch.start()
    while not STOPPING.is_set():
        try:
            LaneWorker([queue], connection=client, serializer=JSONSerializer, maintenance_interval=30).work(
                logging_level="WARNING"
            )
        except redis.RedisError:
            log.warning("queue.unreachable", lane=lane)
        except StopRequested:
            break
        STOPPING.wait(QUIET_SECONDS)
    STOPPING.set()
    watch.join()


def _watch(look: Callable[[], None]) -> None:
    while not STOPPING.wait(QUIET_SECONDS):
        look()


def _bell(topic: Topic, lane: Lane) -> str:
    return f"bell:{topic}:{lane}"


def _queue_name(lane: Lane) -> str:
    return f"hub:{lane}"


def stop_on_signals() -> None:
    """Let SIGTERM and SIGINT end a loop that waits on `STOPPING`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: STOPPING.set())
