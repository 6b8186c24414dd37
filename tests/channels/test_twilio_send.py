"""What the Twilio adapter asks, and what it makes of each answer."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from channels.addresses import PhoneNumber
from channels.errors import LookUpFailed, OutcomeUnknown, Rejected, Throttled, Unavailable
from channels.sms.twilio import TwilioSms
from channels.types import Connection, Cost, Fault, OutboundMessage
from tests.channels.servers import Answer

_ACCOUNT = "AC" + "a" * 32
_VECTORS = json.loads((Path(__file__).parents[1] / "specs" / "vectors.json").read_text())["twilio_magic_numbers"]
_TO = PhoneNumber("+79161234567")
_TAKEN = {"sid": "SM" + "b" * 32, "num_segments": "2", "price": "-0.01580", "price_unit": "usd", "status": "queued"}
_FOUND = {"from": "+1500", "body": "b", "status": "sent", "sid": "SM" + "c" * 32, "error_code": None}


def problem(code, status=400):
    return Answer(status, json.dumps({"code": code, "message": "m", "more_info": "", "status": status}))


def page(*dates, next_page_uri=None):
    messages = [{**_FOUND, "date_created": date.strftime("%a, %d %b %Y %H:%M:%S +0000")} for date in dates]
    return Answer(200, json.dumps({"messages": messages, "page": 0, "next_page_uri": next_page_uri}))


@pytest.fixture
def adapter(listener):
    listener.answers = [Answer(201, json.dumps(_TAKEN))]
    credentials = {"account_sid": _ACCOUNT, "auth_token": "token"}
    return TwilioSms(Connection(base_url=listener.url, credentials=credentials, timeout_seconds=1))


def send(adapter, body="Your code is 4312", validity_seconds=600):
    callback = "https://hub.example/hooks/pac_1/status?attempt=att_1"
    outbound = OutboundMessage(
        attempt_id="att_1",
        to=_TO,
        sender="+15005550006",
        body=body,
        callback_url=callback,
        validity_seconds=validity_seconds,
    )
    (outcome,) = adapter.send([outbound])
    return outcome


def sent_form(listener):
    return {name: values[0] for name, values in parse_qs(listener.requests[-1].body.decode()).items()}


def test_one_request_says_everything(adapter, listener):
    """One POST names both ends, the text, how long it is worth sending and where to report, with retries."""
    send(adapter)

    assert {
        "To": str(_TO),
        "From": "+15005550006",
        "Body": "Your code is 4312",
        "ValidityPeriod": "600",
        "StatusCallback": "https://hub.example/hooks/pac_1/status?attempt=att_1#rc=5&rp=all",
    } == sent_form(listener)
    assert ["POST"] == listener.methods


@pytest.mark.parametrize(("asked", "told"), [(0, "1"), (-5, "1"), (36_001, "36000"), (604_800, "36000")])
def test_the_validity_stays_within_twilios_limits(adapter, listener, asked, told):
    """A deadline beyond ten hours, or already over, is told as the nearest that Twilio takes."""
    send(adapter, validity_seconds=asked)

    assert told == sent_form(listener)["ValidityPeriod"]


def test_an_acceptance_tells_segments_and_cost(adapter):
    """Twilio's strings become numbers, and its negative price a cost."""
    outcome = send(adapter)

    assert (2, Cost(micros=15_800, currency="USD")) == (outcome.segments, outcome.cost)


@pytest.mark.parametrize(("price", "unit"), [(None, None), ("", "USD"), ("x", "USD"), ("NaN", "USD"), ("-0.1", None)])
def test_a_price_that_is_none_is_no_cost(adapter, listener, price, unit):
    """Before it has sent, Twilio knows no price."""
    listener.answers = [Answer(201, json.dumps({**_TAKEN, "price": price, "price_unit": unit}))]

    assert send(adapter).cost is None


@pytest.mark.parametrize("count", ["0", None, "", "many"])
def test_segments_are_counted_here_where_twilio_does_not(adapter, listener, count):
    """Twilio says "0" until it has chosen a sender; the count of the text stands in for it."""
    listener.answers = [Answer(201, json.dumps({**_TAKEN, "num_segments": count}))]

    assert 1 == send(adapter).segments


_MAGIC = {
    21211: (Rejected, Fault.ADDRESS_INVALID),
    21212: (Rejected, Fault.SENDER_REFUSED),
    21408: (Unavailable, Fault.SENDER_REFUSED),
    21606: (Rejected, Fault.SENDER_REFUSED),
    21610: (Rejected, Fault.OPTED_OUT),
    21611: (Throttled, Fault.THROTTLED),
    21612: (Unavailable, Fault.SENDER_REFUSED),
    21614: (Rejected, Fault.ADDRESS_INVALID),
}


