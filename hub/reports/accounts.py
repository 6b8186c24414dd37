"""How the provider accounts of a workspace are doing now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from hub.core import ids
from hub.reports import store
from hub.reports.store import Tries
from hub.routing import store as routing
from hub.routing.spend import Month
from hub.routing.store import ProviderAccount
from tracking.spend import Meter
from tracking.spend import State as Spent

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
    REACHED = "reached"  # its spend has come to its monthly ceiling
    TROUBLED = "troubled"  # many attempts fail
    NEAR = "near"  # it has spent most of what it may
    WORKING = "working"
    IDLE = "idle"  # nothing was tried


ORDER = (State.SILENT, State.REACHED, State.TROUBLED, State.NEAR, State.HELD, State.WORKING, State.IDLE)


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


def of_workspace(session: Session, workspace_id: UUID, month: Month, now: datetime) -> Sequence[AccountState]:
    """Return the accounts, oldest first."""
    tries = store.tries(session, workspace_id, now - WINDOW)
    found = []
    for account in routing.of_workspace(session, workspace_id):
        known = tries.get(account.id, Tries())
        spent = month.accounts[account.id]
        found.append(AccountState(account=account, state=state_of(account, known, spent), tries=known, spend=spent))
    return found


def state_of(account: ProviderAccount, tries: Tries, spent: Meter) -> State:
    """Return the one word for an account: the worst of what its attempts and its spend say."""
    if account.held:
        return State.HELD
    if tries.recent_failed >= SILENT and not tries.recent_taken:
        return State.SILENT
    if spent.state is Spent.REACHED:
        return State.REACHED
    if tries.recent >= FEWEST and tries.recent_failed > tries.recent * MANY:
        return State.TROUBLED
    if spent.state is Spent.NEAR:
        return State.NEAR
    return State.WORKING if tries.recent else State.IDLE


def states(
    session: Session, workspace_id: UUID, accounts: Sequence[ProviderAccount], month: Month, now: datetime
) -> Mapping[UUID, State]:
    """Return the state of each of the workspace's accounts by its id."""
    tries = store.tries(session, workspace_id, now - WINDOW)
    return {a.id: state_of(a, tries.get(a.id, Tries()), month.accounts[a.id]) for a in accounts}
