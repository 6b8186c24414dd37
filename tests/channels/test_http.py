"""The client under the SDK: what left us, what did not, and nothing in the logs."""

import logging
import socket
import threading

import pytest

from channels.http import NoAnswer, NotSent, PooledClient, TooManyRequests
from tests.channels.servers import Answer, free_port

_LIST = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"


@pytest.fixture
def client(listener):
    listener.answers = [Answer(200, "{}")]
    return PooledClient(listener.url, timeout_seconds=0.5, pool_size=1)


@pytest.mark.parametrize("product", ["api", "messaging", "api.dublin.ie1"])
def test_every_product_goes_to_the_base_url(client, listener, product):
    """Scheme and host are ours; path and query are the SDK's."""
    client.request("GET", f"https://{product}.twilio.com/v1/Things.json?Page=1", params={"To": "+1500"})

    assert [f"{listener.url}/v1/Things.json?Page=1&To=%2B1500"] == [request.url for request in listener.requests]


def test_a_base_url_may_have_a_path(listener):
    """A gateway that serves the provider below a prefix gets that prefix."""
    listener.answers = [Answer(200, "{}")]

    PooledClient(f"{listener.url}/gate/", timeout_seconds=1, pool_size=1).request("GET", _LIST)

    assert f"{listener.url}/gate/2010-04-01/Accounts/AC1/Messages.json" == listener.requests[0].url


def test_a_form_keeps_its_repeated_keys(client, listener):
    """A list becomes one field per value."""
    client.request("POST", _LIST, data={"MediaUrl": ["a", "b"], "Body": "ж"})

    assert b"MediaUrl=a&MediaUrl=b&Body=%D0%B6" == listener.requests[0].body


def test_nobody_listening_is_not_sent(client):
    """A refused connection never carried the request."""
    client = PooledClient(f"http://127.0.0.1:{free_port()}", timeout_seconds=0.5, pool_size=1)

    with pytest.raises(NotSent):
        client.request("POST", _LIST)


def test_a_full_pool_is_not_sent(client, listener):
    """Waiting in vain for a free connection is known to have sent nothing."""
    listener.answers = [Answer(200, "{}", wait_seconds=0.3)]
    busy = threading.Thread(target=client.request, args=("GET", _LIST))
    busy.start()
    listener.wait_for(1)

    with pytest.raises(NotSent):
        client.request("POST", _LIST)
    busy.join()
    assert ["GET"] == listener.methods


def test_silence_is_no_answer(client, listener):
    """A read time-out says nothing about what was done."""
    listener.answers = [Answer(200, "{}", wait_seconds=1)]

    with pytest.raises(NoAnswer):
        client.request("POST", _LIST)


def hang_up(server):
    connection, _ = server.accept()
    connection.recv(65536)
    connection.close()


def test_a_connection_closed_after_the_request_is_no_answer():
    """The server read the request and hung up."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        threading.Thread(target=hang_up, args=(server,), daemon=True).start()
        client = PooledClient(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=1, pool_size=1)

        with pytest.raises(NoAnswer):
            client.request("POST", _LIST)


@pytest.mark.parametrize("answer", [Answer(500), Answer(503, "{}"), Answer(599, "<html>"), Answer(201, "<html>")])
def test_what_no_provider_says_is_no_answer(client, listener, answer):
    """A 5xx of whatever body, and a success that is no JSON object, prove nothing."""
    listener.answers = [answer]

    with pytest.raises(NoAnswer):
        client.request("POST", _LIST)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0.5", 0.5), ("", 1), ("-3", 0), ("nan", 0), ("inf", 3600), ("Wed", 1)]
)
def test_too_many_requests_says_how_long_to_wait(client, listener, header, seconds):
    """Retry-After in seconds is taken within reason; anything else counts as one second."""
    listener.answers = [Answer(429, "{}", {"Retry-After": header})]

    with pytest.raises(TooManyRequests) as caught:
        client.request("POST", _LIST)

    assert seconds == caught.value.retry_after_seconds


def test_a_request_is_made_once(client, listener):
    """Neither a failure nor a redirect is followed by a second request."""
    listener.answers = [Answer(307, "", {"Location": "/elsewhere"})]

    answer = client.request("POST", _LIST, data={"To": "+1"})

    assert (307, 1) == (answer.status_code, len(listener.requests))


def test_a_proxy_of_the_environment_is_not_used(listener, monkeypatch):
    """Proxy variables, meant for browsers, do not see the messages."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    listener.answers = [Answer(200, "{}")]

    PooledClient(listener.url, timeout_seconds=0.5, pool_size=1).request("GET", _LIST)

    assert 1 == len(listener.requests)


def test_no_number_reaches_the_log(listener, caplog):
    """Even at DEBUG no library writes the URL, in which the number stands."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3.connectionpool")
    listener.answers = [Answer(200, "{}")]

    PooledClient(listener.url, timeout_seconds=0.5, pool_size=1).request("GET", _LIST, params={"To": "+79161234567"})

    assert "79161234567" not in caplog.text


def test_nothing_of_a_request_is_kept(client):
    """A shared client has neither a last request, with its body and credentials, nor a last answer."""
    client.request("POST", _LIST, data={"Body": "secret"}, auth=("AC1", "token"))

    assert client._test_only_last_request is None
    assert client._test_only_last_response is None
