"""Twilio's status callbacks: which ones a message gets, when, and how they are signed."""

import asyncio
import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

from channels.simulator.courier import Callback, without_fragment
from channels.simulator.log import Taken
from channels.simulator.outages import Mode
from channels.simulator.scripts import Script
from channels.simulator.twilio.resource import CHANNEL, ERRORS, NAME, VERSION
from channels.simulator.world import World

_ARRIVED = ("sent", "delivered")
_LOST = ("sent", "undelivered")
# The words of the callbacks in their order. The initial status, `queued`, never comes as one.
_BY_SCRIPT: Mapping[Script, tuple[str, ...]] = {
    Script.BOUNCE: _LOST,
    Script.DEFERRED: _LOST,
    Script.SILENT: (),
    Script.GHOST: (),
    Script.JUMBLED: ("delivered", "sent", "delivered", "sent", "sent", "delivered"),
}
_FINAL = frozenset({"delivered", "undelivered"})


class Receipts:
    """Sends what the hub is told about one account's messages."""

    def __init__(self, world: World, account: str, token: str) -> None:
        self._world = world
        self._account = account
        self._token = token.encode()

    def plan(self, message: Taken) -> None:
        """Let the receipts follow, one after the other."""
        if message.callback_url and _words(message):
            self._world.later(self._world.settings.receipt_seconds, partial(self._at_its_time, message, 0))

    async def send_now(self, message: Taken) -> None:
        """Send all of them, each after the answer to the one before, and come back after the last.

        The sending goes on when the waiting is cancelled.
        """
        finished = asyncio.Event()
        self._in_turn(message, 0, finished.set)
        await finished.wait()

    def _at_its_time(self, message: Taken, step: int) -> None:
        words = _words(message)
        if self._world.outages.hit(NAME, CHANNEL) is Mode.NO_RECEIPTS:
            self._world.log.finish(message)
        elif step + 1 == len(words):
            self._post(message, words[step], partial(self._world.log.finish, message))
        else:
            self._post(message, words[step], _nothing)
            self._world.later(self._world.settings.step_seconds, partial(self._at_its_time, message, step + 1))

    def _in_turn(self, message: Taken, step: int, finished: Callable[[], None]) -> None:
        words = _words(message)
        if step == len(words):
            self._world.log.finish(message)
            finished()
        else:
            self._post(message, words[step], partial(self._in_turn, message, step + 1, finished))

    def _post(self, message: Taken, word: str, done: Callable[[], None]) -> None:
        url, overrides = without_fragment(message.callback_url or "")
        fields = self._fields(message, word)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "X-Twilio-Signature": sign(self._token, url, fields),
        }
        body = urlencode(fields).encode()
        self._world.courier.post(Callback(url=url, body=body, headers=headers, overrides=overrides, done=done))

    def _fields(self, message: Taken, word: str) -> dict[str, str]:
        """Fill in the standard fields, and now and then those that the real ones carry without notice."""
        fields = {
            "AccountSid": self._account,
            "ApiVersion": VERSION,
            "From": message.sender,
            "MessageSid": message.id,
            "MessageStatus": word,
            "SmsSid": message.id,
            "SmsStatus": word,
            "To": message.to,
        }
        if word == "undelivered":
            fields["ErrorCode"] = str(ERRORS[message.script][0])
        if word in _FINAL and message.id.endswith(("0", "2", "4", "6", "8")):
            fields["RawDlrDoneDate"] = datetime.now(UTC).strftime("%y%m%d%H%M")
        if message.id.endswith(("0", "1", "2", "3")):
            fields["ProcessingRegion"] = ""
        return fields


def sign(token: bytes, url: str, fields: Mapping[str, str]) -> str:
    """Sign the way Twilio describes: the URL as requested, then each field's name and value in the names' order."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(token, text.encode(), "sha1")).decode()


def _words(message: Taken) -> tuple[str, ...]:
    return _BY_SCRIPT.get(message.script, _ARRIVED)


def _nothing() -> None:
    """Ignore the answer: only the last receipt of a message ends its story."""
