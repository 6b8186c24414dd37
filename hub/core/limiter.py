"""How many requests an API key may make: the generic cell rate algorithm (ITU-T I.371), kept in Redis.

One number per key, the theoretical arrival time of the next request, moved by one script in one round trip.
"""

import math
import time
from dataclasses import dataclass

import redis
import structlog

WINDOW_SECONDS = 60
SILENT_SECONDS = 1.0

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1e6
local interval = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local next_arrival = arrival + interval
if next_arrival - now > window then
  return {0, tostring(next_arrival - window - now), tostring(arrival - now)}
end
redis.call('SET', KEYS[1], string.format('%.6f', next_arrival), 'EX', math.ceil(window))
return {1, '0', tostring(next_arrival - now)}
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


class Limiter:
    """Counts in Redis. Without Redis nobody is refused: the limit protects the hub, it is not a price list."""

    def __init__(self, client: redis.Redis) -> None:
        self._hit = client.register_script(SCRIPT)
        self._silent_until = 0.0

    def hit(self, key: str, per_minute: int) -> Allowance | None:
        """Count one request, or return None when Redis cannot be asked."""
        if time.monotonic() < self._silent_until:
            return None
        interval = WINDOW_SECONDS / per_minute
        try:
            allowed, wait, ahead = self._hit(keys=[f"limit:{key}"], args=[interval, WINDOW_SECONDS])
        except redis.RedisError:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            log.warning("limiter.silent")
            return None
        used = math.ceil(float(ahead) / interval)
        return Allowance(
            allowed=bool(allowed),
            limit=per_minute,
            remaining=max(0, per_minute - used),
            reset_seconds=math.ceil(float(ahead)),
            retry_after_seconds=math.ceil(float(wait)),
        )
