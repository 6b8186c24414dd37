"""Text messages through Twilio."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import ClassVar, Protocol
from urllib.parse import parse_qsl

from twilio.base.exceptions import (  # type: ignore[import-untyped]  # the SDK ships no types
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.rest import Client  # type: ignore[import-untyped]  # the SDK ships no types

from channels.addresses import Address
from channels.errors import (
    ChannelError,
    LookUpFailed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from channels.http import NoAnswer, NotSent, PooledClient, TooManyRequests
from channels.sms import segments
from channels.sms.twilio_codes import ANOTHER_MAY_TAKE_IT, FAULTS, FAULTS_BY_STATUS, KINDS, POLICIES
from channels.sms.twilio_signature import Signatures
from channels.types import (
    Accepted,
    Capabilities,
    Channel,
    Connection,
    Cost,
    EventKind,
    Fault,
    FoundMessage,
    OutboundMessage,
    ProviderEvent,
    WebhookRequest,
)

# Without this fragment Twilio drops a callback that was answered 500 or timed out; it is neither sent nor signed.
RETRY_OVERRIDES = "#rc=5&rp=all"

_VALIDITY_SECONDS = (1, 36_000)
_PAGE_SIZE = 100
_MOST_PAGES = 20
_BUSY_SECONDS = 5.0
_REFUSALS = range(400, 500)
_MOST_MICROS = 10**15
_SID = re.compile(r"[A-Za-z0-9]{1,64}")


class TwilioSms:
    """One Twilio account; the callback URL must carry our attempt id in the query parameter `attempt`."""

    name: ClassVar[str] = "twilio"
    title: ClassVar[str] = "Twilio"
    channel: ClassVar[Channel] = Channel.SMS
    capabilities: ClassVar[Capabilities] = Capabilities(
        max_per_request=1,
        max_body_characters=1600,
        strongest_evidence=EventKind.DELIVERED,
        can_be_asked=True,
        callback_kinds=("status",),
    )
    credential_fields: ClassVar[tuple[str, ...]] = ("account_sid", "auth_token")
    # Callbacks are accepted from any of the secrets, so that a token can be rotated. The shared key signs HMAC-SHA256.
    optional_credential_fields: ClassVar[tuple[str, ...]] = ("auth_token_secondary", "webhook_shared_key")
    default_base_url: ClassVar[str] = "https://api.twilio.com"

    def __init__(self, connection: Connection) -> None:
        """Keep a pool of connections for this account; nothing is sent yet."""
        credentials = connection.credentials
        transport = PooledClient(
            connection.base_url, timeout_seconds=connection.timeout_seconds, pool_size=connection.pool_size
        )
        client = Client(credentials["account_sid"], credentials["auth_token"], http_client=transport)
        self._messages = client.messages
        secrets = ("auth_token", *self.optional_credential_fields)
        self._signatures = Signatures([credentials[name] for name in secrets if credentials.get(name)])

    def send(self, handover: Sequence[OutboundMessage]) -> Sequence[Accepted | ChannelError]:
        """Hand over one message; blocks at most the connection's time-out and is never repeated here."""
        (message,) = handover
        try:
            created = self._messages.create(
                to=str(message.to),
                from_=message.sender,
                body=message.body,
                status_callback=message.callback_url + RETRY_OVERRIDES,
                validity_period=_clamp(message.validity_seconds, *_VALIDITY_SECONDS),
            )
        except (TwilioException, NotSent, NoAnswer, TooManyRequests, ValueError) as error:
            return [_failure(error)]
        if not _SID.fullmatch(created.sid or ""):
            return [OutcomeUnknown(Fault.PROVIDER_FAILURE)]  # it was taken, perhaps, by something that is not Twilio
        return [
            Accepted(provider_message_id=created.sid, segments=_segments(created, message.body), cost=_cost(created))
        ]

    def verify(self, request: WebhookRequest) -> None:
        """Check the signature over URL and body with every secret of the account, or raise `BadSignature`.

        A signature carries no time, so a repeated callback passes: it must be folded, not trusted to be new.
        """
        self._signatures.check(request)

    def parse(self, request: WebhookRequest) -> Sequence[ProviderEvent]:
        """Translate one status callback; a body that names no message is no event.

        `RawDlrDoneDate` is left alone: it has neither seconds nor a zone.
        """
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        if request.kind not in self.capabilities.callback_kinds or not _SID.fullmatch(sid):
            return []
        status = form.get("MessageStatus") or form.get("SmsStatus") or ""
        text = form.get("ErrorMessage") or form.get("ChannelStatusMessage")
        return [_event(sid, status, form.get("ErrorCode"), text, attempt_id=_attempt_id(request.url))]

    def find(self, to: Address, since: datetime) -> Sequence[FoundMessage]:
        """List what Twilio took for `to` since then, newest first, or raise `LookUpFailed`.

        No filter by date: Twilio's is the date of sending, which a waiting message does not have. Reads on to a page
        without anything newer than `since`, because a message that waited long stands among younger ones.
        """
        earliest = since.replace(microsecond=0)  # Twilio's dates have no fractions
        found: list[FoundMessage] = []
        with _asking():
            page = self._messages.page(to=str(to), page_size=_PAGE_SIZE)
            for _ in range(_MOST_PAGES):
                recent = [record for record in page if record.date_created is None or record.date_created >= earliest]
                found += map(_found, recent)
                page = page.next_page() if recent else None
                if page is None:
                    return sorted(found, key=lambda message: message.created_at, reverse=True)
        raise LookUpFailed("too many messages to one number")

    def fetch(self, provider_message_id: str) -> ProviderEvent:
        """Ask what became of one accepted message, or raise `LookUpFailed`."""
        with _asking():
            return _event_of(self._messages(provider_message_id).fetch())


