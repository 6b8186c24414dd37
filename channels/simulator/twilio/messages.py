"""A stand-in for Twilio's Messages resource, as strict as the real one."""

import asyncio
import base64
import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from channels.simulator import scripts
from channels.simulator.answers import cut, hold
from channels.simulator.log import Taken
from channels.simulator.outages import Mode
from channels.simulator.scripts import Script
from channels.simulator.twilio.receipts import Receipts
from channels.simulator.twilio.resource import CHANNEL, NAME, VERSION, Delays, page, resource
from channels.simulator.world import World

_LONGEST_BODY = 1600
_LONGEST_URL = 4000
_VALIDITY_SECONDS = range(1, 36_001)
_ENCODED = re.compile(r"[!-~]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MESSAGE_OF_ATTEMPT = re.compile(r"att_([0-9a-z]{26})_[0-9]+")

# What Twilio says, and with which HTTP status, where it is not 400.
_TEXTS: Mapping[int, str] = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service unavailable",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Phone Number",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided is not a valid, message-capable Twilio phone number.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21624: "Invalid validity period value",
    21701: "The Messaging Service does not exist",
    30409: "This message cannot be canceled",
}
_STATUSES: Mapping[int, int] = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}

# Twilio's magic numbers. Those of recipients whose ending is a script are left out: the ending beats them.
_MAGIC_SENDERS = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_MAGIC_RECIPIENTS = {"+15005550001": 21211}
_REFUSED = {Script.INVALID: 21211, Script.OPTOUT: 21610}


