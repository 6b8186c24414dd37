"""Twilio's signed status call-backs about messages that the hub has sent, ready for the wire."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import psycopg

from benchmarks import load
from benchmarks.running import Hub
from channels.simulator.twilio.receipts import sign
from hub.core import ids

WORDS = ("sent", "delivered")
LAG = 30
"""How many messages are reported sent between a message's two call-backs: 300 ms at a hundred a second."""

SENT = """
    SELECT m.id, a.number, a.provider_message_id
    FROM unnest(%s) AS m(id) JOIN attempts a ON a.workspace_id = %s AND a.message_id = m.id ORDER BY m.id
"""


class Sent(NamedTuple):
    """An attempt that the provider took, and the id it got there."""

    message_id: UUID
    number: int
    provider_message_id: str


def sent(connection: psycopg.Connection[Any], messages: Collection[UUID]) -> Sequence[Sent]:
    """Return the attempts of messages; all of them must have been recorded as sent."""
    workspace = connection.execute("SELECT workspace_id FROM api_keys LIMIT 1").fetchone()
    assert workspace
    found = [Sent(*row) for row in connection.execute(SENT, (list(messages), workspace[0]))]
    assert len(found) == len(messages)
    assert all(attempt.provider_message_id for attempt in found)
    return found


def both(hub: Hub, attempts: Sequence[Sent]) -> list[bytes]:
    """Build two requests for each attempt, `sent` and later `delivered`, mixed as a provider sends them."""
    hook = hub.credentials["providers"]["twilio"]
    return [
        load.post(hub.settings.port, path, body, headers)
        for path, body, headers in (_parts(hook, attempt, word) for attempt, word in _mixed(attempts))
    ]


def forms(hub: Hub, count: int) -> list[bytes]:
    """Return the bodies of as many call-backs about messages that do not exist."""
    hook = hub.credentials["providers"]["twilio"]
    return [_parts(hook, Sent(ids.new(), 1, f"SM{number:032x}"), "sent")[1] for number in range(count)]


def form_headers(hub: Hub) -> dict[str, str]:
    """Return the headers of one call-back."""
    return _parts(hub.credentials["providers"]["twilio"], Sent(ids.new(), 1, "SM" + "0" * 32), "sent")[2]


def _mixed(attempts: Sequence[Sent]) -> Iterator[tuple[Sent, str]]:
    for place in range(len(attempts) + LAG):
        if place < len(attempts):
            yield attempts[place], WORDS[0]
        if place >= LAG:
            yield attempts[place - LAG], WORDS[1]


def _parts(hook: dict[str, Any], attempt: Sent, word: str) -> tuple[str, bytes, dict[str, str]]:
    url = f"{hook['hooks']['status']}?attempt={ids.show_attempt(attempt.message_id, attempt.number)}"
    fields = {
        "AccountSid": hook["account_sid"],
        "ApiVersion": "2010-04-01",
        "From": "+15005550006",
        "MessageSid": attempt.provider_message_id,
        "MessageStatus": word,
        "SmsSid": attempt.provider_message_id,
        "SmsStatus": word,
        "To": "+79161234567",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(hook["auth_token"].encode(), url, fields),
    }
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}", urlencode(fields).encode(), headers