class _Record(Protocol):
    """What we read of the SDK's message, whose own types are not published."""

    sid: str
    status: str
    from_: str | None
    messaging_service_sid: str | None
    body: str | None
    num_segments: str | None
    price: str | None
    price_unit: str | None
    error_code: int | None
    error_message: str | None
    date_created: datetime | None
    date_updated: datetime | None


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (TwilioException, NotSent, NoAnswer, TooManyRequests, ValueError) as error:
        # The cause is left out: its text holds the URL, and the URL the number.
        raise LookUpFailed(f"{type(error).__name__} {getattr(error, 'status', '')}".strip()) from None


def _failure(error: Exception) -> ChannelError:
    """Say what a failed request means. The only place where errors of the SDK and of the network become ours."""
    match error:
        case NotSent():
            return Unavailable(Fault.PROVIDER_FAILURE, provider_text=str(error))
        case TooManyRequests():
            return Throttled(error.retry_after_seconds, str(HTTPStatus.TOO_MANY_REQUESTS.value))
        case UnicodeEncodeError():  # a lone surrogate in the text, noticed before anything was sent
            return Rejected(Fault.REQUEST_REFUSED)
        case TwilioRestException():
            return _refusal(error.status, error.code, error.msg)
        case TwilioServiceException():  # not a subclass of the former
            return _refusal(error.status, error.code, error.detail or error.title)
        case _:
            return OutcomeUnknown(Fault.PROVIDER_FAILURE, provider_text=str(error))


def _refusal(status: int, code: int | str | None, text: str) -> ChannelError:
    """Read an answer that is no success. A 4xx is certain, listed or not; of the rest we know nothing."""
    if status not in _REFUSALS or status == HTTPStatus.REQUEST_TIMEOUT:
        return OutcomeUnknown(Fault.PROVIDER_FAILURE, _raw(code), text)
    raw = str(code)
    fault = FAULTS.get(raw) or FAULTS_BY_STATUS.get(status, Fault.UNKNOWN)
    if fault is Fault.THROTTLED:
        return Throttled(_BUSY_SECONDS, _raw(code), text)
    policy = Unavailable if raw in ANOTHER_MAY_TAKE_IT else POLICIES.get(fault, Rejected)
    return policy(fault, _raw(code), text)


def _attempt_id(url: str) -> str | None:
    query = dict(parse_qsl(url.partition("#")[0].partition("?")[2]))
    return query.get("attempt")


def _event(  # noqa: PLR0913  # the fields of an event
    sid: str,
    status: str,
    code: str | int | None,
    text: str | None,
    *,
    attempt_id: str | None = None,
    occurred_at: datetime | None = None,
    cost: Cost | None = None,
) -> ProviderEvent:
    kind = KINDS.get(status, EventKind.UNKNOWN)
    return ProviderEvent(
        kind=kind,
        provider_message_id=sid,
        attempt_id=attempt_id,
        occurred_at=occurred_at,
        fault=FAULTS.get(str(code), Fault.UNKNOWN) if kind is EventKind.UNDELIVERED else None,
        provider_code=_raw(code) if kind is not EventKind.UNKNOWN else _raw(code or status),
        provider_text=text,
        cost=cost,
    )


def _event_of(record: _Record) -> ProviderEvent:
    return _event(
        record.sid,
        record.status,
        record.error_code,
        record.error_message,
        occurred_at=record.date_updated,
        cost=_cost(record),
    )


def _found(record: _Record) -> FoundMessage:
    """Raise `ValueError` for a record without a date: nothing is proved by it."""
    if record.date_created is None:
        raise ValueError("a message without a date")
    return FoundMessage(
        sender=record.from_ or record.messaging_service_sid or "",
        body=record.body or "",
        created_at=record.date_created,
        event=_event_of(record),
    )


def _segments(record: _Record, body: str) -> int:
    """Read Twilio's count, or count ourselves: it says "0" while it has not chosen a sender."""
    text = str(record.num_segments or "")
    told = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0  # noqa: PLR2004 - hundreds at most
    return told or segments.count(body).segments


def _cost(record: _Record) -> Cost | None:
    """Read the price, which Twilio writes as a negative decimal and only after it has sent."""
    if not record.price or not record.price_unit:
        return None
    try:
        micros = int((abs(Decimal(record.price)) * 1_000_000).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return Cost(micros=micros, currency=record.price_unit.upper()[:8]) if micros < _MOST_MICROS else None


def _raw(code: str | int | None) -> str | None:
    """Keep a provider's code as it came, within reason; NUL cannot be stored."""
    return str(code).replace("\0", "")[:64] if code else None


def _clamp(value: int, least: int, most: int) -> int:
    return min(max(value, least), most)
