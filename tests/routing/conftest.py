"""One database for all tests of routing: each test makes its own workspaces."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.accounts.roles import Role
from hub.app import create_app
from hub.core import runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers
from tests.conftest import fresh_database
from tests.routing.making import Shop, make_shop
from tests.support.people import make_person, sign_in


@pytest.fixture(scope="session")
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe the database that all tests of routing share."""
    with fresh_database(servers, base_settings) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def hub(settings: Settings) -> Iterator[Runtime]:
    """Connect to it."""
    built = runtime.build(settings, pool_size=8)
    yield built
    built.db.close()


@pytest.fixture
def shop(hub: Runtime) -> Shop:
    """Make a workspace with a key and an account that counts a cent per segment."""
    return make_shop(hub)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Build the application once."""
    built = create_app(settings)
    yield built
    built.extensions["hub"].db.close()


@pytest.fixture
def web(app: Flask, hub: Runtime, shop: Shop) -> FlaskClient:
    """Sign the shop's owner in."""
    client = app.test_client()
    sign_in(client, make_person(hub, shop.actor.workspace, phone="+79160000001"))
    return client


@pytest.fixture
def onlooker(app: Flask, hub: Runtime, shop: Shop) -> FlaskClient:
    """Sign in somebody who may look and change nothing."""
    client = app.test_client()
    sign_in(client, make_person(hub, shop.actor.workspace, Role.ANALYST))
    return client
