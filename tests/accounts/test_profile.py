"""One's own profile: name, password, second factor, sessions."""

import re
from dataclasses import replace

import pytest
from passlib.totp import TOTP  # type: ignore[import-untyped] # it has no types
from sqlalchemy import text

from hub.accounts import second_factor, users, users_store
from hub.core.problems import Conflict
from tests.support.people import PASSWORD, csrf_of, make_person, post, sign_in

NEW = "violet harbour 1958 kites"
KEY = re.compile(r'id="factor-key" value="([^"]+)"')
CODES = re.compile(r"<li>([0-9a-f-]{14})</li>")
SECOND_FACTOR = "/profile/second-factor"


@pytest.fixture
def person(hub, workspace, client):
    """Make an owner who is signed in."""
    made = make_person(hub, workspace)
    sign_in(client, made)
    return made


@pytest.fixture
def elsewhere(client, person):
    """Sign the same person in in another browser."""
    other = client.application.test_client()
    sign_in(other, person)
    return other


def user_of(hub, person):
    with hub.db.across_workspaces() as session:
        return users.find(session, hub.vault, person.user_id)


def actions(hub, person):
    with hub.db.across_workspaces() as session:
        query = text("SELECT action FROM audit WHERE workspace_id = :id ORDER BY id")
        return list(session.scalars(query, {"id": person.workspace.id}))


def code_of(key, steps=0):
    """Return the app's code, now or some steps from now."""
    now = TOTP(key).normalize_time(None)
    return TOTP(key).generate(now + 30 * steps).token


def turn_on(client):
    """Turn the second factor on; return its key and the rescue codes."""
    (key,) = KEY.findall(client.get(SECOND_FACTOR).text)
    shown = post(client, SECOND_FACTOR, code=code_of(key, -1), current_password=PASSWORD)
    return key, CODES.findall(client.get(shown.location).text)


def half_signed_in(client, person):
    """Give the password in another browser and come to the second step."""
    other = client.application.test_client()
    assert "/sign-in/code" == sign_in(other, person).location
    return other


def test_the_profile_is_changed(hub, client, person):
    fields = {"name": "Anna Petrova", "phone": "+7 916 123-45-09", "email": person.email, "language": "ru"}

    answer = post(client, "/profile", **fields)

    assert (303, "/profile") == (answer.status_code, answer.location)
    user = user_of(hub, person)
    assert ("Anna Petrova", "+79161234509", "ru") == (user.name, user.phone, user.language)
    assert "Профиль сохранен." in client.get("/profile").text


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("name", " ", "Write a name"),
        ("name", "x" * 101, "Write a name"),
        ("phone", "12345", "This is not a phone number."),
        ("email", "nobody", "This is not an email address."),
        ("email", "a b@example.com", "This is not an email address."),
    ],
)
def test_a_profile_that_cannot_be_is_refused(hub, client, person, field, value, fault):
    fields = {"name": "Anna", "email": person.email, field: value}

    answer = post(client, "/profile", **fields)

    assert (422, True) == (answer.status_code, fault in answer.text)
    assert "Anna Petrova" == user_of(hub, person).name


def test_another_email_needs_the_password(hub, client, person):
    """An unlocked screen is not enough to take an account over."""
    fields = {"name": "Anna", "email": "anna@elsewhere.example"}

    refused = post(client, "/profile", **fields)
    taken = post(client, "/profile", **fields, current_password=PASSWORD)

    assert (422, 303) == (refused.status_code, taken.status_code)
    assert "anna@elsewhere.example" == user_of(hub, person).email


def test_an_email_belongs_to_one_person(hub, client, person):
    other = make_person(hub, person.workspace)

    answer = post(client, "/profile", name="Anna", email=other.email.upper(), current_password=PASSWORD)

    assert (422, True) == (answer.status_code, "There is a person with this email already." in answer.text)


def test_a_new_password_ends_every_other_session(hub, client, person, elsewhere):
    """This browser stays signed in, under a new token; what the old one opened is closed."""
    before = client.get_cookie("session").value

    answer = post(client, "/profile/password", current_password=PASSWORD, password=NEW, again=NEW)

    assert (303, 200, 303) == (
        answer.status_code,
        client.get("/profile").status_code,
        elsewhere.get("/profile").status_code,
    )
    assert before != client.get_cookie("session").value
    client.set_cookie("session", before)
    assert 303 == client.get("/profile").status_code
    fresh = client.application.test_client()
    assert [422, 303] == [sign_in(fresh, person, password=typed).status_code for typed in (PASSWORD, NEW)]
    assert "password.changed" in actions(hub, person)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"current_password": "wrong"}, "This is not your current password."),
        ({"password": "short", "again": "short"}, "Take at least 12 characters."),
        ({"password": "x" * 201, "again": "x" * 201}, "Take at most 200 characters."),
        ({"password": "aaaabbbbaaaabbbb", "again": "aaaabbbbaaaabbbb"}, "different characters"),
        ({"password": "Password1234!", "again": "Password1234!"}, "among the first"),
        ({"again": "something else"}, "The two passwords differ."),
    ],
)
def test_a_password_that_will_not_do_is_refused(client, person, elsewhere, change, fault):
    fields = {"current_password": PASSWORD, "password": NEW, "again": NEW} | change

    answer = post(client, "/profile/password", **fields)

    assert (422, True) == (answer.status_code, fault in answer.text)
    assert NEW not in answer.text
    assert 200 == elsewhere.get("/profile").status_code


