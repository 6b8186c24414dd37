import io
import json
import logging
import warnings

import pytest
import structlog

from hub.core import log

PERSONAL = ("+79161234567", "79161234567", "+7 (916) 123-45-67", "ann@shop.example", "hello there")
SECRETS = ("tl_live_9f8e7d6c5b4a", "tl_test_9f8e7d6c5b4a", "Bearer abc.def-123", "hunter2")


@pytest.fixture
def logged():
    """Configure logging as a server does; return what was logged, as text and as one value for each line."""
    before = logging.getLogger().handlers
    stream = io.StringIO()
    log.configure(json=True, stream=stream)

    def read():
        text = stream.getvalue()
        return text, [json.loads(line) for line in text.splitlines()]

    yield read
    structlog.reset_defaults()
    logging.getLogger().handlers = before
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("hidden", [*PERSONAL[:4], *SECRETS[:3], "redis://:hunter2@cache/0"])
def test_text_hides_what_looks_like_an_address_or_a_secret(logged, hidden):
    structlog.get_logger().info("thing.seen", note=f"it was {hidden}, and again {hidden}")

    text, (line,) = logged()

    assert hidden not in text
    assert line["note"].startswith("it was ")


@pytest.mark.parametrize("name", ["to", "body", "phone", "email", "token", "params", "Authorization"])
def test_fields_that_hold_personal_data_by_their_name_are_hidden(logged, name):
    structlog.get_logger().info(
        "thing.seen", **{name: "hello there"}, nested=[{name: "hello there"}], number=79161234567
    )

    text, (line,) = logged()

    assert "hello there" not in text
    assert "79161234567" not in text
    assert log.MASK == line[name]


def test_an_exception_keeps_its_place_and_loses_what_it_quotes(logged):
    try:
        int("hello there")
    except ValueError:
        structlog.get_logger().exception("thing.failed")

    text, (line,) = logged()

    assert "hello there" not in text
    assert "builtins.ValueError" == line["raised"][0]["type"]
    assert "test_log.py" in line["raised"][0]["frames"][-1]


def test_an_object_is_never_written_out(logged):
    class Request:
        def __repr__(self):
            return "hello there"

    structlog.get_logger().info("thing.seen", request=Request(), raw_bytes=b"hello there")

    assert "hello there" not in logged()[0]


def test_libraries_pass_the_same_censor(logged):
    """Twilio's client writes whole requests at INFO."""
    logging.getLogger("twilio.http_client").info("POST Body=hello there")
    logging.getLogger("any").warning("cannot send 'hello there' to %s", "+79161234567")

    text, lines = logged()

    assert 1 == len(lines)
    assert not any(part in text for part in PERSONAL)


def test_what_helps_is_kept(logged):
    """Ids, counts, times and codes are what logs are for."""
    fields = {"message_id": "msg_01h455vb4pex5vsknk084sn02q", "attempt": 2, "elapsed_ms": 81.5, "code": "30005"}
    structlog.get_logger().info("message.accepted", **fields)

    _, (line,) = logged()

    assert fields == {name: line[name] for name in fields}
    assert ("message.accepted", "info") == (line["event"], line["level"])


def test_warnings_of_python_are_events_too(logged):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", stacklevel=1)

    assert 1 == len(logged()[1])
