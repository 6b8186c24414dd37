"""What the API does when PostgreSQL or Redis is away: it says so, or it goes on without."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub.app import create_app
from hub.core.settings import Settings
from tests.api.making import MESSAGES, json_of, make_message, problem_of
from tests.api.test_access import SCOPES, path_of
from tests.conftest import Caller

Without = Callable[..., FlaskClient]


@pytest.fixture
def without(settings: Settings) -> Iterator[Without]:
    """Build applications whose servers are not where the settings say."""
    built = []

    def build(**changes: Any) -> FlaskClient:
        app = create_app(replace(settings, **changes))
        built.append(app)
        return app.test_client()

    yield build
    for app in built:
        app.extensions["hub"].db.close()


@pytest.mark.parametrize("route", SCOPES, ids=" ".join)
def test_without_the_database_every_route_answers_503_and_says_when_to_come_back(tmp_path, caller, without, route):
    """Nobody is told that the key is wrong or the message unknown when the hub cannot look."""
    client = without(database_url=f"postgresql://hub@/hub?host={tmp_path}")

    response = client.open(path_of(route), method=route[0], headers=caller.headers, json=make_message())

    problem_of(response, 503, "not_available")
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_without_the_database_a_callback_is_503_so_that_the_provider_repeats_it(tmp_path, without):
    client = without(database_url=f"postgresql://hub@/hub?host={tmp_path}")

    response = client.post("/hooks/acc_01h455vb4pex5vsknk084sn02q/status", data={"MessageStatus": "sent"})

    problem_of(response, 503, "not_available")


def test_without_the_database_the_hub_lives_and_is_not_ready(tmp_path, without):
    """A process that waits for its database is not one to be restarted."""
    client = without(database_url=f"postgresql://hub@/hub?host={tmp_path}")

    ready = client.get("/health/ready")

    assert 200 == client.get("/health/live").status_code
    assert (503, "not ready", "unreachable") == (ready.status_code, ready.json["status"], ready.json["database"])


def test_without_redis_messages_are_accepted(tmp_path: Path, caller: Caller, without: Without) -> None:
    """Bells and rate limits are conveniences: the work is in PostgreSQL."""
    client = without(redis_url=f"unix://{tmp_path}/nothing.sock")

    response = client.post(MESSAGES, json=make_message(), headers=caller.headers)

    assert 202 == response.status_code
    assert "RateLimit" not in response.headers
    assert json_of(response) == caller.get(f"{MESSAGES}/{json_of(response)['id']}").json


def test_without_redis_the_hub_is_ready_and_says_what_is_missing(tmp_path, without):
    client = without(redis_url=f"unix://{tmp_path}/nothing.sock")

    ready = client.get("/health/ready")

    assert (200, "ready", "unreachable") == (ready.status_code, ready.json["status"], ready.json["redis"])
