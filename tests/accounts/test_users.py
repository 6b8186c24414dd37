"""People, the links at which they choose a password, and how they are kept."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from hub.accounts import links, passwords, users
from hub.app import create_app
from hub.core import clock
from hub.core.problems import Conflict, Unprocessable
from hub.operations import upkeep
from tests.support.people import PASSWORD, make_person, post, sign_in

NEW = "violet harbour 1958 kites"


def link_for(hub, person):
    """Return the path of a link to choose a password."""
    with hub.db.across_workspaces() as session:
        user = users.find(session, hub.vault, person.user_id)
        assert user
        return links.password_link(hub, session, user, "cli").removeprefix(hub.settings.public_url)


def test_an_invited_person_chooses_a_password_and_signs_in(hub, client, workspace):
    invited = make_person(hub, workspace, password=None)

    answer = post(client, link_for(hub, invited), password=NEW, again=NEW)

    assert (303, "/sign-in") == (answer.status_code, answer.location)
    assert "The password is set." in client.get("/sign-in").text
    assert 303 == sign_in(client, invited, password=NEW).status_code


def test_a_link_works_once(hub, client, person):
    link = link_for(hub, person)
    post(client, link, password=NEW, again=NEW)

    again = client.get(link)

    assert (410, True) == (again.status_code, "This link is no longer valid" in again.text)


def test_a_link_ends_when_the_password_changes(hub, client, person):
    link = link_for(hub, person)
    sign_in(client, person)

    post(client, "/profile/password", current_password=PASSWORD, password=NEW, again=NEW)

    assert 410 == client.get(link).status_code


def test_a_link_ends_every_session(hub, client, person):
    """Who was shut out of their account shuts out whoever is in it."""
    sign_in(client, person)

    post(client.application.test_client(), link_for(hub, person), password=NEW, again=NEW)

    assert 303 == client.get("/profile").status_code
    with hub.db.across_workspaces() as session:
        assert 0 == session.scalar(text("SELECT count(*) FROM sessions"))


def test_a_link_lives_three_days(hub, client, person):
    link = link_for(hub, person)
    assert timedelta(days=3) == links.LIFE

    assert 200 == client.get(link).status_code
    assert 410 == client.get(f"{link}x").status_code
    assert 410 == client.get("/choose-password/nothing").status_code


def test_a_bad_password_does_not_use_the_link_up(hub, client, person):
    link = link_for(hub, person)

    answer = post(client, link, password="short", again="short")

    assert (422, True) == (answer.status_code, "Take at least 12 characters." in answer.text)
    assert 303 == post(client, link, password=NEW, again=NEW).status_code


def test_a_link_does_not_pass_by_the_second_factor(hub, client, workspace):
    person = make_person(hub, workspace, second_factor="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

    post(client, link_for(hub, person), password=NEW, again=NEW)

    assert "/sign-in/code" == sign_in(client, person, password=NEW).location


def test_a_person_is_found_however_the_email_is_written(hub, person):
    with hub.db.across_workspaces() as session:
        found = users.find_by_email(session, hub.vault, f" {person.email.upper()}")
        both = users.many(session, hub.vault, [person.user_id])

    assert found
    assert person.user_id == found.id
    assert {person.user_id: found} == both


def test_an_email_has_one_person(hub, person):
    with hub.db.across_workspaces() as session, pytest.raises(Conflict):
        users.create(session, hub.vault, person.email.upper(), "Twin", None)


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "@example.com", "anna@example", "a\x00@example.com", "a" * 250 + "@e.de"]
)
def test_what_is_no_email_is_refused(hub, email):
    with hub.db.across_workspaces() as session, pytest.raises(Unprocessable):
        users.create(session, hub.vault, email, "Anna", None)


def test_nothing_personal_is_readable_in_the_database(hub, client, person):
    sign_in(client, person)

    with hub.db.across_workspaces() as session:
        rows = [
            *session.scalars(text("SELECT users::text FROM users")),
            *session.scalars(text("SELECT sessions::text FROM sessions")),
        ]
    readable = " ".join(rows) + " ".join(
        bytes.fromhex(found).decode("latin1") for found in re.findall(r"\\\\x([0-9a-f]+)", " ".join(rows))
    )
    assert not [secret for secret in (person.email, "Petrova", PASSWORD, "10.1.") if secret in readable]
    assert "$argon2id$" in readable


def test_a_link_from_before_new_keys_works_while_the_old_ones_are_known(hub, settings, person):
    link = link_for(hub, person)

    app = create_app(replace(settings, secret_keys=(Fernet.generate_key().decode(), *settings.secret_keys)))

    assert 200 == app.test_client().get(link).status_code
    app.extensions["hub"].db.close()


def test_sessions_that_are_over_are_swept(hub, client, person):
    sign_in(client, person)
    sign_in(client.application.test_client(), person)
    with hub.db.across_workspaces() as session:
        session.execute(
            text("UPDATE sessions SET expires_at = :past WHERE ctid = (SELECT min(ctid) FROM sessions)"),
            {"past": clock.now()},
        )

    upkeep.run(hub)

    with hub.db.across_workspaces() as session:
        assert 1 == session.scalar(text("SELECT count(*) FROM sessions"))


def test_a_password_is_the_same_however_a_keyboard_wrote_it():
    kept = passwords.make_hash("пароль с буквой й 1")

    assert passwords.fits("пароль с буквой й 1", kept)
    assert not passwords.fits("пароль с буквой и 1", kept)
    assert not passwords.fits("anything", None)
