"""From a request's JSON to a command: everything wrong is told at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import marshmallow

from channels import registry
from channels.addresses import BadAddress, PhoneNumber, parse_phone
from channels.types import Channel
from hub.accounts.scopes import Purpose
from hub.core.problems import Fault, Forbidden, Unprocessable
from hub.messages.commands import DEFAULT_TTL, MAX_AHEAD, SendMessage
from hub.messages.schemas import PreviewQuestionSchema, SendMessageSchema, read_fast
from hub.web.schemas import faults_of

SMS_CHARACTERS = max(
    adapter.capabilities.max_body_characters for adapter in registry.ADAPTERS if adapter.channel is Channel.SMS
)
SCHEMA = SendMessageSchema()
PREVIEW = PreviewQuestionSchema()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who sends, as far as reading needs it."""

    region: str
    purposes: frozenset[str]
    now: datetime


def read_message(data: Any, reader: Reader) -> SendMessage:  # noqa: ANN401 - any JSON value
    """Return the command, or raise `Unprocessable` with every fault, or `Forbidden` for a purpose of other keys."""
    given: Mapping[str, Any] | None = read_fast(data)
    faults: list[Fault] = []
    if given is None:
        try:
            given = SCHEMA.load(data)
        except marshmallow.ValidationError as error:
            faults += faults_of(error.messages)
            given = error.valid_data if isinstance(error.valid_data, dict) else {}
    phone = _phone(given, reader, faults)
    faults += _faults(given, reader)
    if faults or phone is None:
        raise Unprocessable("See errors.", errors=faults)
    return _command(given, phone, reader)


def read_preview(data: Any, reader: Reader) -> str:  # noqa: ANN401 - any JSON value
    """Return the text to be counted, or raise what sending it would raise."""
    try:
        given = PREVIEW.load(data)
    except marshmallow.ValidationError as error:
        raise Unprocessable("See errors.", errors=list(faults_of(error.messages))) from error
    faults: list[Fault] = []
    _phone(given, reader, faults)
    faults += _faults(given, reader)
    if faults:
        raise Unprocessable("See errors.", errors=faults)
    if "purpose" in given:
        _check_purpose(Purpose(given["purpose"]), reader)
    return str(given["body"])


def _check_purpose(purpose: Purpose, reader: Reader) -> None:
    if purpose not in reader.purposes:
        raise Forbidden("This key may not send {purpose} messages.".format(purpose=purpose.value))


def _command(given: Mapping[str, Any], phone: PhoneNumber, reader: Reader) -> SendMessage:
    purpose = Purpose(given["purpose"])
    _check_purpose(purpose, reader)
    ttl = given.get("ttl_seconds")
    return SendMessage(
        to=phone,
        channel=Channel.SMS,
        body=given["body"],
        purpose=purpose,
        reference=given.get("reference"),
        metadata=given.get("metadata"),
        send_at=given.get("send_at"),
        ttl=timedelta(seconds=ttl) if ttl else DEFAULT_TTL,
        once_per_reference="dedupe" in given,
    )


def _phone(given: Mapping[str, Any], reader: Reader, faults: list[Fault]) -> PhoneNumber | None:
    text = given.get("to", {}).get("phone")
    try:
        return None if text is None else parse_phone(text, reader.region)
    except BadAddress as error:
        faults.append(Fault("/to/phone", str(error)))
        return None


def _faults(given: Mapping[str, Any], reader: Reader) -> list[Fault]:
    """Return what a schema cannot see, of the fields that are well-formed."""
    faults = []
    if len(given.get("body", "")) > SMS_CHARACTERS:
        faults.append(Fault("/body", "No SMS provider takes more than {most} characters.".format(most=SMS_CHARACTERS)))
    send_at = given.get("send_at")
    if send_at is not None and send_at < reader.now:
        faults.append(Fault("/send_at", "This time is past."))
    if send_at is not None and send_at > reader.now + MAX_AHEAD:
        faults.append(Fault("/send_at", "At most {days} days ahead.".format(days=MAX_AHEAD.days)))
    if "dedupe" in given and "reference" not in given:
        faults.append(Fault("/reference", "dedupe needs a reference."))
    return faults
