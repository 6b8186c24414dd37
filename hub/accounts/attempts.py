"""How often somebody may try to sign in: counted for the account and for the network address they come from."""

import threading
import time

from hub.core.limiter import WINDOW_SECONDS, Limiter
from hub.core.problems import TooManyRequests

EXTENSION = "attempts"
PER_ACCOUNT = 10
CODES_PER_ACCOUNT = 5
PER_ADDRESS = 60
MOST_KEPT = 10_000


class Attempts:
    """Counts in Redis; while it is away, each process counts by itself, for here a limit must not lapse."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._arrivals: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, account: str, address: str | None, per_minute: int = PER_ACCOUNT) -> None:
        """Count one attempt, or raise `TooManyRequests`. The name of the account must not be personal."""
        waits = [self._wait(f"sign-in:{address}", PER_ADDRESS), self._wait(f"sign-in:{account}", per_minute)]
        if any(waits):
            raise TooManyRequests("Too many attempts to sign in.", retry_after_seconds=max(waits))

    def _wait(self, key: str, per_minute: int) -> int:
        """Return the seconds until the next attempt is allowed: none if this one is."""
        allowance = self._limiter.hit(key, per_minute)
        if allowance:
            return 0 if allowance.allowed else allowance.retry_after_seconds
        return self._wait_here(key, per_minute)

    def _wait_here(self, key: str, per_minute: int) -> int:
        now, interval = time.monotonic(), WINDOW_SECONDS / per_minute
        with self._lock:
            if len(self._arrivals) >= MOST_KEPT:
                self._arrivals = {name: at for name, at in self._arrivals.items() if at > now}
            arrival = max(self._arrivals.get(key, now), now) + interval
            if arrival - now > WINDOW_SECONDS:
                return int(arrival - now - WINDOW_SECONDS) + 1
            self._arrivals[key] = arrival
        return 0
