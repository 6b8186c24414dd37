"""A keep-alive connection for callbacks, as small as the job: it posts and reads a status.

A third of the CPU of aiohttp's client, which matters because every accepted message causes two callbacks and the hub
is measured on the same machine.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class NotConnected(Exception):
    """No connection was made within the time allowed."""


class NoAnswer(Exception):
    """The connection broke or stayed silent after the request was sent."""


class Wire:
    """One connection, reused while the callbacks go to the same host. For one caller at a time."""

    def __init__(self) -> None:
        self._origin: tuple[str, str, int] | None = None
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, connect_seconds: float, read_seconds: float
    ) -> int:
        """Post to `url` byte for byte and return the status, or raise `NotConnected` or `NoAnswer`."""
        parts = urlsplit(url.partition("?")[0])  # short, so that the standard library's own cache serves it
        host = parts.netloc.rpartition("@")[2]
        target = url[len(parts.scheme) + len("://") + len(parts.netloc) :] or "/"
        lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        origin = (parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
        await self._connect(origin, connect_seconds)
        try:
            async with asyncio.timeout(read_seconds):
                self._writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
                return await self._status()
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as error:
            self.close()
            raise NoAnswer from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._origin is not None:
            self._origin = None
            self._writer.transport.abort()

    async def _connect(self, origin: tuple[str, str, int], seconds: float) -> None:
        if self._origin == origin and not self._reader.at_eof():
            return
        self.close()
        scheme, host, port = origin
        tls = ssl.create_default_context() if scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                self._reader, self._writer = await asyncio.open_connection(host, port, ssl=tls)
        except OSError as error:  # a time-out is one too
            raise NotConnected from error
        self._origin = origin

    async def _status(self) -> int:
        """Read one answer to its end, or give up the connection where its end is not told in advance."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").lower().split("\r\n")
        status = int(first.split()[1])
        headers = dict(line.split(": ", 1) for line in rest if ": " in line)
        length = headers.get("content-length", "0" if status in _WITHOUT_BODY else "")
        if length:
            await self._reader.readexactly(int(length))
        if not length or headers.get("connection") == "close":
            with contextlib.suppress(OSError):
                self.close()
        return status
