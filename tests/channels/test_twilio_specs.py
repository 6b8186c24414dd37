"""The SDK's requests and the simulator's answers, both held against Twilio's own OpenAPI file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from channels.sms.twilio import TwilioSms
from channels.types import Connection
from tests.channels.conftest import fresh_number, message
from tests.channels.servers import Answer, wait_until

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


@pytest.mark.parametrize("ending", ["1234", "0002", "0004"])
def test_a_fetched_message_is_twilios_from_first_to_last(account, simulator, twilio, ending):
    """Queued, sent and final, a message has the official shape; its price comes with the sending."""
    _, created = create(account, simulator, ending)
    path = _ONE.replace("{Sid}", created.json()["sid"])

    for word in ("queued", {"1234": "delivered", "0002": "undelivered", "0004": "sent"}[ending]):
        wait_until(lambda word=word: word == account("GET", path)[1].json()["status"])
        request, answer = account("GET", path)
        twilio.validate_response(request, RequestsOpenAPIResponse(answer))

    assert ("-0.00790", "USD") == (answer.json()["price"], answer.json()["price_unit"])


def test_a_list_of_messages_is_twilios(account, simulator, twilio):
    """A page has the official keys, newest first, and links that lead through all of them."""
    sids = [create(account, simulator)[1].json()["sid"] for _ in range(5)]

    request, answer = account("GET", _LIST, params={"PageSize": 2})
    listed, link = answer.json()["messages"], answer.json()["next_page_uri"]
    while link and len(listed) < len(sids):
        following = account("GET", link)[1].json()
        listed, link = listed + following["messages"], following["next_page_uri"]

    twilio.validate_response(request, RequestsOpenAPIResponse(answer))
    assert set(official(_LIST, "get", "200", "readFullPage1")) == set(answer.json())
    assert sids[::-1] == [record["sid"] for record in listed][: len(sids)]


def test_a_list_is_filtered_by_day_of_sending(account, simulator):
    """A message that waits has no date of sending and is in no list by date."""
    _, created = create(account, simulator)
    to, today = created.json()["to"], datetime.now(UTC).strftime("%Y-%m-%d")
    path = _ONE.replace("{Sid}", created.json()["sid"])

    wait_until(lambda: "delivered" == account("GET", path)[1].json()["status"])

    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
    found = {name: len(account("GET", _LIST, params={"To": to, **name_and_day(name, today, later)})[1].json()["messages"])
             for name in ("DateSent>", "later", "From")}
    assert {"DateSent>": 1, "later": 0, "From": 0} == found


def name_and_day(name, today, later):
    return {"DateSent>": {"DateSent>": today}, "later": {"DateSent>": later}, "From": {"From": "+1"}}[name]
