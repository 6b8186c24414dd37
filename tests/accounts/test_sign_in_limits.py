"""How often one may try to sign in, by account and by network address."""

from dataclasses import replace

import pytest

from hub.accounts.attempts import EXTENSION
from hub.app import create_app
from hub.core.problems import TooManyRequests
from tests.support.people import make_person, sign_in


def test_too_many_tries_at_an_account_are_refused(client, person):
    """Even with the right password then; the person signs in from elsewhere all the same."""
    answers = [sign_in(client, person, address="10.2.0.1", password="wrong wrong wrong") for _ in range(11)]

    assert [422] * 10 + [429] == [answer.status_code for answer in answers]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "Try again in" in answers[-1].text
    assert 429 == sign_in(client, person, address="10.2.0.1").status_code
    assert 303 == sign_in(client, person, address="10.2.0.2").status_code


def test_one_network_of_ipv6_is_one_address(client, person):
    answers = [
        sign_in(client, person, address=f"2001:db8:7:9::{number}", password="wrong wrong wrong").status_code
        for number in range(11)
    ]

    assert [422] * 10 + [429] == answers
    assert 303 == sign_in(client, person, address="2001:db8:7:a::1").status_code


def test_an_account_has_a_limit_from_everywhere(app):
    """Codes are few; passwords are so many that no stranger shuts a person out."""
    attempts = app.extensions[EXTENSION]
    for number in range(100):
        attempts.count_guess("somebody", f"10.3.0.{number}")

    with pytest.raises(TooManyRequests):
        attempts.count_guess("somebody", "10.3.1.0")


def test_too_many_tries_at_an_unknown_account_are_refused_alike(client, person):
    answers = [
        sign_in(client, person, email=f"ghost-{person.user_id}@example.com", address="10.2.0.3").status_code
        for _ in range(11)
    ]

    assert [422] * 10 + [429] == answers


def test_without_redis_the_limit_does_not_lapse(hub, settings, workspace):
    app = create_app(replace(settings, redis_url="unix:///nowhere/valkey.sock"))
    client = app.test_client()
    person = make_person(hub, workspace)

    wrong = {"password": "wrong wrong wrong", "address": "10.2.0.4"}
    answers = [sign_in(client, person, **wrong).status_code for _ in range(11)]

    assert [422] * 10 + [429] == answers
    app.extensions["hub"].db.close()
