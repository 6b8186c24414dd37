"""Provider accounts: add, change, remove, show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from channels import registry
from channels.addresses import BadAddress, parse_phone
from channels.base import Adapter
from channels.types import Channel, Cost
from hub.accounts.service import Actor, ActorKind
from hub.core import audit, clock, ids
from hub.core.problems import Conflict, Fault, Forbidden, NotFound, Unprocessable
from hub.core.runtime import Runtime
from hub.routing import store
from hub.routing.store import ProviderAccount
from tracking.spend import Meter

MICROS = 1_000_000


class NameTaken(Conflict):
    """Another account of the workspace has this name."""

    code = "name_taken"
    title = "This name is taken"


class InUse(Conflict):
    """Messages were sent through the account; their history names it."""

    code = "in_use"
    title = "The account has been used"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProviderAccount:
    """Make an account known."""

    name: str
    provider: str
    sender: str
    credentials: Mapping[str, str]
    test: bool
    segment_price: Cost | None = None
    monthly_ceiling: Cost | None = None
    owner_id: UUID | None = None


def add(
    hub: Runtime, session: Session, workspace_id: UUID, command: AddProviderAccount, *, actor: str
) -> ProviderAccount:
    """Add an account or raise `Unprocessable` with every mistake, or `NameTaken`."""
    now = clock.now()
    adapter = _adapter(command.provider)
    account = ProviderAccount(
        workspace_id=workspace_id,
        id=ids.new(),
        name=command.name,
        provider=command.provider,
        channel=adapter.channel,
        test=command.test,
        sender=command.sender,
        sealed=hub.vault.seal(dict(command.credentials)),
        held=False,
        owner_id=command.owner_id,
        segment_price=command.segment_price,
        monthly_ceiling=command.monthly_ceiling,
        created_at=now,
        updated_at=now,
    )
    _check(adapter, account, command.credentials)
    try:
        store.add(session, account)
    except IntegrityError as error:
        raise NameTaken("There is an account called {name}.".format(name=command.name)) from error
    _audit(hub, session, account, "provider_account.added", actor)
    return account


def change(
    hub: Runtime, session: Session, account_id: UUID, changes: Mapping[str, Any], actor: Actor
) -> ProviderAccount:
    """Change what is given of an account; the next message is sent with the change."""
    before = _of_key(actor, find(session, account_id, to_change=True))
    others = {name: value for name, value in changes.items() if name != "credentials"}
    credentials = changes.get("credentials", before.credentials(hub.vault))
    account = replace(before, **others, sealed=hub.vault.seal(dict(credentials)), updated_at=clock.now())
    _check(_adapter(account.provider), account, credentials)
    try:
        store.change(session, account)
    except IntegrityError as error:
        raise NameTaken("There is an account called {name}.".format(name=account.name)) from error
    _audit(hub, session, account, "provider_account.changed", actor.name, before)
    return account


def remove(hub: Runtime, session: Session, account_id: UUID, actor: Actor) -> None:
    """Delete an account that was never used, or raise `InUse`: hold it instead."""
    account = _of_key(actor, find(session, account_id, to_change=True))
    try:
        store.remove(session, account)
    except IntegrityError as error:
        raise InUse("Messages were sent through it. Hold it instead.") from error
    _audit(hub, session, account, "provider_account.removed", actor.name)


def read_id(text: str) -> UUID:
    """Return an account's id or raise `NotFound`."""
    try:
        return ids.read("acc", text)
    except ids.BadId as error:
        raise NotFound("No such provider account.") from error


def owner_of(actor: Actor) -> UUID | None:
    """Return who looks after what the actor adds: the person; nobody, if it is a key."""
    return actor.id if actor.kind is ActorKind.USER else None


def find(session: Session, account_id: UUID, *, to_change: bool = False) -> ProviderAccount:
    """Return an account of the transaction's workspace or raise `NotFound`."""
    account = store.find(session, account_id, to_change=to_change)
    if account is None:
        raise NotFound("No such provider account.")
    return account


