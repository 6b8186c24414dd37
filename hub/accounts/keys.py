"""API keys: make, change, revoke, hand over. Who makes or changes a key gives it no more than they may themselves."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hub.accounts import store
from hub.accounts.scopes import KEY_SCOPES, Purpose, Scope
from hub.accounts.service import Actor, ActorKind, digest_of
from hub.accounts.store import ApiKey
from hub.core import audit, clock, ids
from hub.core.crypto import Vault
from hub.core.problems import Conflict, Fault, Forbidden, NotFound, Unprocessable

SECRET_BYTES = 32
SHOWN_CHARACTERS = 16
REQUESTS_PER_MINUTE = 30_000
MICROS = 1_000_000
LIMITS = ("requests_per_minute", "expires_at", "ceiling_micros", "ceiling_currency")
TRACED = ("name", "prefix", "scopes", "purposes", "test", "requests_per_minute", "monthly_ceiling", "expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """What a new key may do."""

    name: str
    test: bool
    scopes: Collection[Scope] = KEY_SCOPES
    purposes: Collection[Purpose] = tuple(Purpose)
    requests_per_minute: int | None = None
    expires_at: datetime | None = None
    owner_id: UUID | None = None
    ceiling_micros: int | None = None
    ceiling_currency: str | None = None


class Revoked(Conflict):
    """A revoked key stays as it was; what it did is written down under it."""

    code = "revoked"
    title = "The key was revoked"


def create(session: Session, vault: Vault, actor: Actor, command: CreateKey) -> tuple[ApiKey, str]:
    """Add a key as somebody asks: theirs, and able to do no more than they. Return it with its secret.

    What a key makes belongs to that key's owner and has its limits, unless it asks for narrower ones.
    """
    if actor.test and not command.test:
        raise Forbidden("A test key may not make a live key.")
    _check(actor, set(command.scopes), set(command.purposes), command.expires_at)
    maker = _key_of(session, actor)
    if maker is None:
        command = replace(command, owner_id=actor.id)
    else:
        command = replace(_limited(command, maker), owner_id=maker.owner_id)
        _demand_limits(maker, command)
    return create_key(session, vault, actor.workspace_id, command, actor=actor.name)


def create_key(
    session: Session, vault: Vault, workspace_id: UUID, command: CreateKey, *, actor: str
) -> tuple[ApiKey, str]:
    """Add a key, as the operator or the demo does, and return it with its secret, which is shown this once."""
    secret = f"tl_{'test' if command.test else 'live'}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey(
        workspace_id=workspace_id,
        id=ids.new(),
        name=command.name,
        prefix=secret[:SHOWN_CHARACTERS],
        scopes=sorted(command.scopes),
        purposes=sorted(command.purposes),
        test=command.test,
        requests_per_minute=command.requests_per_minute or REQUESTS_PER_MINUTE,
        owner_id=command.owner_id,
        ceiling_micros=command.ceiling_micros,
        ceiling_currency=command.ceiling_currency,
        created_at=clock.now(),
        expires_at=command.expires_at,
        revoked_at=None,
        last_used_at=None,
    )
    store.add_key(session, key, digest_of(secret))
    _record(session, vault, key, "api_key.created", actor, after=_traced(key))
    return key, secret


def change(session: Session, vault: Vault, actor: Actor, key_id: UUID, changes: Mapping[str, Any]) -> ApiKey:
    """Change what is given, or raise `Revoked`. What the key could do before, it may keep."""
    if actor.kind is ActorKind.KEY and actor.id == key_id:
        raise Forbidden("A key does not change itself.")
    before = find(session, actor, key_id, to_change=True)
    if before.revoked_at:
        raise Revoked("Make a new key: a revoked one does not come back.")
    after = replace(before, **changes)
    added_scopes, added_purposes = set(after.scopes) - set(before.scopes), set(after.purposes) - set(before.purposes)
    _check(actor, added_scopes, added_purposes, after.expires_at if after.expires_at != before.expires_at else None)
    maker = _key_of(session, actor)
    if maker and any(getattr(after, name) != getattr(before, name) for name in LIMITS):
        _demand_limits(maker, after)
    after = replace(after, scopes=sorted(after.scopes), purposes=sorted(after.purposes))
    if after != before:
        store.change_key(session, after)
        _record(session, vault, after, "api_key.changed", actor.name, _traced(before), _traced(after))
    return after


def revoke(session: Session, vault: Vault, actor: Actor, key_id: UUID) -> ApiKey:
    """End a key; ending it twice changes nothing. Other processes refuse it within `service.CACHE_SECONDS`."""
    return end(session, vault, find(session, actor, key_id, to_change=True), actor=actor.name)


def revoke_key(session: Session, vault: Vault, prefix: str, *, actor: str) -> ApiKey | None:
    """End a key by its shown prefix; None if there is no such living key."""
    key = store.living_key(session, prefix)
    return end(session, vault, key, actor=actor) if key else None


def end(session: Session, vault: Vault, key: ApiKey, *, actor: str) -> ApiKey:
    """End a key that the transaction holds."""
    if key.revoked_at:
        return key
    ended = replace(key, revoked_at=clock.now())
    store.change_key(session, ended)
    _record(session, vault, key, "api_key.revoked", actor, after={"name": key.name, "prefix": key.prefix})
    return ended


def hand_over(session: Session, vault: Vault, actor: Actor, key: ApiKey, to: UUID) -> None:
    """Give a key to a colleague, who answers for it from now on. Its secret stays as it is."""
    owned = replace(key, owner_id=to)
    store.change_key(session, owned)
    before, after = {"owner": _owner(key)}, {"owner": _owner(owned)}
    _record(session, vault, key, "api_key.handed_over", actor.name, before, after)


def find(session: Session, actor: Actor, key_id: UUID, *, to_change: bool = False) -> ApiKey:
    """Return a key that the actor may see, or raise `NotFound`."""
    key = store.key(session, actor.workspace_id, key_id, to_change=to_change)
    if key is None or (actor.test and not key.test):
        raise NotFound("No such API key.")
    return key


def page(session: Session, actor: Actor, before: UUID | None, limit: int) -> Sequence[ApiKey]:
    """List keys, newest first; a test key sees test keys only."""
    return store.keys_page(session, actor.workspace_id, before, limit, only_test=actor.test)


def read_id(text: str) -> UUID:
    """Return a key's id or raise `NotFound`."""
    try:
        return ids.read("key", text)
    except ids.BadId as error:
        raise NotFound("No such API key.") from error


