"""The programs of a hub, in the order in which they start."""

import signal
from collections.abc import Mapping
from typing import Final

from hub.core.outbox import Lane
from hub.core.settings import Settings
from hub.embedded.servers import READY_SECONDS, Postgres, Server, Valkey
from hub.supervision.program import Program, answers, python

WEB_TURN, WORK_TURN, SIMULATOR_TURN, SERVER_TURN = range(4)
"""The web drains first, so that nothing new comes in; the servers go last. All turns together take at most 28 s."""

BLOCKING_THREADS: Final = 4  # for each web worker; with more the GIL costs more than it wins
WEB_STOP_SECONDS: Final = 6
WORK_STOP_SECONDS: Final = 12  # a provider call takes at most 10
SIMULATOR_STOP_SECONDS: Final = 2
SERVER_STOP_SECONDS: Final = 8


def server_programs(settings: Settings) -> tuple[Program, ...]:
    """Return the servers that the environment does not name."""
    servers: list[Server] = []
    if settings.embeds_postgres:
        servers.append(Postgres(settings.data_dir))
    if settings.embeds_valkey:
        servers.append(Valkey(settings.data_dir))
    return tuple(
        Program(
            name=server.name,
            launch=server.launch,
            is_ready=server.is_ready,
            start_seconds=READY_SECONDS,
            stop_signal=server.stop_signal,
            stop_turn=SERVER_TURN,
            stop_seconds=SERVER_STOP_SECONDS,
        )
        for server in servers
    )


def hub_programs(settings: Settings, environment: Mapping[str, str]) -> tuple[Program, ...]:
    """Return the simulator, the web, one worker for each lane and the relay."""
    workers = [(f"worker:{lane}", ("worker", lane.value)) for lane in Lane]
    return (
        _simulator(settings, environment),
        _web(settings, environment),
        *(
            Program(
                name=name,
                launch=python("-m", "hub.cli", *words, environment=environment),
                stop_turn=WORK_TURN,
                stop_seconds=WORK_STOP_SECONDS,
            )
            for name, words in (*workers, ("relay", ("relay",)))
        ),
    )


def _simulator(settings: Settings, environment: Mapping[str, str]) -> Program:
    return Program(
        name="simulator",
        launch=python("-m", "channels.simulator", environment=environment),
        is_ready=lambda: answers("127.0.0.1", settings.simulator_port, "/_sim/health"),
        stop_turn=SIMULATOR_TURN,
        stop_seconds=SIMULATOR_STOP_SECONDS,
    )


def _web(settings: Settings, environment: Mapping[str, str]) -> Program:
    options = {
        "--interface": "wsgi",
        "--host": settings.host,
        "--port": str(settings.port),
        "--workers": str(settings.web_workers),
        "--blocking-threads": str(BLOCKING_THREADS),
        "--workers-kill-timeout": str(WEB_STOP_SECONDS - 1),
        "--respawn-interval": "0.1",
        "--log-level": "error",  # what it says below that is said by our own events
        "--process-name": "hub-web",
    }
    words = [word for option in options.items() for word in option]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
    return Program(
        name="web",
        launch=python(
            "-m", "granian", *words, "--respawn-failed-workers", "--no-ws", "wsgi:app", environment=environment
        ),
        is_ready=lambda: answers(host, settings.port, "/health/live"),
        # Its main process stops the workers. SIGINT to all of them at once made it hang in 3 of 8 tries.
        stop_signal=signal.SIGTERM,
        stop_turn=WEB_TURN,
        stop_seconds=WEB_STOP_SECONDS,
    )
