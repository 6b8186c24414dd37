"""One application and one database for all of these tests; each makes workspaces of its own."""

import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from hub.app import create_app
from hub.core import log
from hub.core.settings import Settings
from tests.every_screen.world import Screen
from tests.support import one_database

settings, hub = one_database.settings, one_database.hub


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
