"""One application and one database for all tests of people: each test has a workspace of its own."""

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.accounts import service
from hub.accounts.auth import current_actor, signed_in
from hub.accounts.scopes import Scope
from hub.accounts.store import Workspace
from hub.app import create_app
from hub.core import runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers
from tests.conftest import fresh_database

_names = itertools.count(1)


@pytest.fixture(scope="session")
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe the database that all tests of people share."""
    with fresh_database(servers, base_settings) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def hub(settings: Settings) -> Iterator[Runtime]:
    """Connect to it beside the application."""
    built = runtime.build(settings, pool_size=4)
    yield built
    built.db.close()


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Build the application, with a screen that only tests have: it needs the right to see people."""
    built = create_app(settings)
    built.add_url_rule("/w/<slug>/probe", "probe", signed_in(Scope.USERS_READ)(lambda: current_actor().name))
    yield built
    built.extensions["hub"].db.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Call the application in this process."""
    return app.test_client()


@pytest.fixture
def workspace(hub: Runtime) -> Workspace:
    """Make a workspace."""
    return make_workspace(hub)


def make_workspace(hub: Runtime) -> Workspace:
    with hub.db.across_workspaces() as session:
        return service.create_workspace(session, f"Shop {next(_names)}", "RU")
