"""The simulator, a listener for callbacks, and every adapter of the registry connected to them."""

import itertools
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from channels.addresses import Address, PhoneNumber
from channels.base import Adapter
from channels.errors import ChannelError
from channels.registry import ADAPTERS
from channels.types import Accepted, Connection, OutboundMessage, ProviderEvent
from tests.channels.servers import Listener, Simulator

_numbers = itertools.count(100)
MESSAGE_ID = "01h455vb4pex5vsknk084sn02q"


def fresh_number(ending: str = "1234") -> PhoneNumber:
    """Make up a number that no other test writes to; its last four digits choose what happens to it."""
    return PhoneNumber(f"+7916{next(_numbers):03d}{ending}")


def message(to: Address, sender: str, listener: Listener, **changes: str) -> OutboundMessage:
    values = {"body": "Your code is 4312", "attempt_id": f"att_{MESSAGE_ID}_1", **changes}
    url = f"{listener.url}/hooks/pac_1/status?attempt={values['attempt_id']}"
    return OutboundMessage(to=to, sender=sender, callback_url=url, validity_seconds=600, **values)


@dataclass
class Provider:
    """One adapter, its account at the simulator and the hub's end of the callbacks."""

    adapter: Adapter
    connection: Connection
    sender: str
    listener: Listener
    simulator: Simulator
    address: Callable[[str], Address]

    def send(self, to: Address, **changes: str) -> Accepted | ChannelError:
        (outcome,) = self.adapter.send([message(to, self.sender, self.listener, **changes)])
        return outcome

    def received(self, count: int) -> list[ProviderEvent]:
        """Wait for so many callbacks, check the signature of each and read it."""
        events: list[ProviderEvent] = []
        for callback in self.listener.wait_for(count):
            self.adapter.verify(callback)
            events += self.adapter.parse(callback)
        return events


@pytest.fixture(scope="session")
def simulator(tmp_path_factory) -> Iterator[Simulator]:
    running = Simulator(tmp_path_factory.mktemp("simulator"))
    yield running
    running.stop()


@pytest.fixture
def own(tmp_path) -> Iterator[Simulator]:
    """Start a simulator that may be killed or broken."""
    running = Simulator(tmp_path)
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


@pytest.fixture(params=ADAPTERS, ids=lambda kind: kind.name)
def kind(request) -> type[Adapter]:
    """Every adapter of the registry in turn: what is asked of one is asked of all."""
    adapter: type[Adapter] = request.param
    return adapter


@pytest.fixture
def provider(kind, simulator, listener) -> Iterator[Provider]:
    account = simulator.account(kind.name)
    connection = Connection(base_url=simulator.url, credentials=account, timeout_seconds=1.0)
    yield Provider(kind(connection), connection, account["sender"], listener, simulator, fresh_number)
    simulator.control("DELETE", "outage")
