"""How often somebody may try to sign in: counted for the account and for the network address they come from."""

import ipaddress
import threading
import time

from hub.core.limiter import WINDOW_SECONDS, Limiter
from hub.core.problems import TooManyRequests

EXTENSION = "attempts"
PER_ACCOUNT = 10
CODES_PER_ACCOUNT = 5
PER_ADDRESS = 60
GUESSES_PER_ACCOUNT = 100
"""From everywhere together: so many that no one stranger shuts a person out."""
MOST_KEPT = 10_000
HOUSEHOLD = 64
"""Bits of an IPv6 address that one customer shares; the others are theirs to choose."""


class Attempts:
    """Counts in Redis; while it is away, each process counts by itself, for here a limit must not lapse."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._arrivals: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, account: str, address: str | None, per_minute: int = PER_ACCOUNT) -> None:
        """Count one attempt of somebody who proved something already, or raise `TooManyRequests`."""
        self._count({_place(address): PER_ADDRESS, account: per_minute})

    def count_guess(self, account: str, address: str | None) -> None:
        """Count one attempt of anybody, or raise `TooManyRequests`. The name of the account must not be personal."""
        place = _place(address)
        self._count({place: PER_ADDRESS, f"{account}@{place}": PER_ACCOUNT, account: GUESSES_PER_ACCOUNT})

    def _count(self, limits: dict[str, int]) -> None:
        """Count for each name until one is full: what is refused uses nothing of the limits after it."""
        for name, per_minute in limits.items():
            wait = self._wait(f"sign-in:{name}", per_minute)
            if wait:
                raise TooManyRequests("Too many attempts to sign in.", retry_after_seconds=wait)

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


def _place(address: str | None) -> str:
    """Return what stands for everybody at an address: itself, or the network of one customer."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return str(address)
    if not isinstance(found, ipaddress.IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), HOUSEHOLD), strict=False))
