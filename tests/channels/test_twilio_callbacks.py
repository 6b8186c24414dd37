"""Twilio's callbacks: who signed them and what they say."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

from channels.errors import BadSignature
from channels.sms.twilio import TwilioSms
from channels.types import Connection, EventKind, Fault, WebhookRequest

_VECTORS = json.loads((Path(__file__).parents[1] / "specs" / "vectors.json").read_text())["twilio_request_signature"]
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"
_URL = "https://hub.example/hooks/pac_1/status?attempt=att_01h455vb4pex5vsknk084sn02q_2"
_SID = "SM" + "0123456789abcdef" * 2


def adapter(auth_token="12345", **more):
    credentials = {"account_sid": "AC" + "0" * 32, "auth_token": auth_token, **more}
    return TwilioSms(Connection(base_url="http://127.0.0.1:1", credentials=credentials))


def callback(url=_URL, form=(), *, signature="", settings_header="", content_type=_FORM, body=None):
    headers = {"Content-Type": content_type, "X-Twilio-Signature": signature}
    if settings_header:
        headers["X-Twilio-Webhooks-Signature-Settings"] = settings_header
    pairs = form.items() if isinstance(form, dict) else map(tuple, form)
    encoded = urlencode(list(pairs)).encode()
    return WebhookRequest(kind="status", url=url, headers=headers, body=encoded if body is None else body)


def signed(form, token="12345", url=_URL, algorithm=None, settings_header=""):
    signature = RequestValidator(token).compute_signature(url, dict(form), algorithm)
    return callback(url, form, signature=signature, settings_header=settings_header)


def status(**fields):
    form = {"MessageSid": _SID, "MessageStatus": "delivered", **fields}
    (event,) = adapter().parse(callback(form=form))
    return event


@pytest.mark.parametrize("case", _VECTORS["cases"], ids=lambda case: case.get("note", "as sent"))
def test_the_sdks_own_signatures_hold(case):
    """Ports come and go on the way; Twilio's own test vectors all pass."""
    request = callback(case["url"], _VECTORS["params"], signature=case["signature"])

    adapter(_VECTORS["auth_token"]).verify(request)


def test_repeated_keys_are_signed_once_per_value():
    """Values of a repeated key are sorted and counted once."""
    case = _VECTORS["duplicate_keys"]

    adapter(_VECTORS["auth_token"]).verify(callback(case["url"], case["form"], signature=case["signature"]))


def test_a_json_body_is_signed_by_its_hash():
    """A body that is no form counts by the hash in the URL, and a changed body fails."""
    case = _VECTORS["json_body"]
    request = {"signature": case["signature"], "content_type": "application/json"}

    adapter(_VECTORS["auth_token"]).verify(callback(case["url"], body=case["body"].encode(), **request))
    with pytest.raises(BadSignature):
        adapter(_VECTORS["auth_token"]).verify(callback(case["url"], body=b"{}", **request))


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_a_body_that_nothing_signs_is_refused(content_type):
    """Another content type does not take the body out of the signature."""
    signature = RequestValidator("12345").compute_signature(_URL, {})

    with pytest.raises(BadSignature):
        adapter().verify(callback(body=b"MessageSid=SM1", signature=signature, content_type=content_type))


def test_the_query_is_signed_as_it_was_sent():
    """Escapes in the path and query are part of the signature byte for byte."""
    url = "https://hub.example/hooks/a%2Fb/status?attempt=%C3%A9&x=1%202"

    adapter().verify(signed({"MessageSid": _SID}, url=url))
    with pytest.raises(BadSignature):
        adapter().verify(callback(url.replace("%2F", "/"), {"MessageSid": _SID}, signature=_signature(url)))


def _signature(url):
    return RequestValidator("12345").compute_signature(url, {"MessageSid": _SID})


def test_empty_values_are_signed():
    """A field without a value is part of the signature."""
    adapter().verify(signed({"MessageSid": _SID, "FromCity": ""}))


@pytest.mark.parametrize("name", ["auth_token_secondary", "webhook_shared_key"])
def test_a_second_secret_is_accepted(name):
    """While a token is rotated, callbacks signed with either pass, and with a third do not."""
    rotated = adapter("new", **{name: "12345"})

    rotated.verify(signed({"MessageSid": _SID}, token="12345"))
    rotated.verify(signed({"MessageSid": _SID}, token="new"))
    with pytest.raises(BadSignature):
        rotated.verify(signed({"MessageSid": _SID}, token="other"))


def test_an_empty_second_secret_is_no_secret():
    """A credential left blank does not let in what is signed with nothing."""
    with pytest.raises(BadSignature):
        adapter(auth_token_secondary="").verify(signed({"MessageSid": _SID}, token=""))


