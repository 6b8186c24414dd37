"""A workspace that sends, driven step by step: accepted, claimed, marked, and told what became of it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from channels.addresses import PhoneNumber
from channels.types import Channel, Cost
from hub.accounts import keys
from hub.accounts import service as accounts
from hub.accounts.keys import CreateKey
from hub.accounts.scopes import Purpose
from hub.accounts.service import Actor
from hub.accounts.store import ApiKey
from hub.core import clock, outbox
from hub.core.outbox import Lane, Topic
from hub.core.runtime import Runtime
from hub.dispatch import store as dispatch
from hub.messages import ledger, service
from hub.messages.commands import SendMessage
from hub.messages.ledger import News
from hub.messages.reasons import Verdict
from hub.routing import service as routing
from hub.routing import store as routing_store
from hub.routing.service import AddProviderAccount
from hub.routing.store import ProviderAccount
from tracking.delivery import AttemptStatus, Status

CENT = Cost(micros=10_000, currency="USD")
CREDENTIALS = {"account_sid": "AC" + "0" * 32, "auth_token": "1" * 32}
_names = itertools.count(1)
_people = itertools.count()


@dataclass(frozen=True)
class Shop:
    """A workspace, its key and its account."""

    hub: Runtime
    actor: Actor
    key: ApiKey
    account: ProviderAccount

    def add_account(self, **fields: Any) -> ProviderAccount:
        """Add another account."""
        return add_account(self.hub, self.actor.workspace_id, **fields)

    def change(self, account: ProviderAccount, **fields: Any) -> None:
        """Write an account with other values."""
        with self.hub.db.across_workspaces() as session:
            routing_store.change(session, replace(account, **fields))

    def accept(self) -> UUID:
        """Have a message accepted."""
        command = SendMessage(
            to=PhoneNumber(f"+7916{next(_people):07d}"),
            channel=Channel.SMS,
            body="Your code is 4312",
            purpose=Purpose.TRANSACTIONAL,
            reference=None,
            metadata=None,
            send_at=None,
            ttl=timedelta(hours=1),
            once_per_reference=False,
        )
        draft = service.draft(self.hub, self.actor, command, Lane.NOW, clock.now())
        service.accept(self.hub, self.actor, [draft], None, draft.answer)
        return draft.id

    def mark(self, message_id: UUID, account: ProviderAccount | None = None, number: int = 1) -> bool:
        """Claim the message and mark it as called; tell whether the call may be made."""
        return bool(dispatch.mark(self.hub.db, [self._to_mark(message_id, account or self.account, number)]))

    def why_not(self, message_id: UUID, account: ProviderAccount | None = None) -> tuple[Status, Verdict] | None:
        """Return the verdict on a message that was not called."""
        with self.hub.db.across_workspaces() as session:
            rows = [self._to_mark(message_id, account or self.account, 1)]
            return dispatch.why_not(session, rows)[message_id]

    def tell(self, *news: News) -> None:
        """Settle news."""
        with self.hub.db.across_workspaces() as session:
            ledger.settle(session, self.hub.vault, news, clock.now())

    def news(self, message_id: UUID, status: AttemptStatus, **facts: Any) -> News:
        """Make news of the message's first attempt."""
        return News(
            workspace_id=self.actor.workspace_id,
            provider_account_id=facts.pop("account", self.account).id,
            message_id=message_id,
            number=1,
            status=status,
            at=clock.now(),
            **facts,
        )

    def send(self, account: ProviderAccount | None = None, **facts: Any) -> UUID:
        """Send a message of one segment that the provider takes."""
        message_id = self.accept()
        assert self.mark(message_id, account)
        facts = {"segments": 1, "provider_message_id": f"SM{message_id.hex}", **facts}
        self.tell(self.news(message_id, AttemptStatus.SENT, account=account or self.account, **facts))
        return message_id

    def rows(self, statement: str) -> Sequence[Any]:
        """Return rows of the workspace, `:workspace` in the statement."""
        with self.hub.db.across_workspaces() as session:
            return session.execute(text(statement), {"workspace": self.actor.workspace_id}).all()

    def spend(self) -> dict[str, int]:
        """Return what was spent, by currency."""
        found = self.rows(
            "SELECT currency, sum(micros) AS micros FROM spend WHERE workspace_id = :workspace GROUP BY 1"
        )
        return {row.currency: int(row.micros) for row in found if row.micros}

    def counted(self) -> dict[str, int]:
        """Return what the attempts say they have added, by currency."""
        found = self.rows(
            "SELECT counted_currency AS currency, sum(counted_micros) AS micros FROM attempts"
            " WHERE workspace_id = :workspace AND counted_micros IS NOT NULL GROUP BY 1"
        )
        return {row.currency: int(row.micros) for row in found if row.micros}

    def _to_mark(self, message_id: UUID, account: ProviderAccount, number: int) -> dict[str, Any]:
        with self.hub.db.across_workspaces() as session:
            session.execute(text("UPDATE outbox SET due_at = now() WHERE key = :key"), {"key": message_id})
            claimed = outbox.claim(session, Topic.SEND, Lane.NOW, limit=1000, lease_seconds=60)
        claim = next(row.claim for row in claimed if row.key == message_id)
        return {
            "workspace_id": self.actor.workspace_id,
            "id": message_id,
            "claim": claim,
            "number": number,
            "provider": account.provider,
            "provider_account_id": account.id,
            "sender": account.sender,
            "indexes": [],
            "api_key_id": self.actor.id,
        }


def make_shop(hub: Runtime, account: dict[str, Any] | None = None, **key: Any) -> Shop:
    """Make a workspace with an account and a key; `key` overrides fields of `CreateKey`."""
    with hub.db.across_workspaces() as session:
        workspace = accounts.create_workspace(session, f"Shop {next(_names)}", "RU")
        command = CreateKey(**{"name": "shop", "test": True, **key})
        made, _ = keys.create_key(session, hub.vault, workspace.id, command, actor="tests")
    actor = accounts.actor_of_key(made, workspace)
    return Shop(hub, actor, made, add_account(hub, workspace.id, **(account or {})))


def add_account(hub: Runtime, workspace_id: UUID, **fields: Any) -> ProviderAccount:
    """Add an account that counts a cent per segment."""
    given: dict[str, Any] = {
        "name": f"Account {next(_names)}",
        "provider": "twilio",
        "sender": "+15005550006",
        "test": True,
    }
    given |= {"credentials": CREDENTIALS, "segment_price": CENT, **fields}
    with hub.db.across_workspaces() as session:
        return routing.add(hub, session, workspace_id, AddProviderAccount(**given), actor="tests")
