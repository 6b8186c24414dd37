"""Things die, or were never there, and a message still arrives once. Each story has a hub to itself or repairs it."""

import os
import signal
import threading
import time

import pytest
import redis
import requests

from hub.core.settings import embedded_redis_url
from tests.support.live import LiveHub, phone, wait_until


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    """Run a hub whose processes may be killed."""
    hub = LiveHub(tmp_path_factory.mktemp("mortal") / "var")
    yield hub
    hub.discard()


def test_without_redis_messages_arrive_within_seconds(tmp_path):
    """Redis away the whole time: the workers look for themselves."""
    hub = LiveHub(tmp_path / "var", REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    hub.settle(hub.send_sms(phone()))

    begun = time.monotonic()
    message = hub.settle(hub.send_sms(phone()), seconds=10)

    assert "delivered" == message["status"]
    assert time.monotonic() - begun < 5
    hub.discard()


def test_the_bell_of_a_dead_worker_does_not_silence_the_lane(mortal):
    """A bell that was rung and never answered keeps nobody waiting."""
    mortal.settle(mortal.send_sms(phone()))
    client = redis.Redis.from_url(embedded_redis_url(mortal.running.data_dir))
    client.set("bell:send:now", 1, ex=300)
    begun = time.monotonic()

    message = mortal.settle(mortal.send_sms(phone()), seconds=10)

    client.close()
    assert "delivered" == message["status"]
    assert time.monotonic() - begun < 5


def test_a_worker_killed_with_its_bell_is_followed_by_another(mortal):
    """The message it was told of and did not start is sent by its successor."""
    pid = mortal.running.pid("worker:now")
    os.kill(pid, signal.SIGSTOP)
    number = phone()
    message = mortal.send_sms(number)

    os.kill(pid, signal.SIGKILL)

    assert "delivered" == mortal.settle(message, seconds=20)["status"]
    assert 1 == len(mortal.carrier.received(number))


@pytest.mark.parametrize("delay_seconds", [0.0, 0.004, 0.02])
def test_a_post_whose_answer_was_lost_is_repeated_under_its_key(mortal, delay_seconds):
    """The web dies while it answers; the client asks again with the same key: exactly one message."""
    number, headers = phone(), {"Idempotency-Key": f"lost {delay_seconds}".replace(" ", "-")}
    body = {"to": {"phone": number}, "body": "Once", "purpose": "transactional", "reference": number}
    pid = mortal.running.pid("web")
    killer = threading.Timer(delay_seconds, os.kill, [pid, signal.SIGKILL])
    killer.start()
    answers: list[requests.Response] = []

    def is_answered() -> bool:
        try:
            answers.append(mortal.post("/messages", body, **headers))
        except requests.ConnectionError:
            return False
        return answers[-1].status_code == 202 and mortal.running.is_another("web", pid)

    wait_until(is_answered, 60)
    mortal.settle(answers[-1].json())

    assert {answers[-1].json()["id"]} == {found["id"] for found in mortal.get("/messages", reference=number)["data"]}
    assert 1 == len(mortal.carrier.received(number))
