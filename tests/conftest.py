"""What all tests share: real servers, a database of their own, a hub in process, a hub as processes."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.accounts import keys
from hub.accounts import service as accounts
from hub.accounts.keys import CreateKey
from hub.accounts.scopes import WORKSPACE_SCOPES
from hub.accounts.store import Workspace
from hub.app import create_app
from hub.core import migrate, runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.servers import RunningServers, running_servers
from tests.support.live import Carrier, LiveHub

pytest_plugins = ("tests.support.browser",)
_names = itertools.count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServers]:
    """PostgreSQL and Valkey, for tests that need no other process."""
    with running_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture(scope="session")
def base_settings(servers: RunningServers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Describe a migrated database that others are copied from."""
    settings = Settings(
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        data_dir=tmp_path_factory.mktemp("data"),
        host="127.0.0.1",
        port=8000,
        simulator_port=8900,
        public_url="http://127.0.0.1:8000",
        secret_keys=(Fernet.generate_key().decode(),),
        index_keys=("i" * 40,),
        settle_seconds=1.0,
        calls_in_flight=8,
        web_workers=1,
    )
    migrate.upgrade(settings)
    return settings


@contextmanager
def fresh_database(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Copy the migrated database under a name of its own; drop it afterwards."""
    name = f"test_{next(_names)}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE hub OWNER hub")
        yield replace(base_settings, database_url=servers.database_url.replace("@/hub", f"@/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(servers: RunningServers, base_settings: Settings) -> Iterator[Settings]:
    """Describe a fresh database, dropped afterwards."""
    with fresh_database(servers, base_settings) as fresh:
        yield fresh


@pytest.fixture
def hub(settings: Settings) -> Iterator[Runtime]:
    """Connect to a fresh database."""
    built = runtime.build(settings, pool_size=4)
    yield built
    built.db.close()


@dataclass(frozen=True)
class Caller:
    """A workspace's API key and an HTTP client that sends it."""

    workspace: Workspace
    secret: str
    client: FlaskClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        """Make a request with the key; `options` are werkzeug's, such as `json` or `data`."""
        return self.client.open(path, method=method, headers={**self.headers, **(headers or {})}, **options)

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET with the key."""
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST JSON with the key; `Idempotency_Key` is written `Idempotency-Key`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", path, named, json=body)


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    """Call the application in this process."""
    app = create_app(settings)
    yield app.test_client()
    app.extensions["hub"].db.close()


@pytest.fixture
def caller(hub: Runtime, client: FlaskClient) -> Caller:
    """Make a workspace with a test key that may do everything."""
    return make_caller(hub, client)


def make_caller(hub: Runtime, client: FlaskClient, **key: object) -> Caller:
    """Make a workspace and a key; `key` overrides fields of `CreateKey`."""
    command = CreateKey(**{"name": "tests", "test": True, "scopes": WORKSPACE_SCOPES, **key})  # type: ignore[arg-type]
    with hub.db.across_workspaces() as session:
        workspace = accounts.create_workspace(session, f"Workspace {next(_names)}", "RU")
        _, secret = keys.create_key(session, hub.vault, workspace.id, command, actor="tests")
    return Caller(workspace, secret, client)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """Run a whole hub as processes, shared by the journeys."""
    running = LiveHub(tmp_path_factory.mktemp("live") / "var")
    yield running
    running.discard()


@pytest.fixture(scope="session")
def carrier(live: LiveHub) -> Carrier:
    """Watch the phone company that the live hub sends through."""
    return live.carrier
