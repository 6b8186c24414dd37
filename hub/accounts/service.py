"""Workspaces and API keys: make, end, recognise."""

import hashlib
import re
import secrets
import threading
import time
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import phonenumbers
from sqlalchemy.orm import Session

from hub.accounts import store
from hub.accounts.scopes import KEY_SCOPES, Purpose, Scope
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.db import Database
from hub.core.problems import Forbidden, Unauthorized

SECRET_BYTES = 32
SHOWN_CHARACTERS = 16
LONGEST_SLUG = 40
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
    scopes: Collection[Scope] = KEY_SCOPES
    purposes: Collection[Purpose] = tuple(Purpose)
    requests_per_minute: int = REQUESTS_PER_MINUTE
    expires_at: datetime | None = None
    owner_id: UUID | None = None
    ceiling_micros: int | None = None
    ceiling_currency: str | None = None


class ActorKind(StrEnum):
    """What may ask."""

    KEY = "key"
    USER = "user"


PREFIXES = {ActorKind.KEY: "key", ActorKind.USER: "usr"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking, in which workspace: an API key or a signed-in person. `test`: sees and makes test things only."""

    kind: ActorKind
    id: UUID
    workspace: store.Workspace
    scopes: frozenset[str]
    purposes: frozenset[str]
    test: bool

    @property
    def workspace_id(self) -> UUID:
        """Return the workspace everything belongs to."""
        return self.workspace.id

    @property
    def name(self) -> str:
        """Return the actor as the audit log writes it."""
        return ids.show(PREFIXES[self.kind], self.id)

    def may(self, scope: str) -> bool:
        """Tell whether the actor has a scope."""
        return scope in self.scopes

    def demand(self, scope: Scope) -> None:
        """Raise `Forbidden` unless the actor has the scope."""
        if not self.may(scope):
            detail = (
                f"This key has no scope {scope}." if self.kind is ActorKind.KEY else "Your role does not allow this."
            )
            raise Forbidden(detail)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A key that was recognised, and the actor it speaks for."""

    key: store.ApiKey
    actor: Actor


def create_workspace(
    session: Session, name: str, region: str, *, time_zone: str = "UTC", language: str = "en"
) -> store.Workspace:
    """Add a workspace; `region` (ISO 3166) tells how numbers without `+` are read, `time_zone` (IANA) the midnight."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadKeyRequest(f"{region} is not a region; use two letters such as RU or GB.")
    if time_zone not in zoneinfo.available_timezones():
        raise BadKeyRequest(f"{time_zone} is not a time zone; use a name such as Europe/Moscow.")
    workspace_id = ids.new()
    workspace = store.Workspace(
        id=workspace_id,
        name=name,
        slug=_slug(session, name, workspace_id),
        region=region,
        time_zone=time_zone,
        language=language,
        opt_out_purposes=(),
        created_at=clock.now(),
    )
    store.add_workspace(session, workspace)
    return workspace


def _slug(session: Session, name: str, workspace_id: UUID) -> str:
    """Return the name as a web address writes it, told apart from others of the same letters."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "workspace"
    return f"{plain}-{workspace_id.hex[-6:]}" if store.workspace_by_slug(session, plain) else plain


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
        owner_id=command.owner_id,
        ceiling_micros=command.ceiling_micros,
        ceiling_currency=command.ceiling_currency,
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
        self._known: dict[bytes, tuple[float, KeyHolder]] = {}
        self._touched: dict[UUID, float] = {}
        self._lock = threading.Lock()

    def recognise(self, secret: str) -> KeyHolder:
        """Return who holds this key, or raise `Unauthorized`."""
        digest = _digest(secret)
        seen_at, holder = self._known.get(digest, (0.0, None))
        if holder is None or time.monotonic() - seen_at > CACHE_SECONDS:
            holder = self._look_up(digest)
        if holder.key.expires_at and holder.key.expires_at <= clock.now():
            raise Unauthorized("This key has expired.")
        return holder

    def _look_up(self, digest: bytes) -> KeyHolder:
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
        holder = KeyHolder(key, actor_of_key(key, workspace))
        with self._lock:
            self._known[digest] = (time.monotonic(), holder)
        return holder


def actor_of_key(key: store.ApiKey, workspace: store.Workspace) -> Actor:
    """Return whom requests with this key come from."""
    return Actor(
        kind=ActorKind.KEY,
        id=key.id,
        workspace=workspace,
        scopes=frozenset(key.scopes),
        purposes=frozenset(key.purposes),
        test=key.test,
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
