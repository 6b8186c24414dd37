"""What a month has cost, by provider account and by who sent, and who has come to a ceiling.

Amounts are kept per currency and held against a ceiling in its own currency only; nothing is converted. A month is a
calendar month in UTC, the month in which the provider was called.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.accounts.store import ApiKey
from tracking.spend import Meter, meter, month_of

SLOTS = 8
"""So many writers may add to one sum at once."""
Key = tuple[UUID, date, UUID, UUID, str]
"""(workspace, month, provider account, who sent, currency)."""

ADD = text(
    """
    INSERT INTO spend AS s (workspace_id, month, provider_account_id, spender_id, currency, slot, micros)
    SELECT n.workspace_id, n.month, n.provider_account_id, n.spender_id, n.currency, :slot, n.micros
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, month date, provider_account_id uuid, spender_id uuid, currency text, micros bigint)
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (workspace_id, month, provider_account_id, spender_id, currency, slot)
    DO UPDATE SET micros = s.micros + excluded.micros
    """
)
ACCOUNTS_AT_CEILING: Final = """
    SELECT p.workspace_id, p.id FROM provider_accounts p
    WHERE p.ceiling_micros - greatest(p.segment_price_micros, 1) < (
        SELECT coalesce(sum(s.micros), 0) FROM spend s
        WHERE s.workspace_id = p.workspace_id AND s.month = CAST(date_trunc('month', now(), 'UTC') AS date)
          AND s.provider_account_id = p.id AND s.currency = p.currency)
    """
"""What is left does not pay for one segment more (`tracking.spend.Meter` says the same of one account).

To be narrowed with `AND …`: it reads the spend of every account that it is not kept from.
"""
KEYS_AT_CEILING: Final = """
    SELECT k.workspace_id, k.id FROM api_keys k
    WHERE k.ceiling_micros <= (
        SELECT coalesce(sum(s.micros), 0) FROM spend s
        WHERE s.workspace_id = k.workspace_id AND s.month = CAST(date_trunc('month', now(), 'UTC') AS date)
          AND s.spender_id = k.id AND s.currency = k.ceiling_currency)
    """
"""The same of API keys."""
FULL_ACCOUNTS = text(f"{ACCOUNTS_AT_CEILING} AND p.workspace_id = :workspace")
FULL_KEY = text(f"SELECT EXISTS ({KEYS_AT_CEILING} AND k.workspace_id = :workspace AND k.id = :key)")
OF_MONTH = text(
    """
    SELECT provider_account_id, spender_id, currency, sum(micros) AS micros FROM spend
    WHERE workspace_id = :workspace AND month = :month GROUP BY 1, 2, 3
    """
)
ACCOUNTS = text(
    "SELECT id, currency, ceiling_micros, segment_price_micros FROM provider_accounts WHERE workspace_id = :workspace"
)
KEYS = text("SELECT id, ceiling_currency AS currency, ceiling_micros FROM api_keys WHERE workspace_id = :workspace")


@dataclass(frozen=True, slots=True)
class Month:
    """What a workspace has spent in a month, by provider account and by API key; every one of them has a meter."""

    first_day: date
    accounts: Mapping[UUID, Meter]
    keys: Mapping[UUID, Meter]


def add(session: Session, amounts: Counter[Key]) -> None:
    """Add amounts, which may be negative, to the spend."""
    names = ("workspace_id", "month", "provider_account_id", "spender_id", "currency")
    rows = [dict(zip(names, key, strict=True)) | {"micros": micros} for key, micros in amounts.items() if micros]
    if rows:
        session.execute(ADD, {"rows": orjson.dumps(rows).decode(), "slot": os.getpid() % SLOTS})


def full_accounts(session: Session, workspace_id: UUID) -> set[UUID]:
    """Return the provider accounts that may cost nothing more this month."""
    return {row.id for row in session.execute(FULL_ACCOUNTS, {"workspace": workspace_id})}


def is_key_full(session: Session, key: ApiKey) -> bool:
    """Tell whether an API key may cost nothing more this month."""
    if key.ceiling_micros is None:
        return False
    return bool(session.scalar(FULL_KEY, {"workspace": key.workspace_id, "key": key.id}))


def of_month(session: Session, workspace_id: UUID, now: datetime) -> Month:
    """Return what the workspace has spent in the month of `now`, each account and key against its ceiling."""
    month = month_of(now)
    by_account: dict[UUID, Counter[str]] = defaultdict(Counter)
    by_spender: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in session.execute(OF_MONTH, {"workspace": workspace_id, "month": month}):
        by_account[row.provider_account_id][row.currency] += int(row.micros)
        by_spender[row.spender_id][row.currency] += int(row.micros)
    here = {"workspace": workspace_id}
    accounts = session.execute(ACCOUNTS, here)
    keys = session.execute(KEYS, here)
    return Month(
        month,
        {
            row.id: meter(by_account[row.id], row.currency, row.ceiling_micros, row.segment_price_micros)
            for row in accounts
        },
        {row.id: meter(by_spender[row.id], row.currency, row.ceiling_micros) for row in keys},
    )
