"""The rate limit: what is allowed, what is left, and when to come back."""

import threading
import time
from collections.abc import Iterator

import pytest

from hub.core import ids
from hub.core.limiter import SHARE_LIFE_SECONDS, Limiter
from hub.core.queue import connect
from hub.embedded.servers import RunningServers


@pytest.fixture
def limiter(servers: RunningServers) -> Iterator[Limiter]:
    """Count in a real Valkey."""
    client = connect(servers.redis_url, timeout_seconds=5)
    yield Limiter(client)
    client.close()


def key() -> str:
    return str(ids.new())


@pytest.mark.parametrize("per_minute", [1, 2, 7, 60, 600])
def test_a_fresh_key_may_use_its_whole_limit_at_once(limiter, per_minute):
    """A burst of the whole limit passes, and not one more."""
    name = key()

    allowed = [limiter.hit(name, per_minute).allowed for _ in range(per_minute + 1)]

    assert [True] * per_minute == allowed[:-1]
    assert not allowed[-1] or per_minute >= 600  # at ten a second one may have come back meanwhile


def test_what_remains_counts_down_by_one(limiter):
    name = key()

    assert [6, 5, 4, 3, 2, 1, 0] == [limiter.hit(name, 7).remaining for _ in range(7)]


@pytest.mark.parametrize("per_minute", [2, 7, 60, 450, 30_000])
def test_the_first_request_leaves_all_but_one(limiter, per_minute):
    """Asked of many keys: the figure must not depend on the digits of the clock."""
    assert {per_minute - 1} == {limiter.hit(key(), per_minute).remaining for _ in range(50)}


def test_a_refused_request_says_when_to_come_back(limiter):
    """And then it is right."""
    name = key()
    for _ in range(60):
        limiter.hit(name, 60)
    refused = limiter.hit(name, 60)
    time.sleep(refused.retry_after_seconds)

    assert (False, 0, 1) == (refused.allowed, refused.remaining, refused.retry_after_seconds)
    assert limiter.hit(name, 60).allowed


def test_a_refused_request_costs_nothing(limiter):
    """Asking too often does not push the next allowed request away."""
    name = key()
    for _ in range(60):
        limiter.hit(name, 60)
    waits = {limiter.hit(name, 60).retry_after_seconds for _ in range(50)}

    assert waits <= {1}


def test_what_is_used_up_is_forgotten(limiter):
    """Names come from visitors: what is kept of them must not grow for ever."""
    for _ in range(50):
        limiter.hit(key(), 60)
        limiter.hit(key(), 6000)
    time.sleep(SHARE_LIFE_SECONDS + 0.1)
    limiter.hit(key(), 6000)

    assert 1 == len(limiter._shares)


def test_keys_do_not_share_a_limit(limiter):
    one, other = key(), key()
    assert [True, False] == [limiter.hit(one, 1).allowed for _ in range(2)]

    assert limiter.hit(other, 1).allowed


def test_threads_together_get_no_more_than_the_limit(limiter):
    """One round trip per request, counted in one place."""
    name = key()
    allowed: list[bool] = []

    def ask() -> None:
        allowed.extend(limiter.hit(name, 40).allowed for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 40 <= sum(allowed) <= 42  # one comes back every 1.5 s


def test_without_redis_nobody_is_refused_and_nobody_waits(tmp_path):
    """The limit protects the hub; it must not be what stops it."""
    limiter = Limiter(connect(f"unix://{tmp_path}/nothing.sock"))
    began = time.monotonic()

    assert [None] * 1000 == [limiter.hit(key(), 1) for _ in range(1000)]
    assert time.monotonic() - began < 2
