"""Posts callbacks to the hub, a bounded number at a time, and tries again as the callback's URL asks."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import parse_qsl

from channels.simulator.wire import NoAnswer, NotConnected, Wire

_AT_ONCE = 64
_SUCCESS = range(200, 300)
# After the first, second, ... failure. Five retries come 14.5 s after the first try at the latest.
_BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 7.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """When a failed callback is repeated, from the fragment of its URL: `#rc=5&rp=all`. Times are in seconds."""

    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})  # of ct (connect), rt (read), 4xx, 5xx, all
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, fragment: str) -> "Overrides":
        """Read a fragment; what is missing or out of range is the default."""
        given, default = dict(parse_qsl(fragment)), cls()
        return cls(
            retries=_number(given.get("rc"), 0, 5, default.retries),
            retry_on=frozenset(given["rp"].split(",")) if given.get("rp") else default.retry_on,
            connect_seconds=_number(given.get("ct"), 100, 10_000, 5_000) / 1000,
            read_seconds=_number(given.get("rt"), 100, 15_000, 15_000) / 1000,
            total_seconds=_number(given.get("tt"), 100, 15_000, 15_000) / 1000,
        )


def _number(text: str | None, least: int, most: int, default: int) -> int:
    if text is None or not text.isdecimal():
        return default
    return int(text) if least <= int(text) <= most else default


@dataclass(slots=True, eq=False, kw_only=True)
class Callback:
    """One request to the hub. `done` is called once: when it was answered well or given up."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    overrides: Overrides
    done: Callable[[], None]
    tries: int = 0
    first_try_at: float = 0.0


class Courier:
    """Belongs to one event loop; `start` before use, `stop` drops what is unsent."""

    def __init__(self, later: Callable[[float, Callable[[], None]], None]) -> None:
        """`later` plans an action so many seconds ahead."""
        self._later = later
        self._queue: asyncio.Queue[Callback] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to post; needs a running loop."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(_AT_ONCE)]

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    def post(self, callback: Callback) -> None:
        """Send as soon as a worker is free."""
        self._queue.put_nowait(callback)

    def forget(self) -> None:
        """Drop what waits to be sent."""
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                self._queue.get_nowait()

    async def _work(self) -> None:
        wire = Wire()
        try:
            while True:
                callback = await self._queue.get()
                failure = await _try(wire, callback)
                if failure is None or not self._again(callback, failure):
                    callback.done()
        finally:
            wire.close()

    def _again(self, callback: Callback, failure: str) -> bool:
        """Plan the next try if the overrides allow one more."""
        overrides = callback.overrides
        if callback.tries > overrides.retries or not overrides.retry_on & {failure, "all"}:
            return False
        loop = asyncio.get_running_loop()
        delay = _BACK_OFF_SECONDS[callback.tries - 1]
        if loop.time() + delay > callback.first_try_at + overrides.total_seconds:
            return False
        self._later(delay, partial(self.post, callback))
        return True


async def _try(wire: Wire, callback: Callback) -> str | None:
    """Post once; return what failed, in the words of the overrides, or None."""
    overrides = callback.overrides
    callback.tries += 1
    if callback.tries == 1:
        callback.first_try_at = asyncio.get_running_loop().time()
    try:
        status = await wire.post(
            callback.url,
            callback.headers,
            callback.body,
            connect_seconds=overrides.connect_seconds,
            read_seconds=overrides.read_seconds,
        )
    except NotConnected:
        return "ct"
    except NoAnswer:
        return "rt"
    return None if status in _SUCCESS else f"{status // 100}xx"


def without_fragment(url: str) -> tuple[str, Overrides]:
    """Split a callback URL into what is requested (and signed) and what its fragment asks for."""
    bare, _, fragment = url.partition("#")
    return bare, Overrides.parse(fragment)