def test_ones_email_is_no_password(client, person):
    answer = post(client, "/profile/password", current_password=PASSWORD, password=person.email, again=person.email)

    assert (422, True) == (answer.status_code, "among the first" in answer.text)


def test_the_second_factor_is_asked_for_once_it_works(hub, client, person):
    key, codes = turn_on(client)

    assert 10 == len(set(codes))
    other = half_signed_in(client, person)
    assert 303 == other.get("/profile").status_code
    assert 422 == post(other, "/sign-in/code", code="000000").status_code
    answer = post(other, "/sign-in/code", code=code_of(key))
    assert (303, f"/w/{person.workspace.slug}/") == (answer.status_code, answer.location)
    assert 200 == other.get("/profile").status_code
    assert {"second_factor.turned_on", "person.sign_in_failed"} <= set(actions(hub, person))


def test_a_code_that_was_taken_is_not_taken_again(client, person):
    """Whoever saw it over a shoulder comes too late."""
    key, _ = turn_on(client)
    code = code_of(key)
    assert 303 == post(half_signed_in(client, person), "/sign-in/code", code=code).status_code

    assert 422 == post(half_signed_in(client, person), "/sign-in/code", code=code).status_code


def test_turning_the_second_factor_on_needs_the_password(hub, client, person):
    """An unlocked screen is not enough to shut its owner out."""
    (key,) = KEY.findall(client.get(SECOND_FACTOR).text)

    answer = post(client, SECOND_FACTOR, code=code_of(key), current_password="wrong")

    assert (422, False) == (answer.status_code, user_of(hub, person).has_second_factor)


def test_what_changed_meanwhile_survives_a_new_password(hub, person):
    """A password takes a while to hash; the row is read again then."""
    stale = user_of(hub, person)
    with hub.db.across_workspaces() as session:
        second_factor.turn_on(session, hub.vault, stale, second_factor.new_key(), 1)

    with hub.db.across_workspaces() as session:
        users.set_password(session, hub.vault, stale, NEW)

    assert user_of(hub, person).has_second_factor


@pytest.mark.parametrize("change", [{"active": False}, {"uniquifier": "another"}])
def test_nothing_is_written_over_an_account_that_was_shut_or_taken_back(hub, person, change):
    stale = user_of(hub, person)
    change = {name: f"{value}-{person.user_id}" if name == "uniquifier" else value for name, value in change.items()}
    with hub.db.across_workspaces() as session:
        users_store.change(session, hub.vault, replace(stale, **change))

    for write in (
        lambda session: users.set_password(session, hub.vault, stale, NEW),
        lambda session: users.change_profile(session, hub.vault, stale, name="Eve"),
        lambda session: second_factor.turn_off(session, hub.vault, stale),
        lambda session: second_factor.new_rescue_codes(session, hub.vault, stale),
    ):
        with hub.db.across_workspaces() as session, pytest.raises(Conflict):
            write(session)

    assert replace(stale, **change) == user_of(hub, person)


def test_a_changed_profile_is_written_down(hub, client, person):
    post(client, "/profile", name="Anna Ivanova", email=person.email)

    page = client.get(f"/w/{person.workspace.slug}/audit?action=person.changed").text

    assert "<del>Anna Petrova</del> → <ins>Anna Ivanova</ins>" in page


def test_a_field_that_is_sent_twice_is_no_crash(client, person):
    token = csrf_of(client.get("/profile"))
    twice = {"csrf_token": token, "name": ["", "x"], "email": ["a", "b"], "phone": ["1", "2"], "language": ["ru", "x"]}

    assert 422 == client.post("/profile", data=twice).status_code


def test_the_second_factor_is_not_on_before_a_code_proves_it(hub, client, person):
    answer = post(client, SECOND_FACTOR, code="000000", current_password=PASSWORD)

    assert (422, True) == (answer.status_code, "This code does not fit." in answer.text)
    assert not user_of(hub, person).has_second_factor


def test_a_rescue_code_works_once(hub, client, person):
    _, (code, *_rest) = turn_on(client)

    taken = post(half_signed_in(client, person), "/sign-in/rescue-code", code=code.upper().replace("-", " "))
    again = post(half_signed_in(client, person), "/sign-in/rescue-code", code=code)

    assert (303, 422) == (taken.status_code, again.status_code)
    assert "rescue_code.used" in actions(hub, person)


