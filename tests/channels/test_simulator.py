"""The stand-in must be as strict as the real one, and an honest judge whatever happens to it."""

import time

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

from tests.channels.conftest import MESSAGE_ID, fresh_number
from tests.channels.servers import Answer, Listener, fields, free_port, post, wait_until


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": ""}, 21604),
        ({"To": "+7"}, 21211),
        ({"To": "79161234567"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"From": None}, 21603),
        ({"From": None, "MessagingServiceSid": "MG" + "a" * 32}, 21701),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"From": "+15005550099"}, 21606),
        ({"Body": None}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"StatusCallback": "hub.example/x"}, 21609),
        ({"StatusCallback": "http://my_hub.example/x"}, 21609),
        ({"StatusCallback": "http://hub.example/é"}, 21609),
        ({"StatusCallback": "http://hub.example:99999/"}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "ten"}, 21624),
    ],
)
def test_a_wrong_request_is_refused_in_twilios_words(simulator, changes, code):
    """Every mistake has Twilio's code, its number among them, in Twilio's error body."""
    answer = post(simulator, **changes)

    assert (400, code) == (answer.status_code, answer.json()["code"])
    assert {"code", "message", "more_info", "status"} == set(answer.json())


def test_the_ending_beats_the_magic_number(simulator):
    """A magic number whose ending is a script follows the script."""
    assert 201 == post(simulator, To="+15005550002").status_code


@pytest.mark.parametrize("auth", [("AC" + "0" * 32, "x"), ("", ""), ("é", "é")])
def test_other_credentials_are_refused(simulator, auth):
    """Only the account that the simulator made up may send."""
    answer = post(simulator, auth=auth)

    assert (401, 20003) == (answer.status_code, answer.json()["code"])


def test_what_was_accepted_is_listed_in_full(simulator):
    """The judge's entry says who, what, when and by which script, and the filters narrow it."""
    to = fresh_number("0002").e164

    sid = post(simulator, To=to, Body="Привет").json()["sid"]

    (entry,) = simulator.taken(to)
    assert {"id", "provider", "channel", "to", "body", "at", "outcome"} == set(entry)
    assert [sid, "twilio", "sms", to, "Привет", "bounce"] == [
        entry[name] for name in ("id", "provider", "channel", "to", "body", "outcome")
    ]
    assert 0 == simulator.control("GET", f"requests?provider=other&to={to}").json()["count"]


def test_a_refused_request_is_not_listed(simulator):
    """Refused, throttled and cut requests were not accepted."""
    for ending in ("0005", "0006", "0009"):
        to = fresh_number(ending).e164
        post(simulator, To=to)
        assert [] == simulator.taken(to)


def test_once_per_message_holds_across_attempts(simulator):
    """Another attempt of the same message is not throttled again; another message is."""
    to, url = fresh_number("0009").e164, "http://127.0.0.1:1/?attempt=att_"

    first, again = (post(simulator, To=to, StatusCallback=f"{url}{MESSAGE_ID}_{n}") for n in (1, 2))
    other = post(simulator, To=to, StatusCallback=f"{url}{MESSAGE_ID[::-1]}_1")

    assert [429, 201, 429] == [first.status_code, again.status_code, other.status_code]
    assert "1" == first.headers["Retry-After"]


