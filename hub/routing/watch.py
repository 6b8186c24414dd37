"""How provider accounts are doing: what they cost, what went wrong, and the state they are in.

Attempts belong to messages and the state of an account to reports, both layers above this one. `app.py` hands their
readers down as one `Watch`, so that the API and the screens of accounts need not lie in two places.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from hub.core import clock
from hub.core.runtime import Runtime
from hub.routing import service, spend
from hub.routing.spend import Month
from hub.routing.store import ProviderAccount

EXTENSION = "account_watch"


@dataclass(frozen=True, slots=True)
class Watch:
    """Readers from above."""

    last_errors: Callable[[Session, UUID, Sequence[UUID]], Mapping[UUID, Sequence[dict[str, Any]]]]
    states: Callable[[Session, UUID, Sequence[ProviderAccount], Month, datetime], Mapping[UUID, str]]


def watch() -> Watch:
    """Return the readers of this application."""
    return cast("Watch", current_app.extensions[EXTENSION])


def show(
    hub: Runtime, session: Session, workspace_id: UUID, accounts: Sequence[ProviderAccount]
) -> list[dict[str, Any]]:
    """Return accounts as the API writes them, each with its spend of this month and its last errors."""
    month = spend.of_month(session, workspace_id, clock.now())
    errors = watch().last_errors(session, workspace_id, [account.id for account in accounts])
    return [
        service.show(hub, account)
        | {
            "spend": service.show_spend(month.first_day, month.accounts[account.id]),
            "last_errors": errors.get(account.id, []),
        }
        for account in accounts
    ]
