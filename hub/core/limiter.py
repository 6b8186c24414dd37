"""How many requests an API key may make: the generic cell rate algorithm (ITU-T I.371), kept in Redis.

One number per key, the theoretical arrival time of the next request, moved by one script in one round trip. A process
takes what a key may make in a tenth of a second at once and gives it out by itself, so a busy key costs few round trips
and a slow one is exact. What a process took and did not use is lost to the key: the limit is never exceeded.
"""

import math
import threading
import time
from dataclasses import dataclass

import redis
import structlog

WINDOW_SECONDS = 60
SHARE_SECONDS = 0.1
SHARE_LIFE_SECONDS = 1.0
SILENT_SECONDS = 1.0

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local interval = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local wanted = tonumber(ARGV[3])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local granted = math.min(wanted, math.floor((window - (arrival - now)) / interval + 1e-6))
if granted < 1 then
  return {0, tostring(arrival + interval - window - now), tostring(arrival - now)}
end
arrival = arrival + granted * interval
redis.call('SET', KEYS[1], string.format('%.6f', arrival), 'EX', math.ceil(window))
return {granted, '0', tostring(arrival - now)}
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a key's window after this request."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int  # until the whole limit is free again
    retry_after_seconds: int


@dataclass(slots=True)
class Share:
    """Requests that this process may still give out, and the rest of the window when it took them."""

    left: int
    until: float
    free_at: float  # when the whole limit is free again


class Limiter:
    """Counts in Redis. Without Redis nobody is refused: the limit protects the hub, it is not a price list."""

    def __init__(self, client: redis.Redis) -> None:
        self._take = client.register_script(SCRIPT)
        self._silent_until = 0.0
        self._shares: dict[str, Share] = {}
        self._tidy_at = 0.0
        self._lock = threading.Lock()

    def hit(self, key: str, per_minute: int) -> Allowance | None:
        """Count one request, or return None when Redis cannot be asked. Safe between threads."""
        now = time.monotonic()
        with self._lock:
            share = self._shares.get(key)
            if share and now < share.until:
                share.left -= 1
                if not share.left:
                    del self._shares[key]
                return _allowance(share, per_minute, now)
        if now < self._silent_until:
            return None
        interval = WINDOW_SECONDS / per_minute
        wanted = max(1, int(SHARE_SECONDS / interval))
        try:
            granted, wait, ahead = self._take(keys=[f"limit:{key}"], args=[interval, WINDOW_SECONDS, wanted])
        except redis.RedisError:
            self._silent_until = now + SILENT_SECONDS
            log.warning("limiter.silent")
            return None
        share = Share(max(0, granted - 1), now + SHARE_LIFE_SECONDS, now + float(ahead))
        if not granted:
            return Allowance(False, per_minute, 0, math.ceil(float(ahead)), max(1, math.ceil(float(wait))))
        self._keep(key, share, now)
        return _allowance(share, per_minute, now)

    def _keep(self, key: str, share: Share, now: float) -> None:
        """Keep a share while it has something left; drop those that are over."""
        with self._lock:
            if now >= self._tidy_at:
                self._shares = {name: kept for name, kept in self._shares.items() if now < kept.until}
                self._tidy_at = now + SHARE_LIFE_SECONDS
            if share.left:
                self._shares[key] = share


def _allowance(share: Share, per_minute: int, now: float) -> Allowance:
    ahead = max(0.0, share.free_at - now)
    used = math.ceil(ahead * per_minute / WINDOW_SECONDS - 1e-6) - share.left
    return Allowance(True, per_minute, max(0, per_minute - max(1, used)), math.ceil(ahead), 0)
