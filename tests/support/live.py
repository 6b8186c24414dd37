"""A whole hub as its own processes, driven from outside as a CRM and a phone company would."""

import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from hub.core.outbox import Lane
from tests.channels.servers import free_port
from tests.supervision.running import Running

_people = itertools.count(1000)
STARTED = '"worker.started"'
"""What each worker logs once it claims."""
FAST = {
    "SIM_RECEIPT_SECONDS": "0.1",
    "SIM_STEP_SECONDS": "0.1",
    "SIM_TIMEOUT_SECONDS": "15",
    "SETTLE_SECONDS": "4",
}


def phone(ending: int = 1234) -> str:
    """Make up a number nobody else in this run writes to. Its last four digits are the simulator's script."""
    return f"+79{next(_people) % 100000:05d}{ending:04d}"


@dataclass(frozen=True)
class Carrier:
    """The simulator, as the judge of what was really sent."""

    url: str

    def received(self, to: str | None = None) -> list[dict[str, Any]]:
        """Return what the provider accepted."""
        query = {"to": to} if to else {}
        answer: list[dict[str, Any]] = requests.get(f"{self.url}/_sim/requests", query, timeout=60).json()["requests"]
        return answer

    def outage(self, mode: str, **details: Any) -> None:
        """Break the provider."""
        body = {"provider": "twilio", "mode": mode, **details}
        requests.post(f"{self.url}/_sim/outage", json=body, timeout=5).raise_for_status()

    def mend(self) -> None:
        """End all outages."""
        requests.delete(f"{self.url}/_sim/outage", timeout=5).raise_for_status()


class LiveHub:
    """`hub up` in a folder of its own, and its REST API."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        port, simulator_port = free_port(), free_port()
        credentials = data_dir / "credentials.json"
        before = credentials.stat().st_mtime_ns if credentials.exists() else 0
        log = data_dir.with_name(f"{data_dir.name}.output")
        said = log.read_text().count(STARTED) if log.exists() else 0
        self.running = Running(
            [sys.executable, "-m", "hub.cli", "up"],
            data_dir,
            None,
            **{"PORT": str(port), "SIMULATOR_PORT": str(simulator_port), **FAST, **environment},
        )
        self.running.wait_for("credentials.json", 60)
        wait_until(
            lambda: credentials.exists() and credentials.stat().st_mtime_ns != before, 60, lambda: self.running.output
        )
        wait_until(lambda: self.running.output.count(STARTED) >= said + len(Lane), 60, lambda: self.running.output)
        self.credentials = json.loads(credentials.read_text())
        self.url = f"{self.credentials['dashboard_url']}/api/v1"
        self.carrier = Carrier(self.credentials["simulator_url"])
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.credentials['api_key']}"

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        """POST JSON."""
        return self.session.post(f"{self.url}{path}", json=body, headers=headers, timeout=30)

    def get(self, path: str, **query: Any) -> Any:
        """GET JSON, which must succeed."""
        response = self.session.get(f"{self.url}{path}", params=query, timeout=30)
        response.raise_for_status()
        return response.json()

    def send_sms(self, to: str, body: str = "Your code is 4312", **fields: Any) -> dict[str, Any]:
        """Send one text message and return it as accepted."""
        message = {"to": {"phone": to}, "body": body, "purpose": "transactional", **fields}
        response = self.post("/messages", message)
        assert 202 == response.status_code, response.text
        accepted: dict[str, Any] = response.json()
        return accepted

    def fill(self, count: int, **fields: Any) -> list[dict[str, Any]]:
        """Accept messages by batches, each to a number and with a text of its own."""
        accepted = []
        for start in range(0, count, 1000):
            numbers = range(start, min(start + 1000, count))
            common = {"purpose": "transactional", "metadata": {"n": 1}, **fields}
            items = [{"to": {"phone": phone()}, "body": f"{fields} {number}", **common} for number in numbers]
            response = self.post("/messages/batch", {"messages": items})
            accepted += [item["message"] for item in response.json()["data"]]
        return accepted

    def settle(self, message: dict[str, Any], seconds: float = 40) -> dict[str, Any]:
        """Wait until a message is final and return it."""
        found: dict[str, Any] = {}

        def is_final() -> bool:
            found.update(self.get(f"/messages/{message['id']}"))
            return bool(found["final"])

        wait_until(is_final, seconds, lambda: f"not final: {found}")
        return found

    def stop(self) -> None:
        """End it as Ctrl-C does; nothing runs afterwards, the data stays."""
        self.session.close()
        try:
            os.killpg(self.running.process.pid, signal.SIGINT)
            self.running.wait_gone(30)
        except BaseException:
            self.running.end()
            raise

    def discard(self) -> None:
        """End it and delete its data."""
        self.stop()
        self.running.end()


def wait_until(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str] = lambda: "") -> None:
    """Wait for something to become true; fail with the complaint if it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, complaint()
        time.sleep(0.05)
