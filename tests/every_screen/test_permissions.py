"""Every screen × every role × a foreign workspace: who may open it, who may send its form."""

import pytest
from flask.testing import FlaskClient

from hub.accounts.roles import SCOPES_OF, Role
from hub.accounts.scopes import Scope
from tests.every_screen.world import Screen, make_world, signed_in
from tests.support.people import csrf_of, make_person

EITHER = {("POST", "/w/<slug>/messages/<message_id>/reveal"): {Scope.PERSONAL_DATA_READ, Scope.PERSONAL_DATA_REVEAL}}
"""Views that ask for one of two permissions besides the one they name."""
LEADS_BACK = ("GET", "/w/<slug>/messages/<message_id>/reveal")
"""A page that was only ever sent: reloading it leads to the message, which says whether it is there."""


def ask(client: FlaskClient, screen: Screen, values: dict[str, str]) -> int:
    """Open the screen, or send its form with nothing but its token and a word that some forms begin with."""
    if screen.method == "GET":
        return client.get(screen.of(values)).status_code
    token = csrf_of(client.get("/profile"))
    form = {"csrf_token": token, "role": "agent"}
    return client.open(screen.of(values), method=screen.method, data=form).status_code


def may(role: Role, screen: Screen) -> bool:
    """Tell what the role's permissions say of a screen."""
    held = SCOPES_OF[role]
    return (screen.scope is None or screen.scope in held) and bool(
        held & EITHER.get((screen.method, screen.path), held)
    )


def test_there_are_screens_to_judge(screens):
    assert 20 < len(screens)
    assert {"/w/<slug>/", "/w/<slug>/messages", "/w/<slug>/api-keys", "/profile"} <= {screen.path for screen in screens}


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_it_may_and_nothing_else(hub, app, screens, role):
    """403 exactly where the role lacks the permission; never a 404 or a 5xx in one's own workspace."""
    world = make_world(hub, app.test_client())
    client = signed_in(app, make_person(hub, world.workspace, role))
    wrong = {}

    for screen in (screen for screen in screens if "<slug>" in screen.path and screen.method == "GET"):
        allowed = may(role, screen)
        status = ask(client, screen, world.values)
        if (status == 403) == allowed or status not in {200, 303, 403}:
            wrong[screen.path] = status

    assert {} == wrong


@pytest.mark.parametrize("role", Role)
def test_a_role_sends_the_forms_it_may_and_no_other(hub, app, screens, role):
    """403 before anything is read of the form; with the permission an empty form is an answer, never a 5xx."""
    world = make_world(hub, app.test_client())
    client = signed_in(app, make_person(hub, world.workspace, role))
    wrong = {}

    for screen in (screen for screen in screens if "<slug>" in screen.path and screen.method != "GET"):
        allowed = may(role, screen)
        status = ask(client, screen, world.values)
        refused = status == 403
        if refused == allowed or status >= 500:
            wrong[screen.path] = status

    assert {} == wrong


def test_a_foreign_workspace_does_not_exist(hub, app, screens):
    """Not 403, which would say that it is there: 404 for its pages, and for its things under one's own name."""
    world, other = make_world(hub, app.test_client()), make_world(hub, app.test_client())
    client = signed_in(app, make_person(hub, other.workspace, Role.OWNER))
    theirs_here = world.values | {"slug": other.workspace.slug}

    inside = [screen for screen in screens if "<slug>" in screen.path]
    wrong = {(screen.method, screen.path): ask(client, screen, world.values) for screen in inside}
    smuggled = {
        (screen.method, screen.path): ask(client, screen, theirs_here)
        for screen in inside
        if "_id>" in screen.path and (screen.method, screen.path) != LEADS_BACK
    }

    assert {} == {route: status for route, status in wrong.items() if status != 404}
    assert {} == {route: status for route, status in smuggled.items() if status != 404}


def test_a_visitor_is_asked_to_sign_in(hub, app, screens):
    """No page says more to somebody unknown than the sign-in page does."""
    world = make_world(hub, app.test_client())
    client = app.test_client()
    wrong = {}

    for screen in screens:
        response = client.open(screen.of(world.values), method=screen.method)
        sent_away = response.status_code == 303 and response.location.startswith("/sign-in")
        if not (sent_away or (screen.method != "GET" and response.status_code == 400)):
            wrong[screen.method, screen.path] = response.status_code

    assert {} == wrong


def test_no_form_is_taken_without_its_token(hub, app, screens):
    """A page elsewhere cannot act with the session of whoever looks at it."""
    world = make_world(hub, app.test_client())
    client = signed_in(app, make_person(hub, world.workspace, Role.OWNER))

    answers = {
        screen.path: client.open(screen.of(world.values), method=screen.method).status_code
        for screen in screens
        if screen.method != "GET"
    }

    assert {400} == set(answers.values()), answers
