"""What tests of people share."""

import itertools
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from hub.accounts import service
from hub.accounts.auth import current_actor, signed_in
from hub.accounts.scopes import Scope
from hub.accounts.store import Workspace
from hub.app import create_app
from hub.core.runtime import Runtime
from hub.core.settings import Settings

_names = itertools.count(1)


@pytest.fixture
def workspace(hub: Runtime) -> Workspace:
    """Make a workspace."""
    return make_workspace(hub)


def make_workspace(hub: Runtime) -> Workspace:
    with hub.db.across_workspaces() as session:
        return service.create_workspace(session, f"Shop {next(_names)}", "RU")


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    """Call the application, with a screen that only tests have: it needs the right to see people."""
    app = create_app(settings)
    app.add_url_rule("/w/<slug>/probe", "probe", signed_in(Scope.USERS_READ)(lambda: current_actor().name))
    yield app.test_client()
    app.extensions["hub"].db.close()
