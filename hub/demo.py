"""The demo workspace: what `make run` loads once, so that the first message needs no account anywhere."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from channels import registry
from hub.accounts import keys, passwords, users
from hub.accounts import service as accounts
from hub.accounts import store as accounts_store
from hub.accounts.keys import CreateKey
from hub.accounts.roles import Role
from hub.accounts.scopes import WORKSPACE_SCOPES
from hub.core import runtime
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.routing import service as routing
from hub.routing import store as routing_store
from hub.routing.service import AddProviderAccount

CREDENTIALS = "credentials.json"
LAST_CREDENTIALS = ".credentials.json"
WORKSPACE = "Demo"
REGION = "RU"
TIME_ZONE = "Europe/Moscow"
REQUESTS_PER_MINUTE = 600_000
EMAIL = "demo@trunkline.example"
PASSWORD_BYTES = 12


def retire(data_dir: Path) -> None:
    """Put the last run's credentials aside: while the file is there, everything it names answers."""
    path = data_dir / CREDENTIALS
    if path.exists():
        path.replace(data_dir / LAST_CREDENTIALS)


def prepare(settings: Settings) -> str:
    """Make the demo workspace if there is none, write DATA_DIR/credentials.json, and return what to print.

    The file keeps its API key and its password over restarts; addresses in it are those of this start.
    """
    hub = runtime.build(settings, pool_size=1)
    paths = (settings.data_dir / CREDENTIALS, settings.data_dir / LAST_CREDENTIALS)
    credentials = _make(hub, next((json.loads(path.read_text()) for path in paths if path.exists()), {}))
    hub.db.close()
    _write(settings.data_dir / CREDENTIALS, credentials)
    return _welcome(settings, credentials)


def _make(hub: Runtime, kept: Mapping[str, Any]) -> dict[str, Any]:
    with hub.db.across_workspaces() as session:
        workspace = accounts_store.workspace_named(session, WORKSPACE)
        if workspace is None:
            workspace = accounts.create_workspace(session, WORKSPACE, REGION, time_zone=TIME_ZONE)
        api_key = kept.get("api_key")
        if api_key is None:
            key = CreateKey(name="demo", test=True, scopes=WORKSPACE_SCOPES, requests_per_minute=REQUESTS_PER_MINUTE)
            _, api_key = keys.create_key(session, hub.vault, workspace.id, key, actor="demo")
        password = _owners_password(hub, session, workspace.id, kept.get("password"))
        providers = connect_simulator(hub, session, workspace.id)
    return {
        "api_key": api_key,
        "dashboard_url": hub.settings.public_url,
        "email": EMAIL,
        **({"password": password} if password else {}),
        "simulator_url": hub.settings.simulator_url,
        "providers": providers,
    }


def _owners_password(hub: Runtime, session: Session, workspace_id: UUID, kept: str | None) -> str | None:
    """Return the password of the workspace's owner, whom it makes; None once they chose another one themselves."""
    owner = users.find_by_email(session, hub.vault, EMAIL)
    if owner:
        return kept if kept and passwords.fits(kept, owner.password) else None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    owner = users.create(session, hub.vault, EMAIL, "Demo", None)
    users.set_password(session, hub.vault, owner, password)
    users.join(session, workspace_id, owner.id, Role.OWNER, "demo")
    return password


def connect_simulator(hub: Runtime, session: Session, workspace_id: UUID) -> dict[str, Any]:
    """Make an account at each simulated provider, or give it the credentials that this simulator takes.

    Test keys send through these. Without a simulator on this machine nothing is made.
    """
    known_to_simulator = hub.settings.data_dir / "simulator" / "accounts.json"
    simulated = json.loads(known_to_simulator.read_text()) if known_to_simulator.exists() else {}
    oldest_last = reversed(routing_store.of_workspace(session, workspace_id))
    known = {account.provider: account for account in oldest_last if account.test}
    told = {}
    for provider in simulated:
        sender = simulated[provider]["sender"]
        credentials = {key: value for key, value in simulated[provider].items() if key != "sender"}
        account = known.get(provider)
        if account is None:
            name = f"Simulated {registry.adapter(provider).title}"
            command = AddProviderAccount(
                name=name, provider=provider, sender=sender, credentials=credentials, test=True
            )
            account = routing.add(hub, session, workspace_id, command, actor="demo")
        elif account.credentials(hub.vault) != credentials:
            account = replace(account, sealed=hub.vault.seal(credentials))
            routing_store.change(session, account)
        told[provider] = credentials | {"hooks": routing.show(hub, account)["hooks"]}
    return told


def _write(path: Path, value: dict[str, Any]) -> None:
    """Write the file whole or not at all, readable by its owner only."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file, indent=2)
    draft.replace(path)


def _welcome(settings: Settings, credentials: Mapping[str, Any]) -> str:
    key = credentials["api_key"]
    password = credentials.get("password", f"the one you chose; a new one: hub password-link {EMAIL}")
    message = '{"to": {"phone": "+79161234567"}, "body": "Your code is 4312", "purpose": "transactional"}'
    return f"""
Trunkline is running. Ctrl-C stops it; the data stays in {settings.data_dir}.

  Dashboard                   {settings.public_url}
  Sign in as                  {EMAIL}
  Password                    {password}

  API and its documentation   {settings.public_url}/api/docs/
  API key (demo workspace)    {key}
  Provider simulator          {settings.simulator_url}/_sim/requests

Send a message:

  curl -s {settings.public_url}/api/v1/messages \\
    -H 'Authorization: Bearer {key}' \\
    -H 'Content-Type: application/json' \\
    -d '{message}'

and see what became of it:

  curl -s '{settings.public_url}/api/v1/messages?limit=1' -H 'Authorization: Bearer {key}'
"""