def test_every_magic_number_has_its_error():
    """All refusals Twilio publishes for its test credentials are in the table of these tests."""
    published = {*_VECTORS["messages_from"].values(), *_VECTORS["messages_to"].values()} - {None}

    assert published == set(_MAGIC)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        *((code, 400, expected) for code, expected in _MAGIC.items()),
        (20003, 401, (Unavailable, Fault.ACCOUNT_REFUSED)),
        (20404, 404, (Unavailable, Fault.ACCOUNT_REFUSED)),
        (21617, 400, (Rejected, Fault.REQUEST_REFUSED)),
        (20429, 429, (Throttled, Fault.THROTTLED)),
        (29999, 400, (Rejected, Fault.UNKNOWN)),
        (None, 400, (Rejected, Fault.UNKNOWN)),
        (["odd"], 400, (Rejected, Fault.UNKNOWN)),
        (None, 408, (OutcomeUnknown, Fault.PROVIDER_FAILURE)),
        (21211, 500, (OutcomeUnknown, Fault.PROVIDER_FAILURE)),
        (None, 307, (OutcomeUnknown, Fault.PROVIDER_FAILURE)),
    ],
)
def test_an_answer_becomes_a_policy(adapter, listener, code, status, expected):
    """The code decides, within what the HTTP status makes certain; an unlisted 4xx is a refusal of this message."""
    listener.answers = [problem(code, status)]

    outcome = send(adapter)

    assert expected == (type(outcome), outcome.fault)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, (Rejected, Fault.ADDRESS_INVALID)), (503, (OutcomeUnknown, Fault.PROVIDER_FAILURE))],
)
def test_the_newer_error_format_is_read_too(adapter, listener, status, expected):
    """An RFC 9457 problem raises another exception in the SDK and means the same; HTTP's status beats the body's."""
    body = {"type": "t", "title": "Invalid 'To'", "status": 400, "code": 21211}
    listener.answers = [Answer(status, json.dumps(body))]

    outcome = send(adapter)

    assert expected == (type(outcome), outcome.fault)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, "<html>"), Unavailable),
        (Answer(413, "<html>"), Rejected),
        (Answer(502, "<html>"), OutcomeUnknown),
        (Answer(201, "<html>"), OutcomeUnknown),
        (Answer(201, "{"), OutcomeUnknown),
        (Answer(201, "{}"), OutcomeUnknown),
        (Answer(201, ""), OutcomeUnknown),
    ],
)
def test_an_answer_that_is_not_twilios_claims_no_success(adapter, listener, answer, expected):
    """Pages of proxies and broken JSON are read by their status, and a success without an id is none."""
    listener.answers = [answer]

    assert expected is type(send(adapter))


def test_a_refusal_keeps_twilios_own_words(adapter, listener):
    """Code and text come along for people; neither stands in the error's own text, which is logged."""
    listener.answers = [Answer(400, json.dumps({"code": 21211, "message": f"The number {_TO} is invalid"}))]

    outcome = send(adapter)

    assert ("21211", True) == (outcome.provider_code, str(_TO) in outcome.provider_text)
    assert str(_TO) not in str(outcome)


def test_a_text_that_cannot_be_encoded_is_refused(adapter, listener):
    """A lone surrogate never leaves, and never becomes an unknown outcome."""
    outcome = send(adapter, body="\ud800")

    assert (Rejected, Fault.REQUEST_REFUSED, []) == (type(outcome), outcome.fault, listener.requests)


def test_the_environment_does_not_move_the_host(listener, monkeypatch):
    """TWILIO_REGION and TWILIO_EDGE, which the SDK reads, do not touch the configured address."""
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    listener.answers = [Answer(201, json.dumps(_TAKEN))]
    connection = Connection(base_url=listener.url, credentials={"account_sid": _ACCOUNT, "auth_token": "t"})

    send(TwilioSms(connection))

    assert 1 == len(listener.requests)


def test_a_look_up_asks_by_recipient_alone(adapter, listener):
    """No date is asked for: Twilio's is the date of sending, which a waiting message does not have."""
    listener.answers = [page()]

    adapter.find(_TO, datetime.now(UTC))

    assert re.fullmatch(r".*/Messages\.json\?To=%2B79161234567&PageSize=[0-9]+", listener.requests[0].url)


def test_a_look_up_reads_on_while_a_page_has_something_recent(adapter, listener):
    """An old message that was sent late stands above a younger one, and does not end the search."""
    now = datetime(2026, 11, 22, 4, 0, 30, tzinfo=UTC)
    old, young = now - timedelta(hours=9), now - timedelta(seconds=30)
    uri = f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json?Page=1"
    listener.answers = [page(old, young, next_page_uri=uri), page(now, next_page_uri=uri), page(old, next_page_uri=uri)]

    found = adapter.find(_TO, now - timedelta(seconds=60))

    assert [now, young] == [message.created_at for message in found]
    assert 3 == len(listener.requests)


def test_a_look_up_without_end_proves_nothing(adapter, listener):
    """A listing that never ends is given up as failed, not as empty."""
    uri = f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json?Page=1"
    listener.answers = [page(datetime.now(UTC), next_page_uri=uri)]

    with pytest.raises(LookUpFailed):
        adapter.find(_TO, datetime.now(UTC) - timedelta(seconds=60))


def test_a_fraction_of_a_second_hides_nothing(adapter, listener):
    """Twilio's dates are whole seconds, so a message of the same second counts as after."""
    now = datetime(2026, 11, 22, 4, 0, 30, 900_000, tzinfo=UTC)
    listener.answers = [page(now)]

    assert 1 == len(adapter.find(_TO, now))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(404, "{}"),
        Answer(429),
        Answer(200, "<html>"),
        Answer(200, "{"),
        Answer(200, "{}"),
        Answer(302),
    ],
)
def test_a_failed_look_up_says_nothing_of_the_number(adapter, listener, answer):
    """Whatever comes instead of a list is `LookUpFailed`, with neither the number nor a cause to log."""
    listener.answers = [answer]

    with pytest.raises(LookUpFailed) as caught:
        adapter.find(_TO, datetime.now(UTC))

    assert "79161234567" not in str(caught.value)
    assert (None, True) == (caught.value.__cause__, caught.value.__suppress_context__)


def test_a_message_without_a_date_proves_nothing(adapter, listener):
    """A record that cannot be placed in time makes the look-up fail."""
    listener.answers = [Answer(200, json.dumps({"messages": [{**_FOUND, "date_created": None}], "page": 0}))]

    with pytest.raises(LookUpFailed):
        adapter.find(_TO, datetime.now(UTC))
