"""SQL of workspaces and API keys."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import API_KEYS, WORKSPACES


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One brand or client; everything belongs to one."""

    id: UUID
    name: str
    slug: str
    region: str
    time_zone: str
    language: str
    opt_out_purposes: Sequence[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it may be shown: never the secret."""

    workspace_id: UUID
    id: UUID
    name: str
    prefix: str
    scopes: Sequence[str]
    purposes: Sequence[str]
    test: bool
    requests_per_minute: int
    owner_id: UUID | None
    ceiling_micros: int | None
    ceiling_currency: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


SHOWN = tuple(column for column in API_KEYS.c if column.name != "digest")
CHANGEABLE = (
    *("name", "scopes", "purposes", "requests_per_minute"),
    *("owner_id", "ceiling_micros", "ceiling_currency", "expires_at", "revoked_at"),
)


def add_workspace(session: Session, workspace: Workspace) -> None:
    """Insert a workspace."""
    session.execute(
        insert(WORKSPACES).values(
            id=workspace.id,
            name=workspace.name,
            slug=workspace.slug,
            region=workspace.region,
            time_zone=workspace.time_zone,
            language=workspace.language,
            opt_out_purposes=list(workspace.opt_out_purposes),
            created_at=workspace.created_at,
        )
    )


def workspace_named(session: Session, name: str) -> Workspace | None:
    """Find a workspace by its name."""
    row = session.execute(select(WORKSPACES).where(WORKSPACES.c.name == name)).mappings().one_or_none()
    return Workspace(**row) if row else None


def workspace_by_slug(session: Session, slug: str) -> Workspace | None:
    """Find a workspace by its name in addresses."""
    row = session.execute(select(WORKSPACES).where(WORKSPACES.c.slug == slug)).mappings().one_or_none()
    return Workspace(**row) if row else None


def workspace(session: Session, workspace_id: UUID) -> Workspace:
    """Return a workspace that is known to exist."""
    return Workspace(**session.execute(select(WORKSPACES).where(WORKSPACES.c.id == workspace_id)).mappings().one())


def change_workspace(session: Session, workspace: Workspace) -> None:
    """Write back what may change of a workspace."""
    values = {name: getattr(workspace, name) for name in ("name", "region", "time_zone", "language")}
    session.execute(update(WORKSPACES).where(WORKSPACES.c.id == workspace.id).values(values))


def add_key(session: Session, key: ApiKey, digest: bytes) -> None:
    """Insert a key with the SHA-256 of its secret."""
    values = {column.name: getattr(key, column.name) for column in SHOWN}
    values |= {"scopes": list(key.scopes), "purposes": list(key.purposes), "digest": digest}
    session.execute(insert(API_KEYS).values(values))


def key_by_digest(session: Session, digest: bytes) -> tuple[ApiKey, Workspace] | None:
    """Find a key, whatever its state, and its workspace."""
    row = session.execute(select(*SHOWN).where(API_KEYS.c.digest == digest)).mappings().one_or_none()
    return (ApiKey(**row), workspace(session, row["workspace_id"])) if row else None


def keys(session: Session, workspace_id: UUID) -> list[ApiKey]:
    """List a workspace's keys, oldest first."""
    rows = session.execute(select(*SHOWN).where(API_KEYS.c.workspace_id == workspace_id).order_by(API_KEYS.c.id))
    return [ApiKey(**row) for row in rows.mappings()]


def key(session: Session, workspace_id: UUID, key_id: UUID, *, to_change: bool = False) -> ApiKey | None:
    """Find a key; `to_change` keeps others from changing it."""
    query = select(*SHOWN).where(API_KEYS.c.workspace_id == workspace_id, API_KEYS.c.id == key_id)
    row = session.execute(query.with_for_update() if to_change else query).mappings().one_or_none()
    return ApiKey(**row) if row else None


def keys_among(session: Session, workspace_id: UUID, key_ids: Collection[UUID]) -> list[ApiKey]:
    """Return which of these keys are a workspace's."""
    query = select(*SHOWN).where(API_KEYS.c.workspace_id == workspace_id, API_KEYS.c.id.in_(list(key_ids)))
    return [ApiKey(**row) for row in session.execute(query).mappings()]


def keys_page(
    session: Session, workspace_id: UUID, before: UUID | None, limit: int, *, only_test: bool
) -> list[ApiKey]:
    """List a workspace's keys made before one of them, newest first."""
    query = select(*SHOWN).where(API_KEYS.c.workspace_id == workspace_id)
    if before:
        query = query.where(API_KEYS.c.id < before)
    if only_test:
        query = query.where(API_KEYS.c.test)
    rows = session.execute(query.order_by(API_KEYS.c.id.desc()).limit(limit))
    return [ApiKey(**row) for row in rows.mappings()]


def living_keys_of(session: Session, workspace_id: UUID, owner_id: UUID) -> list[ApiKey]:
    """List the keys that a person answers for and that are not revoked; nobody else changes them meanwhile."""
    mine = (API_KEYS.c.workspace_id == workspace_id, API_KEYS.c.owner_id == owner_id, API_KEYS.c.revoked_at.is_(None))
    rows = session.execute(select(*SHOWN).where(*mine).order_by(API_KEYS.c.id).with_for_update())
    return [ApiKey(**row) for row in rows.mappings()]


def change_key(session: Session, key: ApiKey) -> None:
    """Write a key back."""
    values = {name: getattr(key, name) for name in CHANGEABLE}
    same = (API_KEYS.c.workspace_id == key.workspace_id, API_KEYS.c.id == key.id)
    session.execute(update(API_KEYS).where(*same).values(values))


def living_key(session: Session, prefix: str) -> ApiKey | None:
    """Find a key that is not revoked by what is shown of it; nobody else changes it meanwhile."""
    query = select(*SHOWN).where(API_KEYS.c.prefix == prefix, API_KEYS.c.revoked_at.is_(None)).with_for_update()
    row = session.execute(query).mappings().one_or_none()
    return ApiKey(**row) if row else None


def touch(session: Session, key_id: UUID, workspace_id: UUID, at: datetime) -> None:
    """Remember when a key was last used."""
    session.execute(
        update(API_KEYS).where(API_KEYS.c.workspace_id == workspace_id, API_KEYS.c.id == key_id).values(last_used_at=at)
    )
