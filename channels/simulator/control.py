"""The control API: what was accepted, outages on demand, a clean start. Plain JSON, no sign-in, loopback only."""

import json
import math
import time
from datetime import UTC, datetime
from itertools import islice

from aiohttp import web

from channels.simulator.log import Taken
from channels.simulator.outages import Mode, Outage
from channels.simulator.world import World

_ENTRIES_A_CHUNK = 1000


class Control:
    """The routes under `/_sim`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_sim/health", self._health),
            web.get("/_sim/requests", self._requests),
            web.post("/_sim/outage", self._start_outage),
            web.delete("/_sim/outage", self._end_outages),
            web.post("/_sim/inbound", self._inbound),
            web.post("/_sim/reset", self._reset),
        ]

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "accepted": len(self._world.log)})

    async def _requests(self, request: web.Request) -> web.StreamResponse:
        """Answer in pieces, so that a long list neither fills the memory nor holds up the providers."""
        provider = request.query.get("provider")
        to = request.query.get("to", "").replace(" ", "+", 1)  # an unescaped plus sign arrives as a space
        wanted = [m for m in self._world.log if provider in {None, m.provider} and to in {"", m.to}]
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        await answer.write(f'{{"count": {len(wanted)}, "requests": ['.encode())
        entries, separator = iter(wanted), ""
        while chunk := list(islice(entries, _ENTRIES_A_CHUNK)):
            await answer.write((separator + ",".join(map(_entry, chunk))).encode())
            separator = ","
        await answer.write(b"]}")
        return answer

    async def _start_outage(self, request: web.Request) -> web.Response:
        try:
            outage = _outage(await request.json())
        except (ValueError, TypeError, KeyError) as error:
            return _problem(f"An outage needs provider and mode ({', '.join(Mode)}), rate 0 to 1: {error}")
        self._world.outages.declare(outage)
        return web.json_response({"provider": outage.provider, "mode": outage.mode, "rate": outage.rate}, status=201)

    async def _end_outages(self, _: web.Request) -> web.Response:
        self._world.outages.end()
        return web.Response(status=204)

    async def _inbound(self, _: web.Request) -> web.Response:
        return _problem("No inbound URL is configured at any provider.")

    async def _reset(self, _: web.Request) -> web.Response:
        self._world.reset()
        return web.Response(status=204)


def _entry(message: Taken) -> str:
    return json.dumps(
        {
            "id": message.id,
            "provider": message.provider,
            "channel": message.channel,
            "to": message.to,
            "body": message.body,
            "at": datetime.fromtimestamp(message.at, UTC).isoformat(),
            "outcome": message.script,
        }
    )


def _outage(wish: dict[str, object]) -> Outage:
    rate, seconds = float(str(wish.get("rate", 1))), float(str(wish.get("seconds", math.inf)))
    if not 0 <= rate <= 1 or not seconds > 0:
        raise ValueError("rate or seconds out of range")
    channel = wish.get("channel")
    return Outage(
        provider=str(wish["provider"]),
        channel=str(channel) if channel else None,
        mode=Mode(str(wish["mode"])),
        rate=rate,
        ends_at=time.monotonic() + seconds,
    )


def _problem(detail: str) -> web.Response:
    body = {"type": "about:blank", "title": "Unprocessable Content", "status": 422, "detail": detail}
    return web.json_response(body, status=422, content_type="application/problem+json")
