"""`python -m channels.simulator`: the stand-in for every provider, until SIGTERM or Ctrl-C."""

import asyncio
import os
import signal

import setproctitle
from aiohttp import web

from channels.simulator.control import Control
from channels.simulator.settings import HOST, Settings
from channels.simulator.twilio.messages import TwilioMessages
from channels.simulator.world import World

_LONGEST_REQUEST = 1024 * 1024
_SHUTDOWN_SECONDS = 0.5
_BACKLOG = 1024


async def serve(settings: Settings) -> None:
    """Listen on loopback until a signal; whatever is still held open then is cut."""
    world = World(settings)
    twilio = TwilioMessages(world)
    app = web.Application(client_max_size=_LONGEST_REQUEST)
    app.add_routes([*Control(world).routes(), *twilio.routes()])
    # A caller that gave up ends its handler: held requests must not pile up.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    world.courier.start()
    twilio.resume()
    await web.TCPSite(runner, HOST, settings.port, backlog=_BACKLOG).start()
    await _signalled()
    await runner.cleanup()
    await world.courier.stop()
    world.log.close()


async def _signalled() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    os.environ["SPT_NOENV"] = "1"  # otherwise the title overwrites the environment that the system shows
    setproctitle.setproctitle("hub-simulator")
    asyncio.run(serve(Settings.from_environment(os.environ)))