def test_a_callback_is_signed_and_says_what_twilio_says(simulator, listener):
    """The signature is Twilio's over the URL without its fragment; no callback repeats the initial status."""
    post(simulator, StatusCallback=f"{listener.url}/a%2Fb?attempt=%C3%A9#rc=5&rp=all")

    sent, delivered = listener.wait_for(2)

    assert ["sent", "delivered"] == [fields(request)["MessageStatus"] for request in (sent, delivered)]
    assert f"{listener.url}/a%2Fb?attempt=%C3%A9" == sent.url
    assert RequestValidator(simulator.account("twilio")["auth_token"]).validate(
        sent.url, fields(sent), sent.headers["X-Twilio-Signature"]
    )


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [("", 500, 1), ("#rc=5", 500, 1), ("#rc=2&rp=5xx", 500, 3), ("#rc=1&rp=all", 404, 2), ("#rp=4xx", 500, 1)],
)
def test_a_failed_callback_is_repeated_only_as_its_url_asks(simulator, listener, fragment, status, tries):
    """By default an answer of 500 loses the callback; retries carry the same idempotency token."""
    listener.answers = [Answer(status)]

    post(simulator, To=fresh_number("0002").e164, StatusCallback=listener.url + "/" + fragment)

    wait_until(lambda: len(first_words(listener)) == tries)
    with pytest.raises(AssertionError):
        wait_until(lambda: len(first_words(listener)) > tries, seconds=0.7)
    assert 1 == len({request.headers["I-Twilio-Idempotency-Token"] for request in first_words(listener)})


def first_words(listener):
    return [request for request in listener.requests if fields(request)["MessageStatus"] == "sent"]


def test_callbacks_outlive_a_short_absence_of_the_hub(simulator):
    """With `rc=5&rp=all` a hub that comes back within seconds gets its receipts."""
    port = free_port()
    post(simulator, StatusCallback=f"http://127.0.0.1:{port}/#rc=5&rp=all")
    time.sleep(0.3)  # the first tries find nobody

    late = Listener(port)
    words = {fields(request)["MessageStatus"] for request in late.wait_for(2)}
    late.close()

    assert {"sent", "delivered"} == words


def test_an_outage_without_receipts_drops_them_for_good(own, listener):
    """What was accepted in such an outage never gets a receipt, even after its end."""
    own.control("POST", "outage", provider="twilio", mode="no-receipts")
    lost = post(own, StatusCallback=listener.url)
    own.control("DELETE", "outage")

    post(own, To=fresh_number().e164, StatusCallback=listener.url)

    assert 201 == lost.status_code
    assert lost.json()["sid"] not in {fields(request)["MessageSid"] for request in listener.wait_for(2)}


def test_a_slow_outage_accepts_first_and_answers_late(own):
    """The message is in the list while its sender still waits."""
    own.control("POST", "outage", provider="twilio", mode="slow")

    answer = post(own)

    assert 201 == answer.status_code
    assert answer.elapsed.total_seconds() >= 0.5


@pytest.mark.parametrize(("rate", "statuses"), [(0, {201}), (0.5, {201, 503}), (1, {503})])
def test_an_outage_hits_its_share_of_requests(own, rate, statuses):
    """`rate` is the share of requests that fail."""
    own.control("POST", "outage", provider="twilio", mode="errors", rate=rate)

    assert statuses == {post(own).status_code for _ in range(20)}


def test_an_outage_ends_by_itself(own):
    """`seconds` is how long it lasts."""
    own.control("POST", "outage", provider="twilio", mode="errors", seconds=0.3)

    assert 503 == post(own).status_code
    wait_until(lambda: post(own).status_code == 201, seconds=2)


@pytest.mark.parametrize("wish", [{}, {"mode": "down"}, {"provider": "twilio", "mode": "x"}])
def test_an_outage_nobody_knows_is_refused(simulator, wish):
    """A mistake in the wish is a 422, not an outage."""
    assert 422 == simulator.control("POST", "outage", **wish).status


def test_a_reset_forgets_everything_but_the_accounts(own):
    """After a reset nothing was accepted, nothing is planned, and the same credentials hold."""
    own.control("POST", "outage", provider="twilio", mode="slow")
    account = own.account("twilio")
    post(own)

    own.control("POST", "reset")

    assert 0 == own.control("GET", "requests").json()["count"]
    assert (201, account) == (post(own).status_code, own.account("twilio"))


def test_an_inbound_message_needs_a_place_to_go(simulator):
    """No provider has an inbound URL yet, and the simulator says so."""
    answer = simulator.control("POST", "inbound", provider="twilio", channel="sms", body="STOP")

    assert (422, "application/problem+json") == (answer.status, answer.headers["Content-Type"].partition(";")[0])
