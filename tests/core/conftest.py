"""One database for all tests of the core: each test makes its own workspaces."""

from collections.abc import Iterator

import pytest

from hub.core import runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers
from tests.conftest import fresh_database


@pytest.fixture(scope="session")
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe the database that all tests of the core share."""
    with fresh_database(servers, base_settings) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def hub(settings: Settings) -> Iterator[Runtime]:
    """Connect to it."""
    built = runtime.build(settings, pool_size=8)
    yield built
    built.db.close()
