"""A workspace with one of everything, and what a screen is."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from hub.accounts.roles import Role
from hub.accounts.scopes import Scope
from hub.accounts.store import Workspace
from hub.core import ids
from hub.core.runtime import Runtime
from tests.api.making import make_account, send
from tests.conftest import Caller, make_caller
from tests.support.people import Person, make_person, sign_in


@dataclass(frozen=True)
class Screen:
    """One view: its path, how it is asked for, and the permission it needs (None: whoever is signed in)."""

    method: str
    path: str
    scope: Scope | None

    def of(self, values: dict[str, str]) -> str:
        path = self.path
        for name, value in values.items():
            path = path.replace(f"<{name}>", value)
        return path


@dataclass(frozen=True)
class World:
    """A workspace with one of each thing that a screen shows."""

    workspace: Workspace
    values: dict[str, str]


def make_world(hub: Runtime, client: FlaskClient, name: str = "CRM", **message: Any) -> World:
    """Make a workspace whose things bear a name; `message` overrides fields of its message."""
    caller: Caller = make_caller(hub, client)
    key = caller.post("/api/v1/api-keys", {"name": name, "scopes": ["messages:read"], "test": True}).json or {}
    colleague = make_person(hub, caller.workspace, Role.AGENT, name=name)
    values: dict[str, Any] = {
        "slug": caller.workspace.slug,
        "message_id": send(caller, **message)["id"],
        "account_id": ids.show("acc", make_account(hub, caller, name=name).id),
        "key_id": key["id"],
        "user_id": ids.show("usr", colleague.user_id),
    }
    return World(caller.workspace, values)


def signed_in(app: Flask, person: Person) -> FlaskClient:
    client = app.test_client()
    assert 303 == sign_in(client, person).status_code
    return client
