"""The least that sending through the SDK takes: a pool of threads, one `messages.create` after the other.

`python -m benchmarks.bare_loop sdk|ours BASE_URL CALLERS`: with the HTTP client that the SDK brings, or with the hub's.
Each line on its input is a count of messages; each line of its output says how long they took. It ends with its input.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK ships no types

from channels.http import PooledClient

TIMEOUT_SECONDS = 10


class Redirected(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's own client as it comes, its pool as large as the loop, sending to another host."""

    def __init__(self, base_url: str, callers: int) -> None:
        """Keep one connection for each caller."""
        super().__init__(timeout=TIMEOUT_SECONDS)
        self._base_url = base_url
        self.session.mount("http://", HTTPAdapter(pool_maxsize=callers))

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - the SDK's signature
        """Make one request."""
        return super().request(method, url.replace("https://api.twilio.com", self._base_url), *rest, **more)


def main(kind: str, base_url: str, callers: int) -> None:
    """Send as many as each line of input says."""
    transport = (
        Redirected(base_url, callers)
        if kind == "sdk"
        else PooledClient(base_url, timeout_seconds=TIMEOUT_SECONDS, pool_size=callers * 2)
    )
    client = Client("AC" + "0" * 32, "token", http_client=transport)

    def send(number: int) -> None:
        client.messages.create(
            to=f"+79{number:09d}",
            from_="+15005550006",
            body="Your code is 4312",
            status_callback=f"http://127.0.0.1:8000/hooks/acc/status?attempt=att_{number:026d}_1#rc=5&rp=all",
            validity_period=36_000,
        )

    with ThreadPoolExecutor(callers) as pool:
        for line in sys.stdin:
            began, cpu = time.monotonic(), time.process_time()
            list(pool.map(send, range(int(line))))
            told = {"seconds": time.monotonic() - began, "cpu_seconds": time.process_time() - cpu}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