def test_the_newer_algorithm_is_read_from_its_header():
    """HMAC-SHA256 passes when the request names it, and only then."""
    header = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    form = {"MessageSid": _SID}

    adapter().verify(signed(form, algorithm="HMAC_SHA256", settings_header=header))
    with pytest.raises(BadSignature):
        adapter().verify(signed(form, algorithm="HMAC_SHA256"))
    with pytest.raises(BadSignature):
        adapter().verify(signed(form, settings_header=header))


@pytest.mark.parametrize(
    "request_",
    [
        callback(form={"MessageSid": _SID}),
        callback(form={"MessageSid": _SID}, signature="x" * 28),
        callback(form={"MessageSid": _SID}, signature="ж"),
        callback(form={"MessageSid": _SID}, signature="x", settings_header="algorithm=NONE"),
        callback("https://hub.example:99999/x", {"MessageSid": _SID}, signature="x" * 28),
        callback("https://[hub/x", {"MessageSid": _SID}, signature="x" * 28),
        callback("https://hub.example/\udc80", {"MessageSid": _SID}, signature="x" * 28),
        callback(body=b"MessageSid=\xff", signature="x" * 28),
        callback(body=b"MessageSid=%ff", signature="x" * 28),
    ],
)
def test_what_twilio_did_not_sign_is_refused_and_nothing_worse(request_):
    """A missing, false or impossible signature, URL or body is `BadSignature`, never another error."""
    with pytest.raises(BadSignature):
        adapter().verify(request_)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("accepted", EventKind.ACCEPTED),
        ("queued", EventKind.ACCEPTED),
        ("sending", EventKind.ACCEPTED),
        ("sent", EventKind.SENT),
        ("delivered", EventKind.DELIVERED),
        ("read", EventKind.READ),
        ("undelivered", EventKind.UNDELIVERED),
        ("failed", EventKind.UNDELIVERED),
        ("teleported", EventKind.UNKNOWN),
        ("", EventKind.UNKNOWN),
    ],
)
def test_a_status_word_becomes_our_kind(word, kind):
    """Every word of Twilio's has a kind, and a new one is unknown."""
    assert kind is status(MessageStatus=word).kind


def test_an_unknown_word_is_kept_as_it_came():
    """What we do not understand is kept raw."""
    assert "teleported" == status(MessageStatus="teleported").provider_code


def test_a_callback_names_our_attempt_and_twilios_message():
    """The attempt comes from the URL we gave, the message from the form."""
    event = status()

    assert ("att_01h455vb4pex5vsknk084sn02q_2", _SID) == (event.attempt_id, event.provider_message_id)


def test_the_old_field_names_are_read_too():
    """`SmsSid` and `SmsStatus` serve where the newer names are missing."""
    (event,) = adapter().parse(callback(form={"SmsSid": _SID, "SmsStatus": "sent"}))

    assert (_SID, EventKind.SENT) == (event.provider_message_id, event.kind)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("30005", Fault.ADDRESS_INVALID),
        ("30003", Fault.UNREACHABLE),
        ("21610", Fault.OPTED_OUT),
        ("30007", Fault.CONTENT_REFUSED),
        ("30002", Fault.ACCOUNT_REFUSED),
        ("31999", Fault.UNKNOWN),
        ("never", Fault.UNKNOWN),
        ("٣٠٠٠٥", Fault.UNKNOWN),
        ("", Fault.UNKNOWN),
    ],
)
def test_an_error_code_becomes_a_fault(code, fault):
    """A code says whose fault it was; one we do not know is unknown, never a suppression, and is kept."""
    event = status(MessageStatus="failed", ErrorCode=code)

    assert (fault, code or None) == (event.fault, event.provider_code)


def test_a_fault_is_only_of_what_failed():
    """An error code on a message that is on its way or arrived blames nobody."""
    assert status(MessageStatus="sent", ErrorCode="30005").fault is None


def test_the_carriers_date_is_left_alone():
    """`RawDlrDoneDate` has neither seconds nor zone, so the event has no time."""
    assert status(RawDlrDoneDate="2611220401").occurred_at is None


@pytest.mark.parametrize("sid", ["", "SM\0", "SM-1", "S" * 65])
def test_a_body_that_names_no_message_is_no_event(sid):
    """Without an id that could be one, there is nothing to say and nothing that could not be stored."""
    assert [] == list(adapter().parse(callback(form={"MessageSid": sid, "MessageStatus": "sent"})))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_body_is_read_without_an_error(body):
    """Whatever bytes come, parsing them raises nothing."""
    adapter().parse(callback(body=body))


_ANY_FORM = st.dictionaries(
    st.sampled_from(["MessageSid", "SmsSid", "MessageStatus", "ErrorCode", "ErrorMessage", "To"]), st.text(max_size=40)
)


@settings(deadline=None)
@given(_ANY_FORM, st.text(max_size=60))
def test_any_form_is_read_without_an_error(form, query):
    """Whatever stands in the known fields and in the URL, an event is made or none."""
    body = urlencode(form, errors="surrogatepass").encode()

    events = adapter().parse(callback(f"https://hub.example/x?{query}", body=body))

    assert len(events) <= 1