def test_rescue_codes_are_shown_once_and_not_kept_as_they_are(hub, client, person):
    _, (code, *_rest) = turn_on(client)

    again = client.get("/profile/rescue-codes")

    assert (303, SECOND_FACTOR) == (again.status_code, again.location)
    assert code not in str(user_of(hub, person).rescue_codes)


def test_new_rescue_codes_replace_the_old_ones(client, person):
    _, (old, *_rest) = turn_on(client)

    answer = post(client, "/profile/rescue-codes", SECOND_FACTOR, current_password=PASSWORD)
    (new, *_rest) = CODES.findall(client.get(answer.location).text)

    assert 422 == post(half_signed_in(client, person), "/sign-in/rescue-code", code=old).status_code
    assert 303 == post(half_signed_in(client, person), "/sign-in/rescue-code", code=new).status_code


def test_turning_the_second_factor_off_needs_the_password(hub, client, person):
    turn_on(client)

    refused = post(client, f"{SECOND_FACTOR}/off", SECOND_FACTOR, current_password="wrong")
    done = post(client, f"{SECOND_FACTOR}/off", SECOND_FACTOR, current_password=PASSWORD)

    assert (422, 303) == (refused.status_code, done.status_code)
    assert f"/w/{person.workspace.slug}/" == sign_in(client.application.test_client(), person).location
    assert "second_factor.turned_off" in actions(hub, person)


def test_too_many_wrong_codes_are_refused(client, person):
    key, _ = turn_on(client)
    other = half_signed_in(client, person)

    answers = [post(other, "/sign-in/code", code="000000") for _ in range(6)]

    assert [422] * 5 + [429] == [answer.status_code for answer in answers]
    assert 429 == post(half_signed_in(client, person), "/sign-in/code", code=code_of(key)).status_code


def test_the_second_step_comes_after_the_first(client, person):
    """Without the password there is no page to try codes on."""
    stranger = client.application.test_client()
    token = csrf_of(stranger.get("/sign-in"))

    answers = [stranger.get("/sign-in/code"), stranger.post("/sign-in/code", data={"csrf_token": token, "code": "1"})]

    assert [(303, "/sign-in")] * 2 == [(answer.status_code, answer.location) for answer in answers]


def test_the_first_step_is_over_once_the_password_changed(client, person):
    key, _ = turn_on(client)
    other = half_signed_in(client, person)
    token = csrf_of(other.get("/sign-in/code"))

    post(client, "/profile/password", current_password=PASSWORD, password=NEW, again=NEW)

    answer = other.post("/sign-in/code", data={"csrf_token": token, "code": code_of(key)})
    assert "/sign-in" == answer.location


def test_a_session_elsewhere_is_ended(hub, client, person, elsewhere):
    ids = re.findall(r'name="session" value="([0-9a-f]{64})"', client.get("/profile").text)
    assert 1 == len(ids)

    post(client, "/profile/sessions/end", "/profile", session=ids[0])

    assert (200, 303) == (client.get("/profile").status_code, elsewhere.get("/profile").status_code)
    assert "session.ended" in actions(hub, person)


def test_all_other_sessions_are_ended(client, person, elsewhere):
    third = client.application.test_client()
    sign_in(third, person)

    post(client, "/profile/sessions/end", "/profile", session="others")

    found = [browser.get("/profile").status_code for browser in (client, elsewhere, third)]
    assert [200, 303, 303] == found


def test_a_session_of_somebody_else_cannot_be_ended(hub, client, person):
    other, browser = make_person(hub, person.workspace), client.application.test_client()
    sign_in(browser, other)
    with hub.db.across_workspaces() as session:
        query = text("SELECT encode(digest, 'hex') FROM sessions WHERE user_id = :id")
        theirs = session.scalar(query, {"id": other.user_id})

    post(client, "/profile/sessions/end", "/profile", session=theirs)

    assert 200 == browser.get("/profile").status_code


def test_the_list_names_browser_and_address(hub, client, person):
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other = client.application.test_client()
    other.environ_base["HTTP_USER_AGENT"] = firefox
    sign_in(other, person)

    page = client.get("/profile").text

    assert "Firefox, Windows" in page
    assert "10.1." in page


def test_pages_are_not_kept_by_anything_between(client, person):
    answer = client.get("/profile")

    assert ("no-store", True) == (answer.headers["Cache-Control"], "Cookie" in answer.headers["Vary"])


def test_a_name_is_text_wherever_it_is_shown(client, person):
    """Stored XSS: what looks like markup is shown as it was typed."""
    post(client, "/profile", name="<script>alert(1)</script>", email=person.email)

    page = client.get("/profile").text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
