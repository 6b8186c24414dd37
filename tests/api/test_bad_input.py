"""What is wrong is told, all of it and where; it is never a 5xx and nothing of it is stored."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.core import clock
from tests.api.making import ACCOUNTS, CREDENTIALS, MESSAGES, faults_of, make_message, pointers_of, problem_of, stored

BATCH = f"{MESSAGES}/batch"
EVENTS = "/api/v1/events"
WRONG_MESSAGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no body": ({"body": None}, {"/body"}),
    "empty text": ({"body": ""}, {"/body"}),
    "text over what SMS carries": ({"body": "x" * 1601}, {"/body"}),
    "text over the limit": ({"body": "x" * 10_001}, {"/body"}),
    "NUL in the text": ({"body": "a\0b"}, {"/body"}),
    "text is a number": ({"body": 1}, {"/body"}),
    "text is a list": ({"body": ["x"]}, {"/body"}),
    "no recipient": ({"to": None}, {"/to"}),
    "recipient without an address": ({"to": {}}, {"/to/phone"}),
    "recipient is a text": ({"to": "+79161234567"}, {"/to"}),
    "recipient is a list": ({"to": [{"phone": "+79161234567"}]}, {"/to"}),
    "unknown field of the recipient": ({"to": {"phone": "+79161234567", "fax": "1"}}, {"/to/fax"}),
    "number is a number": ({"to": {"phone": 79161234567}}, {"/to/phone"}),
    "number is empty": ({"to": {"phone": ""}}, {"/to/phone"}),
    "number is a word": ({"to": {"phone": "mother"}}, {"/to/phone"}),
    "number is an address": ({"to": {"phone": "a@example.com"}}, {"/to/phone"}),
    "number is too short": ({"to": {"phone": "+7916123"}}, {"/to/phone"}),
    "number is too long": ({"to": {"phone": "+791612345678"}}, {"/to/phone"}),
    "number is not assigned": ({"to": {"phone": "+71234567890"}}, {"/to/phone"}),
    "number with NUL": ({"to": {"phone": "+79161234567\0"}}, {"/to/phone"}),
    "number over the limit": ({"to": {"phone": "+7916" + "1" * 100}}, {"/to/phone"}),
    "unknown purpose": ({"purpose": "gossip"}, {"/purpose"}),
    "purpose is null": ({"purpose": None}, {"/purpose"}),
    "unknown field": ({"priority": 1}, {"/priority"}),
    "unknown field with a slash and a tilde": ({"a/b~c": 1}, {"/a~1b~0c"}),
    "unknown field without a name": ({"": 1}, {"/"}),
    "unknown field called _schema": ({"_schema": 1}, {"/_schema"}),
    "reference over 255": ({"reference": "r" * 256}, {"/reference"}),
    "reference is empty": ({"reference": ""}, {"/reference"}),
    "reference is a number": ({"reference": 17}, {"/reference"}),
    "reference with NUL": ({"reference": "a\0"}, {"/reference"}),
    "metadata is a list": ({"metadata": [1]}, {"/metadata"}),
    "metadata is a text": ({"metadata": "{}"}, {"/metadata"}),
    "metadata over 16 kB": ({"metadata": {"x": "y" * 16 * 1024}}, {"/metadata"}),
    "metadata over 16 kB in two-byte letters": ({"metadata": {"x": "я" * 8 * 1024}}, {"/metadata"}),
    "time without an offset": ({"send_at": "2999-01-01T10:00:00"}, {"/send_at"}),
    "time is a date": ({"send_at": "2999-01-01"}, {"/send_at"}),
    "time is a number": ({"send_at": 1_900_000_000}, {"/send_at"}),
    "time that does not exist": ({"send_at": "2999-02-30T10:00:00Z"}, {"/send_at"}),
    "time before year one": ({"send_at": "0001-01-01T00:00:00+14:00"}, {"/send_at"}),
    "time past": ({"send_at": "2001-01-01T00:00:00Z"}, {"/send_at"}),
    "time too far ahead": ({"send_at": (clock.now() + timedelta(days=90, minutes=5)).isoformat()}, {"/send_at"}),
    "ttl 0": ({"ttl_seconds": 0}, {"/ttl_seconds"}),
    "ttl below 0": ({"ttl_seconds": -1}, {"/ttl_seconds"}),
    "ttl over 7 days": ({"ttl_seconds": 7 * 24 * 3600 + 1}, {"/ttl_seconds"}),
    "ttl far over": ({"ttl_seconds": 2**63 - 1}, {"/ttl_seconds"}),
    "ttl is a text": ({"ttl_seconds": "1"}, {"/ttl_seconds"}),
    "ttl is true": ({"ttl_seconds": True}, {"/ttl_seconds"}),
    "ttl has a fraction": ({"ttl_seconds": 1.0}, {"/ttl_seconds"}),
    "ttl is null": ({"ttl_seconds": None}, {"/ttl_seconds"}),
    "dedupe by something else": ({"dedupe": "body", "reference": "r"}, {"/dedupe"}),
    "dedupe without a reference": ({"dedupe": "reference"}, {"/reference"}),
}
WRONG_JSON: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "half an object": (b'{"to": ', 400),
    "two objects": (b"{}{}", 400),
    "not UTF-8": (b'{"body": "\xff"}', 400),
    "a number beyond all limits": (b'{"ttl_seconds": 1e999}', 400),
    "NaN": (b'{"ttl_seconds": NaN}', 400),
    "half of a surrogate pair": (b'{"body": "\\ud800"}', 400),
    "half of a surrogate pair in a name": (b'{"\\udfff": 1}', 400),
    "100 000 brackets": (b"[" * 100_000, 400),
    "100 000 brackets, closed": (b"[" * 100_000 + b"]" * 100_000, 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "a text": (b'"send"', 422),
    "a number": (b"1", 422),
}
WRONG_QUERIES = {
    MESSAGES: [
        ("status=lost", "/status"),
        ("status=", "/status"),
        ("status=sent,,failed", "/status"),
        ("status=accepted,lost", "/status"),
        ("status=Accepted", "/status"),
        ("purpose=gossip", "/purpose"),
        ("phone=mother", "/phone"),
        ("phone=%2B71234567890", "/phone"),
        ("reference=a%00b", "/reference"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=1.5", "/limit"),
        ("after=***", "/after"),
        ("after=MTIz", "/after"),
        ("after=%00", "/after"),
        ("after=é", "/after"),
        ("created_from=yesterday", "/created_from"),
        ("created_to=2026-01-01T00:00:00", "/created_to"),
        ("created_to=9999-12-31T23:59:59-14:00", "/created_to"),
        ("offset=10", "/offset"),
    ],
    EVENTS: [
        ("after=***", "/after"),
        ("after=LTE", "/after"),
        ("after=OTk5OTk5OTk5OTk5OTk5OTk5OTk", "/after"),
        ("limit=1001", "/limit"),
        ("type=message.sent", "/type"),
    ],
}
WRONG_ACCOUNTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no name": ({"name": ""}, {"/name"}),
    "name over the limit": ({"name": "n" * 101}, {"/name"}),
    "name with NUL": ({"name": "\0"}, {"/name"}),
    "unknown provider": ({"provider": "pigeon"}, {"/provider"}),
    "provider is a number": ({"provider": 1}, {"/provider"}),
    "credentials missing": ({"credentials": {"account_sid": "AC1"}}, {"/credentials/auth_token"}),
    "credentials of another provider": ({"credentials": {**CREDENTIALS, "login": "x"}}, {"/credentials/login"}),
    "credentials are a text": ({"credentials": "secret"}, {"/credentials"}),
    "sender is no number": ({"sender": "+1"}, {"/sender"}),
    "test is a text": ({"test": "yes"}, {"/test"}),
    "test is a number": ({"test": 1}, {"/test"}),
    "unknown field": ({"colour": "red"}, {"/colour"}),
}

pytestmark = pytest.mark.usefixtures("nothing_stored")


@pytest.mark.parametrize(("fields", "pointers"), WRONG_MESSAGES.values(), ids=WRONG_MESSAGES)
def test_a_mistake_in_a_message_is_told_with_its_place(caller, fields, pointers):
    """One mistake, one fault, at the place of the mistake."""
    response = caller.post(MESSAGES, make_message(**fields))

    assert pointers == pointers_of(response)


@pytest.mark.parametrize("name", ["to", "body", "purpose"])
def test_a_missing_field_is_told(caller, name):
    message = {key: value for key, value in make_message().items() if key != name}

    assert {f"/{name}"} == pointers_of(caller.post(MESSAGES, message))


def test_everything_wrong_is_told_at_once(caller):
    """Faults of the form and of the meaning come together."""
    message = {
        "to": {"phone": "+71234567890", "fax": "1"},
        "body": "x" * 1601,
        "purpose": "gossip",
        "send_at": "2001-01-01T00:00:00Z",
        "ttl_seconds": "1",
        "dedupe": "reference",
        "metadata": [],
        "colour": "red",
    }
    expected = {"/to/phone", "/to/fax", "/body", "/purpose", "/send_at", "/ttl_seconds", "/reference", "/metadata"}

    assert expected | {"/colour"} == pointers_of(caller.post(MESSAGES, message))


def test_a_number_that_cannot_be_is_told_apart_from_one_nobody_has(caller):
    """Possible and valid are two sentences: a typing error, and a number that was never assigned."""
    numbers = ["mother", "+7916123", "+71234567890"]

    answers = [problem_of(caller.post(MESSAGES, make_message(to={"phone": number})), 422) for number in numbers]

    assert 3 == len({fault.detail for answer in answers for fault in faults_of(answer)})


@pytest.mark.parametrize(("data", "status"), WRONG_JSON.values(), ids=WRONG_JSON)
@pytest.mark.parametrize("path", [MESSAGES, BATCH, ACCOUNTS])
def test_a_body_that_is_no_json_object_is_refused(caller, path, data, status):
    response = caller.call("POST", path, data=data, content_type="application/json")

    problem_of(response, status)


@pytest.mark.parametrize("depth", [300, 1000])
def test_metadata_nested_too_deep_is_a_mistake_of_the_caller(caller, depth):
    """A JSON reader takes more nesting than a JSON writer; the difference must not be our failure."""
    message = json.dumps(make_message())[:-1] + ', "metadata": ' + '{"a":' * depth + "1" + "}" * depth + "}"

    response = caller.call("POST", MESSAGES, data=message, content_type="application/json")

    problem_of(response, response.status_code)
    assert response.status_code in {400, 422}


@pytest.mark.parametrize("path", [MESSAGES, BATCH, ACCOUNTS])
@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"])
def test_another_content_type_is_415(caller, path, kind):
    response = caller.call("POST", path, data=json.dumps(make_message()), content_type=kind)

    problem_of(response, 415)


@pytest.mark.parametrize("path", [MESSAGES, BATCH, ACCOUNTS])
def test_more_than_ten_megabytes_are_413(caller, path):
    message = make_message(body="x" * (10 * 1024 * 1024))

    problem_of(caller.post(path, message), 413)


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({}, {"/messages"}),
        ({"messages": []}, {"/messages"}),
        ({"messages": [{}] * 1001}, {"/messages"}),
        ({"messages": {}}, {"/messages"}),
        ({"messages": "all"}, {"/messages"}),
        ({"messages": [{}], "atomic": True}, {"/atomic"}),
    ],
)
def test_a_batch_takes_one_to_a_thousand_messages(caller, data, pointers):
    assert pointers == pointers_of(caller.post(BATCH, data))


@pytest.mark.parametrize(
    ("path", "query", "pointer"), [(path, *case) for path, cases in WRONG_QUERIES.items() for case in cases]
)
def test_a_mistake_in_a_query_is_told_with_its_place(caller, path, query, pointer):
    """Unknown filters and their unknown values are refused, not ignored."""
    response = caller.call("GET", f"{path}?{query}")

    assert {pointer} == pointers_of(response)


def test_all_mistakes_of_a_query_are_told_at_once(caller):
    response = caller.get(MESSAGES, status="lost", phone="mother", limit=0, colour="red")

    assert {"/status", "/phone", "/limit", "/colour"} == pointers_of(response)


@pytest.mark.parametrize(
    "key", ["", " ", '""', "two words", "k" * 256, '"' + "k" * 256 + '"', "tab\there", "caf\xe9", '" "']
)
@pytest.mark.parametrize("path", [MESSAGES, BATCH, ACCOUNTS, f"{MESSAGES}/msg_01h455vb4pex5vsknk084sn02q/cancel"])
def test_an_idempotency_key_has_1_to_255_visible_characters(caller, path, key):
    bodies = {BATCH: {"messages": [make_message()]}, ACCOUNTS: make_account_body()}

    response = caller.call("POST", path, {"Idempotency-Key": key}, json=bodies.get(path, make_message()))

    problem_of(response, 400, "bad_request")


@pytest.mark.parametrize(("fields", "pointers"), WRONG_ACCOUNTS.values(), ids=WRONG_ACCOUNTS)
def test_a_mistake_in_a_provider_account_is_told_with_its_place(caller, fields, pointers):
    assert pointers == pointers_of(caller.post(ACCOUNTS, make_account_body(**fields)))


def make_account_body(**fields: Any) -> dict[str, Any]:
    return {"name": "Main", "provider": "twilio", "sender": "+15005550006", "credentials": CREDENTIALS, **fields}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", MESSAGES, "POST"),
        ("PUT", f"{MESSAGES}/msg_01h455vb4pex5vsknk084sn02q", "GET"),
        ("POST", EVENTS, "GET"),
        ("POST", "/health/live", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(caller, method, path, allowed):
    response = caller.call(method, path)

    problem_of(response, 405)
    assert allowed in response.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/v1/", "/api/v1/nothing", "/api/v2/messages", f"{MESSAGES}/", "/hooks/x"]
)
def test_an_unknown_path_is_404(caller, path):
    problem_of(caller.call("GET", path), 404)


def test_a_wrong_item_of_a_batch_stores_nothing_of_itself(hub, caller):
    """A batch of wrong items is answered item by item and leaves no message."""
    items = [make_message(**fields) for fields, _ in WRONG_MESSAGES.values()]

    response = caller.post(BATCH, {"messages": items})

    assert 202 == response.status_code
    found = [{fault.pointer for fault in faults_of(item["problem"])} for item in response.json["data"]]
    assert [pointers for _, pointers in WRONG_MESSAGES.values()] == found


@pytest.mark.parametrize("item", [None, [], "x", 1, True])
def test_an_item_that_is_no_object_does_not_hold_back_the_others(caller, item):
    """Each item is judged by itself, whatever it is."""
    response = caller.post(BATCH, {"messages": [item, {}]})

    assert 202 == response.status_code, response.text
    assert ["problem", "problem"] == [key for found in response.json["data"] for key in found]


def test_a_request_id_of_the_caller_is_kept_if_it_is_a_plain_word(caller):
    """It is in the answer and in the problem; what could break a log is replaced."""
    plain = caller.call("POST", MESSAGES, {"X-Request-Id": "abc-1"}, json={})
    strange = caller.call("POST", MESSAGES, {"X-Request-Id": "a b<c>"}, json={})

    assert "abc-1" == problem_of(plain, 422)["request_id"]
    assert problem_of(strange, 422)["request_id"].startswith("req_")


def test_a_message_of_a_purpose_that_the_key_may_not_use_is_403(hub, caller_with):
    caller = caller_with(purposes=("transactional",))
    before = stored(hub)

    response = caller.post(MESSAGES, make_message(purpose="marketing"))

    problem_of(response, 403, "forbidden")
    assert before == stored(hub)
