"""How the provider accounts of a workspace are doing now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from hub.core import ids
from hub.core.runtime import Runtime
from hub.reports import store
from hub.reports.store import Tries
from hub.routing import store as routing
from hub.routing.spend import Month
from hub.routing.store import ProviderAccount
from tracking.spend import Meter

WINDOW = timedelta(hours=1)
SILENT = 5
"""From so many failures on, an account without a success is taken to be out of order."""
FEWEST = 20
"""A share of fewer attempts says nothing."""
MANY = 0.1


class State(StrEnum):
    """What an account is up to."""

    HELD = "held"  # a person stopped it
    SILENT = "silent"  # it takes nothing at all
    TROUBLED = "troubled"  # many attempts fail
    WORKING = "working"
    IDLE = "idle"  # nothing was tried


ORDER = (State.SILENT, State.TROUBLED, State.HELD, State.WORKING, State.IDLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """A provider account with what its attempts of the last hour came to, and what it has cost this month."""

    account: ProviderAccount
    state: State
    tries: Tries
    spend: Meter

    @property
    def typed_id(self) -> str:
        """Return the account's id for the outside."""
        return ids.show("acc", self.account.id)

    @property
    def urgency(self) -> int:
        """Return a number that is lower the more somebody is needed."""
        return ORDER.index(self.state)

    @property
    def failed_share(self) -> float | None:
        """Return which part of the recent attempts failed."""
        return self.tries.recent_failed / self.tries.recent if self.tries.recent else None


def of_workspace(
    hub: Runtime, session: Session, workspace_id: UUID, month: Month, now: datetime
) -> Sequence[AccountState]:
    """Return the accounts, oldest first."""
    tries = store.tries(session, workspace_id, now - WINDOW)
    found = []
    for account in routing.of_workspace(session, hub.vault, workspace_id):
        known = tries.get(account.id, Tries())
        state = state_of(account, known)
        found.append(AccountState(account=account, state=state, tries=known, spend=month.accounts[account.id]))
    return found


def state_of(account: ProviderAccount, tries: Tries) -> State:
    """Return what to call the state of an account."""
    if account.held:
        return State.HELD
    if tries.recent_failed >= SILENT and not tries.recent_taken:
        return State.SILENT
    if tries.recent >= FEWEST and tries.recent_failed > tries.recent * MANY:
        return State.TROUBLED
    return State.WORKING if tries.recent else State.IDLE


def states(session: Session, hub: Runtime, workspace_id: UUID, month: Month, now: datetime) -> Mapping[UUID, str]:
    """Return the state of each account by its id."""
    return {known.account.id: known.state.value for known in of_workspace(hub, session, workspace_id, month, now)}
