"""Real servers for these tests: the simulator as its own process, and a listener that says what it is told to."""

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import requests
import urllib3

from channels.types import WebhookRequest

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 15
_numbers = itertools.count(100)


def free_port() -> int:
    """Find a port below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def wait_until(condition: Callable[[], bool], seconds: float = _PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@dataclass
class Answer:
    status: int = 204
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: float = 0


class Listener:
    """An HTTP server that keeps every request and gives `answers` in turn, the last one for ever."""

    def __init__(self, port: int | None = None) -> None:
        self.answers = [Answer()]
        self.requests: list[WebhookRequest] = []
        self.methods: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                listener._keep(self)
                answer = listener.answers.pop(0) if len(listener.answers) > 1 else listener.answers[0]
                time.sleep(answer.wait_seconds)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body.encode())))
                self.end_headers()
                self.wfile.write(answer.body.encode())

            do_POST = do_GET = _answer  # noqa: N815  # the names http.server looks for

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", port or free_port()), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int) -> list[WebhookRequest]:
        wait_until(lambda: len(self.requests) >= count)
        return self.requests[:count]

    def _keep(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.methods.append(handler.command)
        headers = dict(handler.headers.items())
        self.requests.append(WebhookRequest(kind="status", url=self.url + handler.path, headers=headers, body=body))


class Simulator:
    """`python -m channels.simulator` with short delays, in a folder of its own."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{free_port()}"
        self._settings = settings
        self._pool = urllib3.PoolManager(retries=False)
        self.start()

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATA_DIR": str(self.data_dir),
            "SIMULATOR_PORT": self.url.rpartition(":")[2],
            "SIM_RECEIPT_SECONDS": "0.05",
            "SIM_STEP_SECONDS": "0.05",
            "SIM_SLOW_SECONDS": "0.5",
            "SIM_TIMEOUT_SECONDS": "5",
            **self._settings,
        }
        self.process = subprocess.Popen([sys.executable, "-m", "channels.simulator"], cwd=ROOT, env=environment)
        wait_until(self._answers)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=_PATIENCE_SECONDS)

    def control(self, method: str, path: str, **body: object) -> urllib3.BaseHTTPResponse:
        return self._pool.request(method, f"{self.url}/_sim/{path}", json=body or None)

    def taken(self, to: object) -> list[dict[str, str]]:
        """List what was accepted for one address."""
        entries: list[dict[str, str]] = self.control("GET", f"requests?to={to}").json()["requests"]
        return entries

    def account(self, provider: str) -> dict[str, str]:
        accounts: dict[str, dict[str, str]] = json.loads((self.data_dir / "simulator" / "accounts.json").read_text())
        return accounts[provider]

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the simulator ended"
        try:
            return self.control("GET", "health").status == 200
        except urllib3.exceptions.HTTPError:
            return False


def post(
    simulator: Simulator, auth: tuple[str, str] | None = None, *, lost: bool = False, **changes: str | None
) -> Any:  # may be lost
    """Send a message as no SDK would check it first; a change to None leaves a field out."""
    account = simulator.account("twilio")
    form = {"To": f"+7917{next(_numbers):03d}1234", "From": account["sender"], "Body": "hi", **changes}
    url = f"{simulator.url}/2010-04-01/Accounts/{account['account_sid']}/Messages.json"
    known = (account["account_sid"], account["auth_token"])
    form = {name: value for name, value in form.items() if value is not None}
    with contextlib.suppress(*[requests.ConnectionError] if lost else []):
        return requests.post(url, form, auth=auth or known, timeout=5)
    return None


def fields(request: WebhookRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