class TwilioMessages:
    """The routes of one account."""

    def __init__(self, world: World) -> None:
        self._world = world
        account = world.accounts[NAME]
        self._sid, self._sender = account["account_sid"], account["sender"]
        self._authorization = b"Basic " + base64.b64encode(f"{self._sid}:{account['auth_token']}".encode())
        self._receipts = Receipts(world, self._sid, account["auth_token"])
        settings = world.settings
        self._delays = Delays(settings.receipt_seconds, settings.receipt_seconds + settings.step_seconds)

    def routes(self) -> list[web.RouteDef]:
        """Name every path below this version of the API; the last one answers for what is not there."""
        collection = f"/{VERSION}/Accounts/{{account}}/Messages.json"
        one = f"/{VERSION}/Accounts/{{account}}/Messages/{{sid}}.json"
        return [
            web.post(collection, self._create),
            web.get(collection, self._list),
            web.get(one, self._fetch),
            web.post(one, self._update),
            web.route("*", f"/{VERSION}/{{rest:.*}}", self._not_found),
        ]

    def resume(self) -> None:
        """Plan the receipts that an earlier process left unsent."""
        for message in self._world.log:
            if message.provider == NAME:
                self._receipts.plan(message)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        mode = self._world.outages.hit(NAME, CHANNEL)
        if mode is Mode.DOWN:
            return await cut(request)
        form = dict(parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True))
        code = 20503 if mode is Mode.ERRORS else self._refusal(request) or self._problem(form)
        if code:
            return _answer(code)
        script = scripts.for_number(form["To"])
        if script is Script.THROTTLED and self._first_time(form):
            return _answer(20429, {"Retry-After": str(self._world.settings.retry_after_seconds)})
        if script is Script.VANISH and self._first_time(form):
            return await cut(request)
        return await self._take(request, form, script, mode)

    async def _take(
        self, request: web.Request, form: Mapping[str, str], script: Script, mode: Mode | None
    ) -> web.StreamResponse:
        """Accept: into the log first, then the receipts and the answer as the script and the outage want them."""
        message = Taken(
            id="SM" + secrets.token_hex(16),
            provider=NAME,
            channel=CHANNEL,
            sender=form["From"],
            to=form["To"],
            body=form["Body"],
            at=time.time(),
            script=script,
            callback_url=None if mode is Mode.NO_RECEIPTS else form.get("StatusCallback") or None,
        )
        self._world.log.add(message)
        answer = json.dumps(resource(self._sid, message, message.at, self._delays)).encode()
        if script is Script.EARLY and message.callback_url:
            await self._receipts.send_now(message)
        else:
            self._receipts.plan(message)
        if mode is Mode.SLOW:
            await asyncio.sleep(self._world.settings.slow_seconds)
        if script in {Script.TIMEOUT, Script.GHOST}:
            return await hold(request, self._world.settings.timeout_seconds)
        return web.Response(body=answer, status=201, content_type="application/json")

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        refused = await self._look_up_refused(request)
        if refused is not None:
            return refused
        message = self._world.log.get(request.match_info["sid"])
        if message is None or message.provider != NAME:
            return _answer(20404)
        return web.json_response(resource(self._sid, message, time.time(), self._delays))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        refused = await self._look_up_refused(request)
        if refused is not None:
            return refused
        log, to = self._world.log, request.query.get("To")
        newest_first = log.sent_to(NAME, to) if to else (m for m in log.newest_first() if m.provider == NAME)
        now = time.time()
        records = (resource(self._sid, message, now, self._delays) for message in newest_first)
        return web.json_response(page(request.path, request.query, records))

    async def _update(self, request: web.Request) -> web.StreamResponse:
        """Refuse: only a scheduled message can be cancelled, and nothing is scheduled here."""
        refused = await self._look_up_refused(request)
        return refused if refused is not None else _answer(30409)

    async def _not_found(self, request: web.Request) -> web.StreamResponse:
        return _answer(self._refusal(request) or 20404)

    async def _look_up_refused(self, request: web.Request) -> web.StreamResponse | None:
        mode = self._world.outages.hit(NAME, CHANNEL)
        if mode is Mode.DOWN:
            return await cut(request)
        if mode is Mode.SLOW:
            await asyncio.sleep(self._world.settings.slow_seconds)
        failure = {Mode.ERRORS: 20503, Mode.NO_RECEIPTS: 20500}.get(mode) if mode else None
        code = failure or self._refusal(request)
        return _answer(code) if code else None

    def _refusal(self, request: web.Request) -> int | None:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._authorization):
            return 20003
        return None if request.match_info.get("account", self._sid) == self._sid else 20404

    def _problem(self, form: Mapping[str, str]) -> int | None:
        """Return the code of the first thing wrong with a request to send, or None."""
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        checks = (
            (not to, 21604),
            (not sender and "MessagingServiceSid" in form, 21701),
            (not sender, 21603),
            (sender != self._sender, _MAGIC_SENDERS.get(sender, 21606)),
            (not body, 21602),
            (len(body) > _LONGEST_BODY, 21617),
            (not _E164.fullmatch(to), 21211),
            (not _is_callback_url(form.get("StatusCallback", "")), 21609),
            (not _is_validity(form.get("ValidityPeriod", "36000")), 21624),
        )
        wrong = next((code for failed, code in checks if failed), None)
        return wrong or _MAGIC_RECIPIENTS.get(to) or _REFUSED.get(scripts.for_number(to))

    def _first_time(self, form: Mapping[str, str]) -> bool:
        """Tell the first call for a message from the later ones, whichever attempt they are."""
        attempt = _MESSAGE_OF_ATTEMPT.search(form.get("StatusCallback", ""))
        return self._world.log.first_time(
            NAME, form["From"], form["To"], form["Body"], attempt.group(1) if attempt else ""
        )


def _answer(code: int, headers: Mapping[str, str] | None = None) -> web.Response:
    status = _STATUSES.get(code, 400)
    body = {
        "code": code,
        "message": _TEXTS[code],
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.json_response(body, status=status, headers=headers)


def _is_callback_url(text: str) -> bool:
    """Check what Twilio checks; none given is fine. Unlike Twilio's, a host that only this machine knows is too."""
    if not text:
        return True
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:  # brackets without an address, or an impossible port
        return False
    if parts.scheme not in {"http", "https"} or not host or "_" in host:
        return False
    return len(text) <= _LONGEST_URL and bool(_ENCODED.fullmatch(text))


def _is_validity(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text[:6]) in _VALIDITY_SECONDS
