"""Fixtures for folders whose tests share one database, each in a workspace of its own: import them in `conftest.py`."""

from collections.abc import Iterator

import pytest

from hub.core import runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers
from tests.conftest import fresh_database

__all__ = ["hub", "settings"]


@pytest.fixture(scope="session")
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe the database."""
    with fresh_database(servers, base_settings) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def hub(settings: Settings) -> Iterator[Runtime]:
    """Connect to it beside the application."""
    built = runtime.build(settings, pool_size=4)
    yield built
    built.db.close()