def show(key: ApiKey) -> dict[str, Any]:
    """Return the key as the API writes it: never its secret."""
    return {
        "id": ids.show("key", key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "purposes": list(key.purposes),
        "test": key.test,
        "requests_per_minute": key.requests_per_minute,
        "owner": _owner(key),
        "monthly_ceiling": _ceiling(key),
        **{name: _time(getattr(key, name)) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")},
    }


def _check(actor: Actor, scopes: set[str], purposes: set[str], expires_at: datetime | None) -> None:
    if scopes - actor.scopes or purposes - actor.purposes:
        raise Forbidden("A key cannot be given more than you may do yourself.")
    if expires_at and expires_at <= clock.now():
        raise Unprocessable("See errors.", errors=[Fault("/expires_at", "This time has passed.")])


def _key_of(session: Session, actor: Actor) -> ApiKey | None:
    return store.key(session, actor.workspace_id, actor.id) if actor.kind is ActorKind.KEY else None


def _limited(command: CreateKey, maker: ApiKey) -> CreateKey:
    """Let a new key have its maker's limits where it asks for none of its own."""
    if command.ceiling_micros is None:
        command = replace(command, ceiling_micros=maker.ceiling_micros, ceiling_currency=maker.ceiling_currency)
    return replace(
        command,
        requests_per_minute=command.requests_per_minute or maker.requests_per_minute,
        expires_at=command.expires_at or maker.expires_at,
    )


def _demand_limits(maker: ApiKey, key: CreateKey | ApiKey) -> None:
    """Raise `Forbidden` if a key would live longer, be faster or cost more than the key that makes or changes it."""
    exceeds = [(key.requests_per_minute or 0) > maker.requests_per_minute]
    if maker.expires_at:
        exceeds.append(key.expires_at is None or key.expires_at > maker.expires_at)
    if maker.ceiling_micros is not None:
        exceeds.append(key.ceiling_micros is None or key.ceiling_micros > maker.ceiling_micros)
        exceeds.append(key.ceiling_currency != maker.ceiling_currency)
    if any(exceeds):
        raise Forbidden("A key gives no higher rate, ceiling or expiry than its own.")


def _owner(key: ApiKey) -> str | None:
    return ids.show("usr", key.owner_id) if key.owner_id else None


def _ceiling(key: ApiKey) -> dict[str, str] | None:
    if key.ceiling_micros is None or key.ceiling_currency is None:
        return None
    return {"amount": f"{key.ceiling_micros / MICROS:.2f}", "currency": key.ceiling_currency}


def _time(moment: datetime | None) -> str | None:
    return clock.show(moment) if moment else None


def _traced(key: ApiKey) -> dict[str, Any]:
    shown = show(key)
    return {name: shown[name] for name in TRACED}


def _record(  # noqa: PLR0913, PLR0917 - an act has that many sides
    session: Session,
    vault: Vault,
    key: ApiKey,
    action: str,
    actor: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    act = audit.Act(
        workspace_id=key.workspace_id,
        actor=actor,
        action=action,
        subject=ids.show("key", key.id),
        before=before,
        after=after,
    )
    audit.record(session, vault, act)
