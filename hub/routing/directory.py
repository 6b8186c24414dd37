"""Which provider account sends, and the adapter that speaks for it."""

import threading
import time
from collections.abc import Iterator
from typing import cast
from uuid import UUID

from flask import current_app

from channels import registry
from channels.base import Adapter
from channels.types import Connection
from hub.core.runtime import Runtime
from hub.routing import spend, store
from hub.routing.store import ProviderAccount

EXTENSION = "directory"
CACHE_SECONDS = 1.0
"""A changed or held account is used as it was at most this long."""


class Directory:
    """Provider accounts and their adapters, as of at most a second ago. Safe to share between threads."""

    def __init__(self, hub: Runtime) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._accounts: dict[UUID, tuple[float, list[ProviderAccount]]] = {}
        self._by_id: dict[UUID, tuple[float, ProviderAccount | None]] = {}
        self._adapters: dict[UUID, tuple[ProviderAccount, Adapter]] = {}

    def choose(
        self, workspace_id: UUID, channel: str, pinned: UUID | None = None, *, test: bool
    ) -> ProviderAccount | None:
        """Return the account to send with: the oldest that fits, is not held and has not come to its ceiling.

        With `pinned` only that account fits. When all that fit have come to their ceilings it is the oldest of them.
        """
        return next((a for a in self._fitting(workspace_id, channel, pinned, test=test) if not a.held), None)

    def held(
        self, workspace_id: UUID, channel: str, pinned: UUID | None = None, *, test: bool
    ) -> ProviderAccount | None:
        """Return the oldest account that would fit if it were not held."""
        return next((a for a in self._fitting(workspace_id, channel, pinned, test=test) if a.held), None)

    def has_any(self, workspace_id: UUID, channel: str, *, test: bool) -> bool:
        """Tell whether the workspace has an account of this channel and kind, held or not."""
        return any(True for _ in self._fitting(workspace_id, channel, None, test=test))

    def find(self, account_id: UUID) -> ProviderAccount | None:
        """Return an account of any workspace: whoever asks has only its id, as a provider's callback does."""
        read_at, account = self._by_id.get(account_id, (0.0, None))
        if time.monotonic() - read_at > CACHE_SECONDS:
            with self._hub.db.across_workspaces() as session:
                account = store.find(session, account_id)
            if account:
                self._by_id[account_id] = time.monotonic(), account
        return account

    def _fitting(
        self, workspace_id: UUID, channel: str, pinned: UUID | None, *, test: bool
    ) -> Iterator[ProviderAccount]:
        for account in self._of(workspace_id):
            if account.channel == channel and account.test is test and pinned in {None, account.id}:
                yield account

    def _of(self, workspace_id: UUID) -> list[ProviderAccount]:
        """Return the workspace's accounts, oldest first; those at their ceilings come last."""
        read_at, accounts = self._accounts.get(workspace_id, (0.0, []))
        if time.monotonic() - read_at > CACHE_SECONDS:
            with self._hub.db.transaction(workspace_id) as session:
                full = spend.full_accounts(session, workspace_id)
                known = store.of_workspace(session, workspace_id)
                accounts = sorted(known, key=lambda account: account.id in full)
            self._accounts[workspace_id] = time.monotonic(), accounts
        return accounts

    def adapter(self, account: ProviderAccount) -> Adapter:
        """Return the adapter that speaks for an account; it keeps its connections while the account stays the same."""
        known, adapter = self._adapters.get(account.id, (None, None))
        if adapter is not None and known == account:
            return adapter
        with self._lock:
            made = _connect(self._hub, account)
            self._adapters[account.id] = account, made
        return made


def directory() -> Directory:
    """Return the directory of the web application."""
    return cast("Directory", current_app.extensions[EXTENSION])


def _connect(hub: Runtime, account: ProviderAccount) -> Adapter:
    kind = registry.adapter(account.provider)
    base_url = hub.settings.simulator_url if account.test else kind.default_base_url
    return kind(
        Connection(
            base_url=base_url, credentials=account.credentials(hub.vault), pool_size=hub.settings.calls_in_flight * 2
        )
    )
