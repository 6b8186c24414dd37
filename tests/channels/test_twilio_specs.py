"""The SDK's requests and the simulator's answers, both held against Twilio's own OpenAPI file."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from channels.sms.twilio import TwilioSms
from channels.types import Connection
from tests.channels.conftest import fresh_number, message
from tests.channels.servers import Answer, Simulator, wait_until

_SPEC = json.loads((Path(__file__).parents[1] / "specs" / "twilio_api_v2010.trimmed.json").read_text())
_LIST = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
_ONE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
_REAL = "https://api.twilio.com"


@pytest.fixture(scope="module")
def twilio():
    return OpenAPI.from_dict(_SPEC)


def official(path, method, status, example):
    """Return the official answer: the specification requires no key, so its examples do."""
    answer = _SPEC["paths"][path][method]["responses"][status]
    return answer["content"]["application/json"]["examples"][example]["value"]


def as_real(method, url, listener_url, headers, body):
    prepared = requests.Request(method, url.replace(listener_url, _REAL), headers=headers, data=body).prepare()
    return RequestsOpenAPIRequest(prepared)


@pytest.fixture
def adapter(listener):
    listener.answers = [Answer(500)]
    return TwilioSms(
        Connection(base_url=listener.url, credentials={"account_sid": "AC" + "a" * 32, "auth_token": "token"})
    )


def captured(listener):
    request = listener.requests[-1]
    return as_real(listener.methods[-1], request.url, listener.url, request.headers, request.body)


def test_the_request_to_send_is_twilios(adapter, listener, twilio):
    """What the SDK sends for us is what Twilio specifies."""
    adapter.send([message(fresh_number(), "+15005550006", listener)])

    twilio.validate_request(captured(listener))


def test_the_check_of_requests_can_fail(adapter, listener, twilio):
    """The check is awake: a request without a recipient does not pass."""
    adapter.send([message(fresh_number(), "+15005550006", listener)])
    request = listener.requests[-1]
    without = request.body.replace(b"To=", b"Two=")

    with pytest.raises(OpenAPIError):
        twilio.validate_request(as_real("POST", request.url, listener.url, request.headers, without))


def test_the_requests_to_look_up_are_twilios(adapter, listener, twilio):
    """So are the list by recipient and the question for one message."""
    for ask in (lambda: adapter.find(fresh_number(), datetime.now(UTC)), lambda: adapter.fetch("SM" + "b" * 32)):
        with pytest.raises(Exception, match="NoAnswer"):
            ask()

        twilio.validate_request(captured(listener))


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    """Start a simulator that is slow enough for a message to be seen waiting."""
    running = Simulator(tmp_path_factory.mktemp("slow"), SIM_RECEIPT_SECONDS="0.7", SIM_STEP_SECONDS="0.2")
    yield running
    running.stop()


@pytest.fixture
def account(simulator):
    keys = simulator.account("twilio")
    session = requests.Session()
    session.auth = (keys["account_sid"], keys["auth_token"])

    def call(method, path, **values):
        url = simulator.url + path.format(AccountSid=keys["account_sid"])
        answer = session.request(method, url, **values)
        assert answer.request.url
        real = as_real(method, answer.request.url, simulator.url, answer.request.headers, answer.request.body)
        return real, answer

    yield call
    session.close()


def create(account, simulator, ending="1234"):
    form = {"To": fresh_number(ending).e164, "From": simulator.account("twilio")["sender"], "Body": "Hello! 👍"}
    return account("POST", _LIST, data=form)


def test_the_answer_to_a_message_is_twilios(account, simulator, twilio):
    """A created message has the official keys and types, and no price yet."""
    request, answer = create(account, simulator)

    twilio.validate_response(request, RequestsOpenAPIResponse(answer))
    assert set(official(_LIST, "post", "201", "createWoService")) == set(answer.json())
    assert (201, "queued", None) == (answer.status_code, answer.json()["status"], answer.json()["price"])


def test_the_check_of_answers_can_fail(account, simulator, twilio):
    """The check is awake: a count that is a number does not pass."""
    request, answer = create(account, simulator)
    answer._content = json.dumps({**answer.json(), "num_segments": 1}).encode()

    with pytest.raises(OpenAPIError):
        twilio.validate_response(request, RequestsOpenAPIResponse(answer))


@pytest.mark.parametrize(("ending", "last"), [("1234", "delivered"), ("0002", "undelivered"), ("0004", "sent")])
def test_a_fetched_message_is_twilios_from_first_to_last(account, simulator, twilio, ending, last):
    """Waiting and final, a message has the official shape; its price comes with the sending."""
    _, created = create(account, simulator, ending)
    fetch = partial(account, "GET", _ONE.replace("{Sid}", created.json()["sid"]))

    waiting = fetch()
    wait_until(lambda: last == fetch()[1].json()["status"])

    for request, answer in (waiting, fetch()):
        twilio.validate_response(request, RequestsOpenAPIResponse(answer))
    assert ("queued", None) == (waiting[1].json()["status"], waiting[1].json()["price"])
    assert ("-0.00790", "USD") == (fetch()[1].json()["price"], fetch()[1].json()["price_unit"])


def test_a_list_of_messages_is_twilios(account, simulator, twilio):
    """A page has the official keys, newest first, and links that lead through all of them."""
    sids = [create(account, simulator)[1].json()["sid"] for _ in range(5)]

    request, answer = account("GET", _LIST, params={"PageSize": 2})
    create(account, simulator)  # it moves the others down, and none must be seen twice for it
    listed, link = answer.json()["messages"], answer.json()["next_page_uri"]
    while link and len(listed) < len(sids):
        following = account("GET", link)[1].json()
        listed, link = listed + following["messages"], following["next_page_uri"]

    twilio.validate_response(request, RequestsOpenAPIResponse(answer))
    assert set(official(_LIST, "get", "200", "readFullPage1")) == set(answer.json())
    assert sids[::-1] == [record["sid"] for record in listed][: len(sids)]


@pytest.mark.parametrize(
    ("name", "days", "count"),
    [("DateSent>", 0, 1), ("DateSent>", 2, 0), ("DateSent<", -2, 0), ("DateSent", -2, 0), ("DateSent", 0, 1)],
)
def test_a_list_is_filtered_by_the_day_of_sending(account, simulator, name, days, count):
    """Once it is sent, a message is in the lists of its day, and only there."""
    _, created = create(account, simulator)
    path = _ONE.replace("{Sid}", created.json()["sid"])
    wait_until(lambda: "delivered" == account("GET", path)[1].json()["status"])
    day = datetime.now(UTC) + timedelta(days=days)

    _, answer = account("GET", _LIST, params={"To": created.json()["to"], name: day.strftime("%Y-%m-%d")})

    assert count == len(answer.json()["messages"])


def test_a_waiting_message_is_in_no_list_by_date(account, simulator):
    """Before it is sent a message has no date of sending, so a look-up by date would miss it."""
    _, created = create(account, simulator)

    _, answer = account("GET", _LIST, params={"To": created.json()["to"], "DateSent>": "2020-01-01"})

    assert ([], "queued") == (answer.json()["messages"], created.json()["status"])
