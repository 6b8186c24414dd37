"""SQL of provider accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from channels.types import Cost
from hub.core.crypto import Vault
from hub.routing.models import PROVIDER_ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccount:
    """Credentials and a sender at one provider. `test` accounts speak to the simulator and serve test keys."""

    workspace_id: UUID
    id: UUID
    name: str
    provider: str
    channel: str
    test: bool
    sender: str
    sealed: bytes = field(repr=False)  # its credentials
    held: bool
    owner_id: UUID | None
    segment_price: Cost | None  # until the provider says what a message cost
    monthly_ceiling: Cost | None  # in the same currency
    created_at: datetime
    updated_at: datetime

    def credentials(self, vault: Vault) -> Mapping[str, str]:
        """Return what the provider lets us in with."""
        found: dict[str, str] = vault.unseal(self.sealed)
        return found


OTHERWISE_KEPT = {"segment_price", "monthly_ceiling"}
PLAIN = tuple(each.name for each in fields(ProviderAccount) if each.name not in OTHERWISE_KEPT)


def add(session: Session, account: ProviderAccount) -> None:
    """Insert an account."""
    session.execute(insert(PROVIDER_ACCOUNTS).values(_values(account)))


def change(session: Session, account: ProviderAccount) -> None:
    """Write an account back."""
    session.execute(
        update(PROVIDER_ACCOUNTS)
        .where(PROVIDER_ACCOUNTS.c.workspace_id == account.workspace_id, PROVIDER_ACCOUNTS.c.id == account.id)
        .values(_values(account))
    )


def remove(session: Session, account: ProviderAccount) -> None:
    """Delete an account that no attempt used; PostgreSQL refuses others."""
    session.execute(
        delete(PROVIDER_ACCOUNTS).where(
            PROVIDER_ACCOUNTS.c.workspace_id == account.workspace_id, PROVIDER_ACCOUNTS.c.id == account.id
        )
    )


def find(session: Session, account_id: UUID, *, to_change: bool = False) -> ProviderAccount | None:
    """Return an account of the workspaces that the transaction sees; `to_change` keeps others from changing it."""
    query = select(PROVIDER_ACCOUNTS).where(PROVIDER_ACCOUNTS.c.id == account_id)
    row = session.execute(query.with_for_update() if to_change else query).one_or_none()
    return _account(row) if row else None


def of_workspace(session: Session, workspace_id: UUID) -> Sequence[ProviderAccount]:
    """List a workspace's accounts, oldest first."""
    rows = session.execute(
        select(PROVIDER_ACCOUNTS)
        .where(PROVIDER_ACCOUNTS.c.workspace_id == workspace_id)
        .order_by(PROVIDER_ACCOUNTS.c.id)
    )
    return [_account(row) for row in rows]


def _account(row: Row[Any]) -> ProviderAccount:
    values = {name: getattr(row, name) for name in PLAIN}
    return ProviderAccount(
        **values,
        segment_price=_money(row.segment_price_micros, row.currency),
        monthly_ceiling=_money(row.ceiling_micros, row.currency),
    )


def _money(micros: int | None, currency: str) -> Cost | None:
    return None if micros is None else Cost(micros=micros, currency=currency)


def _values(account: ProviderAccount) -> dict[str, Any]:
    price, ceiling = account.segment_price, account.monthly_ceiling
    known = price or ceiling
    return {name: getattr(account, name) for name in PLAIN} | {
        "currency": known.currency if known else None,
        "segment_price_micros": price.micros if price else None,
        "ceiling_micros": ceiling.micros if ceiling else None,
    }
