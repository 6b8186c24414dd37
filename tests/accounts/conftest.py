"""One application and one database for all tests of people: each test has a workspace of its own."""

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from hub.accounts import service
from hub.accounts.auth import current_actor, signed_in
from hub.accounts.models import SESSIONS
from hub.accounts.scopes import Scope
from hub.accounts.store import Workspace
from hub.app import create_app
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from tests.support import one_database
from tests.support.people import Person, make_person

settings, hub = one_database.settings, one_database.hub

_names = itertools.count(1)


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Build the application, with a screen that only tests have: it needs the right to see people."""
    built = create_app(settings)
    built.add_url_rule("/w/<slug>/probe", "probe", signed_in(Scope.USERS_READ)(lambda: current_actor().name))
    yield built
    built.extensions["hub"].db.close()


@pytest.fixture
def client(app: Flask, hub: Runtime) -> FlaskClient:
    """Call the application in this process, where nobody is signed in yet."""
    with hub.db.across_workspaces() as session:
        session.execute(delete(SESSIONS))
    return app.test_client()


@pytest.fixture
def workspace(hub: Runtime) -> Workspace:
    """Make a workspace."""
    return make_workspace(hub)


@pytest.fixture
def person(hub: Runtime, workspace: Workspace) -> Person:
    """Make an owner who has a password."""
    return make_person(hub, workspace)


def make_workspace(hub: Runtime) -> Workspace:
    with hub.db.across_workspaces() as session:
        return service.create_workspace(session, f"Shop {next(_names)}", "RU")
