"""One application and one database for all of these tests; each makes workspaces of its own."""

import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from hub.app import create_app
from hub.core import log, runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers
from tests.conftest import fresh_database
from tests.every_screen.world import Screen


@pytest.fixture(scope="session")
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe the database that these tests share; each makes workspaces of its own."""
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
    """Build the application, with the logs it has in production."""
    log.configure(json=True, stream=sys.stderr)
    built = create_app(settings)
    yield built
    built.extensions["hub"].db.close()


@pytest.fixture
def screens(app: Flask) -> list[Screen]:
    """Return the views that ask for a sign-in."""
    return [
        Screen(method, rule.rule, getattr(app.view_functions[rule.endpoint], "scope", None))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if getattr(app.view_functions[rule.endpoint], "signed_in", False)
    ]
