"""Workspaces and API keys: make, end, recognise."""

import hashlib
import secrets
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import phonenumbers
from sqlalchemy.orm import Session

from hub.accounts import store
from hub.accounts.scopes import WORKSPACE_SCOPES, Purpose, Scope
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.db import Database
from hub.core.problems import Forbidden, Unauthorized

SECRET_BYTES = 32
SHOWN_CHARACTERS = 16
REQUESTS_PER_MINUTE = 30_000
CACHE_SECONDS = 2.0
"""A revoked key lives at most this long in a process."""
TOUCH_SECONDS = 60.0


class BadKeyRequest(ValueError):
    """A key or workspace cannot be made as asked. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """What a new key may do."""

    name: str
    test: bool
    scopes: Collection[Scope] = WORKSPACE_SCOPES
    purposes: Collection[Purpose] = tuple(Purpose)
    requests_per_minute: int = REQUESTS_PER_MINUTE
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: a key and its workspace."""

    key: store.ApiKey
    workspace: store.Workspace

    @property
    def workspace_id(self) -> UUID:
        """Return the workspace everything belongs to."""
        return self.workspace.id

    @property
    def name(self) -> str:
        """Return the actor as the audit log writes it."""
        return ids.show("key", self.key.id)

    def demand(self, scope: Scope) -> None:
        """Raise `Forbidden` unless the key has the scope."""
        if scope not in self.key.scopes:
            detail = f"This key has no scope {scope}."
            raise Forbidden(detail)


def create_workspace(session: Session, name: str, region: str) -> store.Workspace:
    """Add a workspace; `region` (ISO 3166) is how numbers without `+` are read."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        message = f"{region} is not a region; use two letters such as RU or GB."
        raise BadKeyRequest(message)
    workspace = store.Workspace(id=ids.new(), name=name, region=region, opt_out_purposes=(), created_at=clock.now())
    store.add_workspace(session, workspace)
    return workspace


def create_key(
    session: Session, vault: Vault, workspace_id: UUID, command: CreateKey, *, actor: str
) -> tuple[store.ApiKey, str]:
    """Add a key and return it with its secret, which is shown this once."""
    secret = f"tl_{'test' if command.test else 'live'}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = store.ApiKey(
        workspace_id=workspace_id,
        id=ids.new(),
        name=command.name,
        prefix=secret[:SHOWN_CHARACTERS],
        scopes=sorted(command.scopes),
        purposes=sorted(command.purposes),
        test=command.test,
        requests_per_minute=command.requests_per_minute,
        created_at=clock.now(),
        expires_at=command.expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    store.add_key(session, key, _digest(secret))
    act = audit.Act(
        workspace_id=workspace_id,
        actor=actor,
        action="key.created",
        subject=ids.show("key", key.id),
        after={"name": key.name, "scopes": list(key.scopes), "test": key.test},
    )
    audit.record(session, vault, act)
    return key, secret


def revoke_key(session: Session, vault: Vault, prefix: str, *, actor: str) -> store.ApiKey | None:
    """End a key by its shown prefix; None if there is no such living key."""
    key = store.revoke(session, prefix, clock.now())
    if key:
        act = audit.Act(
            workspace_id=key.workspace_id, actor=actor, action="key.revoked", subject=ids.show("key", key.id)
        )
        audit.record(session, vault, act)
    return key


class KeyRing:
    """Recognises API keys, remembering each for `CACHE_SECONDS`. Safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, tuple[float, Actor]] = {}
        self._touched: dict[UUID, float] = {}
        self._lock = threading.Lock()

    def recognise(self, secret: str) -> Actor:
        """Return who holds this key, or raise `Unauthorized`."""
        digest = _digest(secret)
        seen_at, actor = self._known.get(digest, (0.0, None))
        if actor is None or time.monotonic() - seen_at > CACHE_SECONDS:
            actor = self._look_up(digest)
        if actor.key.expires_at and actor.key.expires_at <= clock.now():
            raise Unauthorized("This key has expired.")
        return actor

    def _look_up(self, digest: bytes) -> Actor:
        with self._db.across_workspaces() as session:
            found = store.key_by_digest(session, digest)
            if found is None:
                raise Unauthorized("No such key.")
            key, workspace = found
            if key.revoked_at:
                raise Unauthorized("This key was revoked.")
            now = time.monotonic()
            if now - self._touched.get(key.id, -TOUCH_SECONDS) >= TOUCH_SECONDS:
                store.touch(session, key.id, key.workspace_id, clock.now())
                self._touched[key.id] = now
        actor = Actor(key, workspace)
        with self._lock:
            self._known[digest] = (time.monotonic(), actor)
        return actor


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
