"""Signing in and out, and the sessions that come of it."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from hub.accounts import users
from hub.accounts.roles import Role
from hub.app import create_app
from hub.core import ids
from tests.accounts.conftest import make_workspace
from tests.support.people import PASSWORD, csrf_of, make_person, post, sign_in

LONG_AGO = "UPDATE sessions SET seen_at = seen_at - interval '{0}', expires_at = expires_at - interval '{0}'"


def cookie_of(client):
    found = client.get_cookie("session")
    return found.value if found else None


def sessions_in(hub):
    with hub.db.across_workspaces() as session:
        return session.scalar(text("SELECT count(*) FROM sessions"))


def acts(hub, workspace):
    with hub.db.across_workspaces() as session:
        query = text("SELECT action, actor, address FROM audit WHERE workspace_id = :id ORDER BY id")
        return [tuple(row) for row in session.execute(query, {"id": workspace.id})]


def test_the_right_password_opens_the_workspace(client, person):
    answer = sign_in(client, person)

    assert (303, f"/w/{person.workspace.slug}/") == (answer.status_code, answer.location)
    assert person.email in client.get("/profile").text


@pytest.mark.parametrize("change", [{"password": "correct zebra battery 8"}, {"email": "nobody@example.com"}])
def test_a_wrong_password_and_an_unknown_email_are_told_alike(client, person, change):
    """Nobody learns from the sign-in who has an account."""
    answer = sign_in(client, person, **change)

    assert 422 == answer.status_code
    assert "The email or the password is wrong." in answer.text
    assert 303 == client.get("/profile").status_code


def test_somebody_shut_out_is_told_nothing_else(hub, client, workspace):
    shut_out = make_person(hub, workspace, active=False)

    answer = sign_in(client, shut_out)

    assert (422, True) == (answer.status_code, "The email or the password is wrong." in answer.text)


def test_shutting_out_ends_the_session_at_once(hub, client, person):
    sign_in(client, person)

    with hub.db.across_workspaces() as session:
        session.execute(text("UPDATE users SET active = false"))

    assert 303 == client.get("/profile").status_code


def test_whoever_has_no_password_yet_cannot_sign_in(hub, client, workspace):
    invited = make_person(hub, workspace, password=None)

    assert 422 == sign_in(client, invited).status_code


def test_an_email_is_known_however_it_is_written(client, person):
    assert 303 == sign_in(client, person, email=f"  {person.email.upper()} ").status_code


def test_signing_in_gives_a_token_that_nobody_knew(client, person):
    """Session fixation: what was in the cookie before opens nothing afterwards."""
    client.get("/sign-in")
    before = cookie_of(client)
    sign_in(client, person)
    after = cookie_of(client)

    client.set_cookie("session", before or "")
    assert before != after
    assert 303 == client.get("/profile").status_code


def test_signing_in_again_ends_the_session_of_before(hub, client, person):
    """A token that somebody put into the browser dies with the next sign-in."""
    other = make_person(hub, person.workspace)
    sign_in(client, other)
    first = cookie_of(client)
    page = client.get("/profile")

    client.post("/sign-in", data={"csrf_token": csrf_of(page), "email": person.email, "password": PASSWORD})

    assert person.email in client.get("/profile").text
    client.set_cookie("session", first or "")
    assert 303 == client.get("/profile").status_code
    assert 1 == sessions_in(hub)


def test_visitors_leave_no_row(hub, client):
    client.get("/sign-in")

    assert (0, True) == (sessions_in(hub), "." in (cookie_of(client) or ""))


def test_the_database_does_not_hold_the_token(hub, client, person):
    sign_in(client, person)

    with hub.db.across_workspaces() as session:
        row = session.execute(text("SELECT sessions::text FROM sessions")).scalar_one()
    assert cookie_of(client) not in row
    assert 32 < len(cookie_of(client) or "")


def test_signing_out_ends_the_session(hub, client, person):
    sign_in(client, person)
    token = cookie_of(client)

    answer = post(client, "/sign-out", "/profile")

    assert (303, "/sign-in") == (answer.status_code, answer.location)
    client.set_cookie("session", token or "")
    assert 303 == client.get("/profile").status_code
    assert 0 == sessions_in(hub)


def test_sign_out_is_no_link(client, person):
    """An image on another page cannot sign anybody out."""
    sign_in(client, person)

    assert 405 == client.get("/sign-out").status_code


@pytest.mark.parametrize("token", [None, "", "forged", "IjEyMyI.aaaa.bbbb"])
@pytest.mark.parametrize("path", ["/sign-out", "/profile", "/profile/password", "/profile/sessions/end"])
def test_a_form_without_its_token_does_nothing(client, person, path, token):
    sign_in(client, person)

    answer = client.post(path, data={"name": "Mallory"} | ({} if token is None else {"csrf_token": token}))

    assert (400, "text/html") == (answer.status_code, answer.mimetype)
    assert "The form is too old or not from this site." in answer.text
    assert "Mallory" not in client.get("/profile").text


def test_the_sign_in_form_needs_its_token_too(hub, client, person):
    """Nobody is signed in as somebody else by a page of a stranger."""
    answer = client.post("/sign-in", data={"email": person.email, "password": person.password})

    assert (400, 0) == (answer.status_code, sessions_in(hub))


def test_a_token_of_another_session_is_no_token(hub, client, person):
    stranger = client.application.test_client()
    sign_in(stranger, make_person(hub, person.workspace))
    sign_in(client, person)

    assert 400 == client.post("/sign-out", data={"csrf_token": csrf_of(stranger.get("/profile"))}).status_code


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/profile/password", "/profile/password"),
        ("/profile?tab=a", "/profile?tab=a"),
        ("//evil.example", "/w/"),
        ("///evil.example", "/w/"),
        ("/\\evil.example", "/w/"),
        ("\\\\evil.example", "/w/"),
        ("https://evil.example/", "/w/"),
        ("http:evil.example", "/w/"),
        ("javascript:alert(1)", "/w/"),
        ("/\t/evil.example", "/w/"),
        ("/\r\nSet-Cookie: a=b", "/w/"),
        ("\x01/evil.example", "/w/"),
        ("evil.example", "/w/"),
    ],
)
def test_after_signing_in_one_stays_on_this_site(client, person, wanted, led_to):
    """Open redirect: the address to go on to is a path of ours or it is not followed."""
    assert sign_in(client, person, wanted).location.startswith(led_to)


def test_the_page_one_wanted_is_remembered(client, person):
    wanted = f"/w/{person.workspace.slug}/probe?role=agent"

    answer = client.get(wanted)

    assert (303, "/sign-in") == (answer.status_code, urlsplit(answer.location).path)
    (remembered,) = parse_qs(urlsplit(answer.location).query)["next"]
    assert wanted == remembered == sign_in(client, person, remembered).location


def test_a_live_part_sends_the_whole_page_to_the_sign_in(client):
    answer = client.get("/profile", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/profile?x=1"})

    assert (401, "/sign-in?next=/profile?x%3D1") == (answer.status_code, answer.headers["HX-Redirect"])


def test_the_cookie_is_for_this_site_alone(client, person):
    (cookie,) = (found for found in sign_in(client, person).headers.getlist("Set-Cookie") if "session=" in found)

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} == set(cookie.split("; ")[1:])


def test_under_https_the_cookie_is_bound_to_the_host(hub, settings, workspace):
    """`__Host-`: neither a subdomain nor plain HTTP can put another one in its place."""
    app = create_app(replace(settings, public_url="https://hub.example"))
    client = app.test_client()
    page = client.get("/sign-in", base_url="https://localhost")
    person = make_person(hub, workspace)
    typed = {"csrf_token": csrf_of(page), "email": person.email, "password": person.password}
    headers = {"Referer": "https://localhost/sign-in"}

    answer = client.post("/sign-in", data=typed, base_url="https://localhost", headers=headers)

    (cookie,) = (found for found in answer.headers.getlist("Set-Cookie") if "session=" in found)
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} == set(cookie.split("; ")[1:])
    app.extensions["hub"].db.close()


@pytest.mark.parametrize("wait", ["13 hours", "15 days"])
def test_a_session_nobody_used_ends(hub, client, person, wait):
    sign_in(client, person)

    with hub.db.across_workspaces() as session:
        session.execute(text(LONG_AGO.format(wait)))

    assert 303 == client.get("/profile").status_code


def test_a_session_in_use_lives_on_but_not_for_ever(hub, client, person):
    """It is prolonged when it is used, to fourteen days after the sign-in at most."""
    sign_in(client, person)
    with hub.db.across_workspaces() as session:
        session.execute(text(LONG_AGO.format("11 hours")))
        session.execute(text("UPDATE sessions SET created_at = created_at - interval '13 days 20 hours'"))

    client.get("/profile")

    with hub.db.across_workspaces() as session:
        left = session.scalar(text("SELECT extract(hours FROM expires_at - now()) FROM sessions"))
    assert 3 == left


def test_the_api_knows_no_session(client, person):
    """The API takes keys; a cookie, however good, is nothing there."""
    sign_in(client, person)

    assert 401 == client.get("/api/v1/messages").status_code
    assert 401 == client.post("/api/v1/messages", json={}).status_code


def test_signing_in_and_out_is_written_down(hub, client, person):
    """Also a failed try is, wherever the person works; what was typed is not."""
    sign_in(client, person, password="wrong wrong wrong")
    sign_in(client, person)
    post(client, "/sign-out", "/profile")

    found = acts(hub, person.workspace)
    assert ["person.sign_in_failed", "person.signed_in", "person.signed_out"] == [action for action, _, _ in found]
    me = ids.show("usr", person.user_id)
    assert ["anonymous", me, me] == [actor for _, actor, _ in found]
    assert all(address for _, _, address in found)


def test_whoever_left_a_workspace_does_not_see_it_any_more(hub, client, person):
    """The session lives on for the other workspaces; this one is gone with the next request."""
    sign_in(client, person)
    home = f"/w/{person.workspace.slug}/probe"
    assert 200 == client.get(home).status_code

    with hub.db.across_workspaces() as session:
        session.execute(text("UPDATE members SET left_at = now()"))

    assert (404, 200) == (client.get(home).status_code, client.get("/profile").status_code)


def test_behind_a_proxy_the_visitors_address_is_counted_and_written_down(hub, settings, workspace):
    app, person = create_app(replace(settings, trusted_proxies=1)), make_person(hub, workspace)
    browser = app.test_client()
    browser.environ_base["HTTP_X_FORWARDED_FOR"] = "198.51.100.7, 203.0.113.9"

    sign_in(browser, person)

    assert ["203.0.113.9"] == [address for _, _, address in acts(hub, workspace)]
    app.extensions["hub"].db.close()


def test_a_part_of_a_page_with_an_unreadable_address_still_leads_to_the_sign_in(client, person):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://[oops"}

    answer = client.get(f"/w/{person.workspace.slug}/", headers=headers)

    assert (401, "/sign-in") == (answer.status_code, answer.headers["HX-Redirect"])


def test_whoever_is_in_no_workspace_is_told_so(hub, client, person):
    sign_in(client, person)
    with hub.db.across_workspaces() as session:
        session.execute(text("UPDATE members SET left_at = now() WHERE user_id = :id"), {"id": person.user_id})

    page = client.get("/")

    assert (200, True) == (page.status_code, f"Your access to {person.workspace.name} has ended" in page.text)


def test_a_page_outside_keeps_the_sidebar_of_the_workspace_used_last(hub, client, person):
    other = make_workspace(hub)
    with hub.db.across_workspaces() as session:
        users.join(session, other.id, person.user_id, Role.OWNER, actor="tests")
    sign_in(client, person)

    client.get(f"/w/{other.slug}/probe")

    assert f'href="/w/{other.slug}/audit"' in client.get("/profile").text
    assert f"/w/{other.slug}/" == client.get("/").location


def test_a_language_chosen_while_signed_in_stays_with_the_person(hub, client, person):
    sign_in(client, person)
    page = client.get("/profile")

    client.post("/preferences", data={"csrf_token": csrf_of(page), "language": "ru", "next": "/profile"})

    with hub.db.across_workspaces() as session:
        found = users.find(session, hub.vault, person.user_id)
    assert found
    assert "ru" == found.language
    fresh = client.application.test_client()
    sign_in(fresh, person)
    assert "Где вы вошли" in fresh.get("/profile").text


@pytest.mark.parametrize("path", ["/sign-in", "/choose-password/nothing"])
def test_pages_before_the_sign_in_speak_both_languages(client, path):
    english = client.get(path, headers={"Accept-Language": "en"})
    russian = client.get(path, headers={"Accept-Language": "ru"})

    assert ('lang="en"' in english.text, 'lang="ru"' in russian.text) == (True, True)
    assert "Войти" in russian.text


def test_roles_give_what_they_give(hub, client, workspace):
    """A screen asks the scopes of the person's role in this workspace."""
    sign_in(client, make_person(hub, workspace, Role.ANALYST))

    assert 403 == client.get(f"/w/{workspace.slug}/probe").status_code
