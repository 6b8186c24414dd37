"""Where providers call back: what is signed is kept, whatever else comes is refused."""

from typing import Any

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped] # it has no types
from werkzeug.test import TestResponse

from hub.core import ids
from hub.core.runtime import Runtime
from hub.routing import service as routing
from tests.api.making import CREDENTIALS, make_account, problem_of, run, stored
from tests.conftest import Caller

FORM = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "delivered"}


def call_back(caller: Caller, url: str, form: Any, token: str = CREDENTIALS["auth_token"]) -> TestResponse:
    """Call back as the provider does: signed over the public URL and the fields."""
    path = "/hooks/" + url.split("/hooks/")[1]
    signature = RequestValidator(token).compute_signature(url, form)
    return caller.client.post(path, data=form, headers={"X-Twilio-Signature": signature})


@pytest.fixture
def url(hub: Runtime, caller: Caller) -> str:
    """Return where the caller's provider account is called back."""
    return routing.hook_url(hub, make_account(hub, caller), "status")


def test_a_signed_callback_is_kept_and_needs_no_key(hub, caller, url):
    """204 with nothing in it, and one row of work."""
    response = call_back(caller, f"{url}?attempt=att_01h455vb4pex5vsknk084sn02q_1", FORM)

    assert (204, b"") == (response.status_code, response.data)
    assert [("inbound", "receipts")] == run(
        hub, "SELECT topic, lane FROM outbox WHERE workspace_id = :id", id=caller.workspace.id
    )


def test_the_same_callback_twice_is_kept_once(hub, caller, url):
    """A provider repeats what it thinks was lost."""
    answers = [call_back(caller, url, FORM).status_code for _ in range(3)]

    assert [204] * 3 == answers
    assert 1 == stored(hub, caller.workspace.id)["outbox"]


def test_different_callbacks_are_kept_apart(hub, caller, url):
    for status in ("sent", "delivered", "read"):
        call_back(caller, url, {**FORM, "MessageStatus": status})

    assert 3 == stored(hub, caller.workspace.id)["outbox"]


def test_a_forged_callback_is_403_and_not_kept(hub, caller, url):
    """Another secret, another URL, another body, no signature: each is a forgery."""
    path = "/hooks/" + url.split("/hooks/")[1]
    signature = RequestValidator(CREDENTIALS["auth_token"]).compute_signature(url, FORM)
    forged = [
        call_back(caller, url, FORM, token="2" * 32),
        caller.client.post(f"{path}?attempt=1", data=FORM, headers={"X-Twilio-Signature": signature}),
        caller.client.post(path, data={**FORM, "MessageStatus": "read"}, headers={"X-Twilio-Signature": signature}),
        caller.client.post(path, data=FORM),
    ]

    assert ["forbidden"] * 4 == [problem_of(response, 403)["code"] for response in forged]
    assert 0 == stored(hub, caller.workspace.id)["outbox"]


def test_a_callback_cannot_be_signed_with_another_workspaces_secret(hub, caller, stranger):
    """An account is known by its id; only its own secret opens its door."""
    ours = make_account(hub, caller, credentials={**CREDENTIALS, "auth_token": "9" * 32})
    make_account(hub, stranger)

    response = call_back(stranger, routing.hook_url(hub, ours, "status"), FORM)

    problem_of(response, 403, "forbidden")


@pytest.mark.parametrize(
    "account", ["acc_01h455vb4pex5vsknk084sn02q", "acc_", "nothing", "msg_01h455vb4pex5vsknk084sn02q"]
)
def test_an_unknown_account_is_404(caller, account):
    problem_of(caller.client.post(f"/hooks/{account}/status", data=FORM), 404)


@pytest.mark.parametrize("kind", ["inbound", "voice", "nonsense"])
def test_a_kind_that_the_provider_does_not_have_is_404(hub, caller, kind):
    account = ids.show("acc", make_account(hub, caller).id)

    problem_of(caller.client.post(f"/hooks/{account}/{kind}", data=FORM), 404)


def test_a_callback_over_a_megabyte_is_413(hub, caller, url):
    """Providers send a few hundred bytes."""
    response = call_back(caller, url, {**FORM, "Body": "x" * 1_000_001})

    problem_of(response, 413)
    assert 0 == stored(hub, caller.workspace.id)["outbox"]


def test_a_kept_callback_is_not_readable_in_the_database(hub, caller, url):
    """Raw payloads are sealed: they name a person's number."""
    call_back(caller, url, {**FORM, "To": "+79161234567"})

    ((row,),) = run(
        hub, "SELECT convert_from(sealed, 'UTF8') FROM outbox WHERE workspace_id = :id", id=caller.workspace.id
    )

    assert row.startswith("gAAAA")
