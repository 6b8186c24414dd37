"""A person at the screens of a running hub; the judge is what the provider receives next."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from hub.core import clock
from tests.support.live import Carrier, LiveHub, phone

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
NONCE = re.compile(r'name="nonce" value="([^"]+)"')


class Person:
    """Somebody signed in to the demo workspace."""

    def __init__(self, live: LiveHub) -> None:
        self.url = str(live.credentials["dashboard_url"])
        self.session = requests.Session()
        self.submit("/sign-in", email=live.credentials["email"], password=live.credentials["password"])

    def submit(self, path: str, form_on: str | None = None, **fields: str) -> requests.Response:
        """Open the page with the form, send it, and follow where it leads."""
        page = self.session.get(self.url + (form_on or path), timeout=30).text
        hidden = {
            name: found[1]
            for name, pattern in (("csrf_token", TOKEN), ("nonce", NONCE))
            if (found := pattern.search(page))
        }
        typed = {name.replace("__", "/"): value for name, value in fields.items()}
        return self.session.post(self.url + path, data={**hidden, **typed}, timeout=30)


@pytest.fixture
def person(live: LiveHub) -> Iterator[Person]:
    """Sign in as the owner of the demo workspace."""
    person = Person(live)
    yield person
    person.session.close()


def test_a_message_written_by_hand_reaches_the_phone_and_its_page_says_so(
    live: LiveHub, carrier: Carrier, person: Person
):
    number = phone()

    page = person.submit("/w/demo/messages/new", to__phone=number, body="Written by hand", purpose="transactional")
    live.settle({"id": page.url.rpartition("/")[2]})

    assert ["Written by hand"] == [request["body"] for request in carrier.received(number)]
    assert "Delivered to the phone at" in person.session.get(page.url, timeout=30).text


def test_a_message_cancelled_by_hand_is_never_sent(live: LiveHub, carrier: Carrier, person: Person):
    """Its time comes and goes; the provider has heard of the other one only."""
    at = (clock.now() + timedelta(seconds=6)).isoformat()
    cancelled, other = phone(), phone()
    message = live.send_sms(cancelled, send_at=at)
    sent = live.send_sms(other, send_at=at)

    page = person.submit(f"/w/demo/messages/{message['id']}/cancel", form_on=f"/w/demo/messages/{message['id']}")
    live.settle(sent)
    time.sleep(1)

    assert "Nothing is sent" in page.text
    assert ([], 1) == (carrier.received(cancelled), len(carrier.received(other)))
