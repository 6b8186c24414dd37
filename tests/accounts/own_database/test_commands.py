"""The first person of a workspace comes by the command line, or with the demo."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import text

from hub import demo
from hub.accounts import users
from tests.support.people import Person, make_person, post, sign_in

NEW = "violet harbour 1958 kites"


@pytest.fixture
def command(settings):
    """Run the `hub` command on this database."""
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "HUB_SECRET_KEYS": ",".join(settings.secret_keys),
        "HUB_INDEX_KEYS": ",".join(settings.index_keys),
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "hub.cli", *words]
        return subprocess.run(
            program, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def demo_settings(settings, tmp_path):
    """Give the demo a folder of its own."""
    return replace(settings, data_dir=tmp_path)


def credentials(settings):
    return json.loads((settings.data_dir / demo.CREDENTIALS).read_text())


def demo_person(hub, found):
    with hub.db.across_workspaces() as session:
        user = users.find_by_email(session, hub.vault, found["email"])
        assert user
        ((workspace, role),) = users.memberships(session, user.id)
    return Person(user.id, found["email"], found["password"], workspace, role)


def test_an_operator_makes_the_first_owner(hub, client, command):
    done = command("create-user", "Boss@Example.com", "--workspace", "Bakery")

    path = done.stdout.strip().removeprefix("http://127.0.0.1:8000")
    assert 303 == post(client, path, password=NEW, again=NEW).status_code
    with hub.db.across_workspaces() as session:
        boss = users.find_by_email(session, hub.vault, "boss@example.com")
        assert boss
        ((workspace, role),) = users.memberships(session, boss.id)
        acts = session.scalars(text("SELECT action FROM audit WHERE actor = 'cli'")).all()
    assert ("Bakery", "owner", ["people.invited"]) == (workspace.name, role, acts)


def test_an_operator_lets_somebody_in_again(hub, client, workspace, command):
    person = make_person(hub, workspace)

    path = command("password-link", person.email).stdout.strip().removeprefix("http://127.0.0.1:8000")

    assert 303 == post(client, path, password=NEW, again=NEW).status_code
    assert 303 == sign_in(client, person, password=NEW).status_code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create-user", "nobody", "--workspace", "Bakery"), "This is not an email address."),
        (("password-link", "ghost@example.com"), "There is no person with this email."),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_words(command, words, said):
    done = command(*words)

    assert (1, f"Error: {said}") == (done.returncode, done.stderr.strip())


def test_the_demo_tells_how_to_sign_in(hub, client, demo_settings):
    printed = demo.prepare(demo_settings)

    found = credentials(demo_settings)
    assert f"/w/{demo_person(hub, found).workspace.slug}/" == sign_in(client, demo_person(hub, found)).location
    assert all(text in printed for text in (found["email"], found["password"], found["dashboard_url"]))


def test_the_demo_keeps_its_password_over_restarts(demo_settings):
    demo.prepare(demo_settings)
    before = credentials(demo_settings)
    demo.retire(demo_settings.data_dir)

    demo.prepare(demo_settings)

    assert before["password"] == credentials(demo_settings)["password"]


def test_the_demo_does_not_name_a_password_that_was_changed(hub, client, demo_settings):
    """What no longer opens anything is not in the file, and the person's own password is nobody else's business."""
    demo.prepare(demo_settings)
    sign_in(client, demo_person(hub, credentials(demo_settings)))
    old = credentials(demo_settings)["password"]
    post(client, "/profile/password", current_password=old, password=NEW, again=NEW)

    printed = demo.prepare(demo_settings)

    found = credentials(demo_settings)
    assert (True, False) == ("email" in found, "password" in found)
    assert "hub password-link" in printed
    assert old not in printed