def show(hub: Runtime, account: ProviderAccount) -> dict[str, Any]:
    """Return the account as the API writes it: never its credentials."""
    kinds = registry.adapter(account.provider).capabilities.callback_kinds
    return {
        "id": ids.show("acc", account.id),
        "name": account.name,
        "provider": account.provider,
        "channel": account.channel,
        "test": account.test,
        "sender": account.sender,
        "held": account.held,
        "owner": ids.show("usr", account.owner_id) if account.owner_id else None,
        "segment_price": show_money(account.segment_price),
        "monthly_ceiling": show_money(account.monthly_ceiling),
        "credential_fields": sorted(account.credentials(hub.vault)),
        "hooks": {kind: hook_url(hub, account, kind) for kind in kinds},
        "created_at": clock.show(account.created_at),
        "updated_at": clock.show(account.updated_at),
    }


def show_money(money: Cost | None) -> dict[str, str] | None:
    """Return an amount as the API writes and reads it."""
    return {"amount": show_amount(money.micros), "currency": money.currency} if money else None


def show_amount(micros: int) -> str:
    """Write an amount with the digits it has, and two at the least."""
    whole, parts = f"{micros / MICROS:.6f}".split(".")
    return f"{whole}.{parts.rstrip('0'):0<2}"


def show_spend(month: date, meter: Meter) -> dict[str, Any]:
    """Return what an account has cost this month as the API writes it."""
    return {
        "month": f"{month:%Y-%m}",
        "amount": show_amount(meter.spent_micros),
        "currency": meter.currency,
        "state": meter.state.value,
    }


def hook_url(hub: Runtime, account: ProviderAccount, kind: str) -> str:
    """Return where the provider calls us back, without an attempt's id."""
    return f"{hub.settings.public_url}/hooks/{ids.show('acc', account.id)}/{kind}"


def _adapter(provider: str) -> type[Adapter]:
    try:
        return registry.adapter(provider)
    except registry.UnknownProvider as error:
        raise Unprocessable("See errors.", errors=[Fault("/provider", str(error))]) from error


def _check(adapter: type[Adapter], account: ProviderAccount, credentials: Mapping[str, str]) -> None:
    faults = [
        Fault(f"/credentials/{name}", "This provider needs it.")
        for name in adapter.credential_fields
        if not credentials.get(name)
    ]
    allowed = {*adapter.credential_fields, *adapter.optional_credential_fields}
    faults += [
        Fault(f"/credentials/{name}", "This provider has no such credential.")
        for name in credentials
        if name not in allowed
    ]
    if account.channel in {Channel.SMS, Channel.VOICE} and account.sender.startswith("+"):
        try:
            parse_phone(account.sender, "ZZ")
        except BadAddress as error:
            faults.append(Fault("/sender", str(error)))
    price, ceiling = account.segment_price, account.monthly_ceiling
    if price and ceiling and price.currency != ceiling.currency:
        faults.append(Fault("/monthly_ceiling/currency", "The price and the ceiling must be in one currency."))
    if faults:
        raise Unprocessable("See errors.", errors=faults)


def _of_key(actor: Actor, account: ProviderAccount) -> ProviderAccount:
    """Keep test keys to test accounts: what they do must never reach a person."""
    if actor.test and not account.test:
        raise Forbidden("A test key may not change a live account.")
    return account


def _audit(  # noqa: PLR0913, PLR0917 - an act has that many sides
    hub: Runtime,
    session: Session,
    account: ProviderAccount,
    action: str,
    actor: str,
    before: ProviderAccount | None = None,
) -> None:
    act = audit.Act(
        workspace_id=account.workspace_id,
        actor=actor,
        action=action,
        subject=ids.show("acc", account.id),
        before=_traced(before) if before else None,
        after=_traced(account),
    )
    audit.record(session, hub.vault, act)


def _traced(account: ProviderAccount) -> dict[str, Any]:
    return {
        "name": account.name,
        "provider": account.provider,
        "sender": account.sender,
        "held": account.held,
        "owner": ids.show("usr", account.owner_id) if account.owner_id else None,
        "segment_price": show_money(account.segment_price),
        "monthly_ceiling": show_money(account.monthly_ceiling),
    }
