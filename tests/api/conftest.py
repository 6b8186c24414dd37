"""One application and one database for all tests of the API: each test has a workspace of its own."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.app import create_app
from hub.core import log
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from tests.api.making import stored
from tests.conftest import Caller, make_caller
from tests.support import one_database

settings, hub = one_database.settings, one_database.hub


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Build the application once, with the logs it has in production."""
    log.configure(json=True, stream=sys.stderr)
    built = create_app(settings)
    yield built
    built.extensions["hub"].db.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Call the application in this process."""
    return app.test_client()


@pytest.fixture
def stranger(hub: Runtime, client: FlaskClient) -> Caller:
    """Make another workspace with a key that may do everything there."""
    return make_caller(hub, client)


@pytest.fixture
def caller_with(hub: Runtime, client: FlaskClient) -> Callable[..., Caller]:
    """Make callers whose keys differ in what the test says."""

    def make(**key: Any) -> Caller:
        return make_caller(hub, client, **key)

    return make


@pytest.fixture
def nothing_stored(hub: Runtime, caller: Caller) -> Iterator[None]:
    """Fail the test that leaves a row behind."""
    before = stored(hub)
    yield
    assert before == stored(hub)
