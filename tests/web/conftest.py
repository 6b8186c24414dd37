"""The shell's small application, for Flask's test client and for a real browser."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.web.small import counted, small_app

EVERYTHING = frozenset({"messages:read", "provider_accounts:read", "api_keys:read", "users:read", "audit:read"})


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Build the application with somebody signed in."""
    return small_app(tmp_path_factory.mktemp("small"), scopes=EVERYTHING)


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    """Call the application as the person's browser; cookies are kept."""
    return app.test_client()


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    """Serve the application; return its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """Begin every test with nothing counted."""
    counted.update(polls=0, attention=0)
