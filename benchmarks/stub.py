"""The least a provider can do: answer every POST with Twilio's 201 at once, count, send no receipts.

`python -m benchmarks.stub PORT`. `GET /` tells how many messages were taken and when the first and the last.
"""

import asyncio
import hashlib
import json
import signal
import sys
import time

ANSWER = (
    '{"account_sid": "AC00000000000000000000000000000000", "api_version": "2010-04-01", "body": "Your code is 4312", '
    '"date_created": "Thu, 24 Aug 2023 05:01:45 +0000", "date_sent": null, '
    '"date_updated": "Thu, 24 Aug 2023 05:01:45 +0000", "direction": "outbound-api", "error_code": null, '
    '"error_message": null, "from": "+15005550006", "num_media": "0", "num_segments": "1", "price": null, '
    '"price_unit": null, "messaging_service_sid": null, "sid": "SM%s", "status": "queued", '
    '"subresource_uris": {"media": "/2010-04-01/Media.json"}, "to": "+15558675310", "uri": "/2010-04-01/M.json"}'
)


class Count:
    """How many messages were taken. Times are seconds of the monotonic clock, which all processes share."""

    taken = 0
    first_at = 0.0
    last_at = 0.0


class Provider(asyncio.Protocol):
    """One connection of a client."""

    transport: asyncio.Transport
    received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < _length(head):
            return
        self.received = b""
        if head.startswith(b"POST "):
            Count.taken += 1
            Count.last_at = time.monotonic()
            Count.first_at = Count.first_at or Count.last_at
            self._answer("201 Created", ANSWER % _sid(Count.taken))
        else:
            told = {"taken": Count.taken, "first_at": Count.first_at, "last_at": Count.last_at}
            self._answer("200 OK", json.dumps(told))

    def _answer(self, status: str, text: str) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        self.transport.write((head + text).encode())


def _sid(number: int) -> str:
    """Make up an id as scattered as the real ones: an index must not get them in order."""
    return hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()


def _length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start + 15 :].partition(b"\r\n")[0]) if start > 0 else 0


async def serve(port: int) -> None:
    """Answer until SIGTERM."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await loop.create_server(Provider, "127.0.0.1", port, backlog=1024)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
