"""Workspaces, and who asks in them: recognise API keys."""

import functools
import hashlib
import re
import threading
import time
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts import store
from hub.accounts.scopes import Scope
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.db import Database
from hub.core.problems import Conflict, Forbidden, Unauthorized

LONGEST_SLUG = 40
CACHE_SECONDS = 2.0
"""A revoked key lives at most this long in a process."""
TOUCH_SECONDS = 60.0


class BadKeyRequest(ValueError):
    """A workspace cannot be made as asked. The text says why."""


class NameTaken(Conflict):
    """Another workspace has this name."""

    code = "name_taken"
    title = "This name is taken"


class SpendCeiling(Forbidden):
    """The key has a ceiling on what a month may cost, and has come to it."""

    code = "spend_ceiling"
    title = "The spend ceiling is reached"


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
    at_ceiling: bool = False  # what its messages cost this month has reached the key's ceiling

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
        if self.may(scope):
            return
        if self.kind is ActorKind.KEY:
            raise Forbidden(f"This key has no scope {scope}.")
        raise Forbidden("Your role does not allow this.")

    def demand_funds(self) -> None:
        """Raise `SpendCeiling` if the actor may cost nothing more this month."""
        if self.at_ceiling:
            raise SpendCeiling("Messages of this key have cost as much this month as they may.")


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A key that was recognised, and the actor it speaks for."""

    key: store.ApiKey
    actor: Actor


@functools.cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones (IANA); they are read from the disk."""
    return frozenset(zoneinfo.available_timezones())


def create_workspace(
    session: Session, name: str, region: str, *, time_zone: str = "UTC", language: str = "en"
) -> store.Workspace:
    """Add a workspace; `region` (ISO 3166) tells how numbers without `+` are read, `time_zone` (IANA) the midnight."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise BadKeyRequest(f"{region} is not a region; use two letters such as RU or GB.")
    if time_zone not in time_zones():
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


def change_workspace(session: Session, vault: Vault, actor: Actor, changes: Mapping[str, Any]) -> store.Workspace:
    """Change what is given of a workspace's name, region, time zone and language; raise `NameTaken`."""
    before = store.workspace(session, actor.workspace_id)
    after = replace(before, **changes)
    if after == before:
        return before
    try:
        store.change_workspace(session, after)
    except IntegrityError as error:
        raise NameTaken("Another workspace of this hub has this name.") from error
    values = [{name: getattr(workspace, name) for name in changes} for workspace in (before, after)]
    act = audit.Act(
        workspace_id=before.id,
        actor=actor.name,
        action="workspace.changed",
        subject=ids.show("wsp", before.id),
        before=values[0],
        after=values[1],
    )
    audit.record(session, vault, act)
    return after


def show(workspace: store.Workspace) -> dict[str, Any]:
    """Return the workspace as the API writes it."""
    plain = {name: getattr(workspace, name) for name in ("name", "slug", "region", "time_zone", "language")}
    return {"id": ids.show("wsp", workspace.id), **plain, "created_at": clock.show(workspace.created_at)}


def _slug(session: Session, name: str, workspace_id: UUID) -> str:
    """Return the name as a web address writes it, told apart from others of the same letters."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "workspace"
    return f"{plain}-{workspace_id.hex[-6:]}" if store.workspace_by_slug(session, plain) else plain


class KeyRing:
    """Recognises API keys, remembering each for `CACHE_SECONDS`. Safe to share between threads.

    What messages cost is known above this layer: `is_at_ceiling` tells whether a key may cost nothing more this month.
    """

    def __init__(self, db: Database, is_at_ceiling: Callable[[Session, store.ApiKey], bool]) -> None:
        self._db = db
        self._is_at_ceiling = is_at_ceiling
        self._known: dict[bytes, tuple[float, KeyHolder]] = {}
        self._touched: dict[UUID, float] = {}
        self._lock = threading.Lock()

    def recognise(self, secret: str) -> KeyHolder:
        """Return who holds this key, or raise `Unauthorized`."""
        digest = digest_of(secret)
        seen_at, holder = self._known.get(digest, (0.0, None))
        if holder is None or time.monotonic() - seen_at > CACHE_SECONDS:
            holder = self._look_up(digest)
        if holder.key.expires_at and holder.key.expires_at <= clock.now():
            raise Unauthorized("This key has expired.")
        return holder

    def forget(self, *key_ids: UUID) -> None:
        """Know these keys no more: this process asks for them anew at their next use."""
        with self._lock:
            self._known = {digest: known for digest, known in self._known.items() if known[1].key.id not in key_ids}

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
            at_ceiling = self._is_at_ceiling(session, key)
        holder = KeyHolder(key, replace(actor_of_key(key, workspace), at_ceiling=at_ceiling))
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


def digest_of(secret: str) -> bytes:
    """Return what is kept of a key's secret."""
    return hashlib.sha256(secret.encode()).digest()
