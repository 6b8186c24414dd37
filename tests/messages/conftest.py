"""Screens of messages: the API's application, a workspace per test, and people who sign in by the form."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from hub.accounts.roles import Role
from hub.core.runtime import Runtime
from tests.api.conftest import app, caller_with, client, hub, settings, stranger  # noqa: F401 - fixtures
from tests.conftest import Caller
from tests.support.people import make_person, sign_in

Enter = Callable[..., FlaskClient]


@pytest.fixture
def enter(hub: Runtime, app: Flask, caller: Caller) -> Enter:  # noqa: F811 - fixtures
    """Sign people of the caller's workspace in; each has a browser of their own."""

    def enter(role: Role = Role.OWNER, **user: object) -> FlaskClient:
        browser = app.test_client()
        assert 303 == sign_in(browser, make_person(hub, caller.workspace, role, **user)).status_code
        return browser

    return enter


@pytest.fixture
def place(caller: Caller) -> str:
    """Return where the workspace's screens are."""
    return f"/w/{caller.workspace.slug}"


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:  # noqa: F811 - a fixture
    """Serve the application to a real browser; return its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
