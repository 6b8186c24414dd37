"""Every route is either for programs or a screen, and every screen asks who is there."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from hub.accounts.scopes import Scope
from hub.accounts.sessions import uses_no_cookie
from hub.app import create_app

PUBLIC = {
    "accounts_screens.sign_in",
    "accounts_screens.enter",
    "accounts_screens.code",
    "accounts_screens.take_code",
    "accounts_screens.rescue_code",
    "accounts_screens.take_rescue_code",
    "accounts_screens.sign_out",
    "accounts_screens.choose_password",
    "accounts_screens.take_password",
    "accounts_screens.invitation",
    "accounts_screens.accept_invitation",
    "shell.preferences",
}
"""Screens that visitors may see and send."""


@pytest.fixture
def app(settings) -> Iterator[Flask]:
    """Build the application."""
    built = create_app(settings)
    yield built
    built.extensions["hub"].db.close()


def screens(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not uses_no_cookie(rule.rule)]


def test_every_screen_but_a_few_asks_who_is_there(app):
    """A new screen is closed unless it is named here."""
    open_ones = {r.endpoint for r in screens(app) if not getattr(app.view_functions[r.endpoint], "signed_in", False)}

    assert PUBLIC == open_ones


def test_every_screen_of_a_workspace_asks_for_a_permission(app):
    """Being in the workspace is not enough: the role says what one may see there."""
    inside = [rule for rule in screens(app) if "slug" in rule.arguments]

    assert all(rule.rule.startswith("/w/<slug>/") for rule in inside)
    assert [] == [r.endpoint for r in inside if not isinstance(app.view_functions[r.endpoint].scope, Scope)]


def test_no_screen_of_a_workspace_is_outside_of_it(app):
    """A scope is one of a workspace, so it can only be asked for there."""
    outside = [rule for rule in screens(app) if "slug" not in rule.arguments]

    assert [] == [r.endpoint for r in outside if getattr(app.view_functions[r.endpoint], "scope", None)]


def test_the_library_behind_the_sign_in_brings_no_page_of_its_own(app):
    """No registration, no confirmation, no token: what has no screen of ours has no route."""
    assert not [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security")]
