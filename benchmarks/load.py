"""A load generator: keep-alive connections on one event loop, prebuilt requests, as little work as Python can do."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Times are seconds since 1970: providers write theirs down in the same clock."""

    status: int
    body: bytes
    asked_at: float
    answered_at: float

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return self.answered_at - self.asked_at


@dataclass(frozen=True, slots=True)
class Load:
    """What became of some requests, in the order of their answers."""

    seconds: float
    answers: Sequence[Answer]

    @property
    def rate(self) -> float:
        """Return requests per second."""
        return len(self.answers) / self.seconds


def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Build a POST, ready for the wire."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "\r\n"]).encode() + body


def post_json(port: int, path: str, value: Any, headers: Mapping[str, str]) -> bytes:  # noqa: ANN401 - any JSON value
    """Build a POST of JSON."""
    return post(port, path, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def fire(port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Load:
    """Send requests as fast as they are answered, one at a time on each connection."""
    return asyncio.run(_fire(port, requests, connections))


def pace(port: int, requests: Sequence[bytes], per_second: float, connections: int = CONNECTIONS * 4) -> Load:
    """Send requests at an even pace, whether or not the earlier ones were answered."""
    return asyncio.run(_pace(port, requests, per_second, connections))


async def _fire(port: int, requests: Sequence[bytes], connections: int) -> Load:
    waiting = deque(requests)
    answers: list[Answer] = []

    async def work(connection: _Connection) -> None:
        while waiting:
            answers.append(await connection.ask(waiting.popleft()))

    opened = await _open(port, min(connections, len(requests)))
    began = time.perf_counter()
    await asyncio.gather(*map(work, opened))
    seconds = time.perf_counter() - began
    _close(opened)
    return Load(seconds, answers)


async def _pace(port: int, requests: Sequence[bytes], per_second: float, connections: int) -> Load:
    idle: asyncio.Queue[_Connection] = asyncio.Queue()
    opened = await _open(port, connections)
    for connection in opened:
        idle.put_nowait(connection)

    async def one(request: bytes) -> Answer:
        connection = await idle.get()
        answer = await connection.ask(request)
        idle.put_nowait(connection)
        return answer

    began = time.perf_counter()
    tasks = []
    for place, request in enumerate(requests):
        await asyncio.sleep(began + place / per_second - time.perf_counter())
        tasks.append(asyncio.create_task(one(request)))
    answers = await asyncio.gather(*tasks)
    seconds = time.perf_counter() - began
    _close(opened)
    return Load(seconds, answers)


async def _open(port: int, connections: int) -> "list[_Connection]":
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(_Connection, HOST, port) for _ in range(connections)]
    return [connection for _, connection in opened]


def _close(connections: "Sequence[_Connection]") -> None:
    for connection in connections:
        connection.transport.close()


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._received = b""
        self._asked_at = 0.0
        self._answer: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send one request; the future is its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._asked_at = time.time()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or self._answer is None:
            return
        if len(body) < _length(head):
            return
        self._received = b""
        self._answer.set_result(Answer(int(head[9:12]), body, self._asked_at, time.time()))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed before the answer"))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0
