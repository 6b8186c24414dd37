"""What all stand-ins share: settings, accounts, the log, outages, callbacks and a clock to plan by."""

import asyncio
from collections.abc import Callable

from channels.simulator import accounts
from channels.simulator.courier import Courier
from channels.simulator.log import RequestLog
from channels.simulator.outages import Outages
from channels.simulator.settings import Settings


class World:
    """One simulator. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        folder = settings.data_dir / "simulator"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = settings
        self.accounts = accounts.load(folder)
        self.log = RequestLog(folder / "requests.jsonl")
        self.outages = Outages()
        self.courier = Courier(self.later)
        self._age = 0

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it after a while, unless everything is reset before."""
        asyncio.get_running_loop().call_later(seconds, self._act, self._age, action)

    def reset(self) -> None:
        """Forget every message, outage and planned callback; the accounts stay."""
        self._age += 1
        self.courier.forget()
        self.outages.end()
        self.log.clear()

    def _act(self, age: int, action: Callable[[], None]) -> None:
        if age == self._age:
            action()
