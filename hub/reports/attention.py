"""What a person has to see to: found anew each time one looks, so that it goes when its cause does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from hub.accounts import store as accounts_store
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import ids, installation
from hub.reports import store
from hub.reports.accounts import AccountState, State
from hub.reports.figures import TRIED, Week, total_of
from hub.routing.spend import Month
from tracking.delivery import Status
from tracking.spend import Meter
from tracking.spend import State as Spent

EXPIRES_SOON = timedelta(days=14)
FEWEST_MESSAGES = 20
TOO_MANY_UNDELIVERED = 0.1
UNDELIVERED = frozenset({Status.UNDELIVERED})


class Code(StrEnum):
    """Why somebody is needed. What stops most comes first."""

    SENDING_HELD = "sending_held"  # nothing of the whole hub is sent
    NO_PROVIDER_ACCOUNT = "no_provider_account"  # messages failed because nobody can send them
    ACCOUNT_SILENT = "account_silent"  # an account takes nothing
    ACCOUNT_TROUBLED = "account_troubled"  # many attempts of an account fail
    ACCOUNT_HELD = "account_held"
    ACCOUNT_CEILING = "account_ceiling"  # an account has spent most of what it may in a month, or all
    KEY_CEILING = "key_ceiling"
    UNDELIVERED = "undelivered"  # unusually many messages did not arrive
    KEY_EXPIRES = "key_expires"
    NO_SECOND_FACTOR = "no_second_factor"  # people who sign in with a password only


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to see to. `subject` is the TypeID of what it is about, `name` how people call it."""

    code: Code
    at: datetime | None = None
    subject: str | None = None
    name: str | None = None
    count: int | None = None
    share: float | None = None
    share_before: float | None = None
    is_reached: bool = False  # a ceiling
    only_simulator: bool = False  # there is an account for the channel, which only test messages go through


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read already."""

    today: Week
    accounts: Sequence[AccountState]
    month: Month
    without_second_factor: int


def items(session: Session, actor: Actor, known: Known, now: datetime) -> list[Item]:
    """Return what needs somebody, as far as the actor may know of it, in the order of the codes."""
    found = [*_hub(session), *_messages(session, actor, known)]
    if actor.may(Scope.PROVIDER_ACCOUNTS_READ):
        found += _accounts(known.accounts)
    if actor.may(Scope.API_KEYS_READ):
        found += _keys(session, actor, known.month, now)
    if known.without_second_factor:
        found.append(Item(code=Code.NO_SECOND_FACTOR, count=known.without_second_factor))
    order = list(Code)
    return sorted(found, key=lambda item: order.index(item.code))


def _hub(session: Session) -> Iterator[Item]:
    because = installation.held_because(session)
    if because is not None:
        yield Item(code=Code.SENDING_HELD, at=installation.held_since(session), name=because)


def _messages(session: Session, actor: Actor, known: Known) -> Iterator[Item]:
    today = known.today
    for missing in store.not_sent(session, actor.workspace_id, today.day.since):
        tests = {of.account.test for of in known.accounts if of.account.channel == missing.channel}
        yield Item(
            code=Code.NO_PROVIDER_ACCOUNT,
            at=missing.last_at,
            name=missing.channel,
            count=missing.count,
            only_simulator=not missing.test and tests == {True},
        )
    tried, undelivered = (total_of(today.of_day, outcomes) for outcomes in (TRIED, UNDELIVERED))
    if tried >= FEWEST_MESSAGES and undelivered > tried * TOO_MANY_UNDELIVERED:
        tried_before, before = (total_of(today.of_before, outcomes) for outcomes in (TRIED, UNDELIVERED))
        yield Item(
            code=Code.UNDELIVERED,
            at=max(count.hour for count in today.of_day if count.outcome in UNDELIVERED),
            count=undelivered,
            share=undelivered / tried,
            share_before=before / tried_before if tried_before else None,
        )


def _accounts(accounts: Sequence[AccountState]) -> Iterator[Item]:
    codes = {
        State.SILENT: Code.ACCOUNT_SILENT,
        State.TROUBLED: Code.ACCOUNT_TROUBLED,
        State.HELD: Code.ACCOUNT_HELD,
    }
    for known in accounts:
        subject, name = known.typed_id, known.account.name
        if known.state in codes:
            at = known.account.updated_at if known.state is State.HELD else known.tries.last_failed_at
            yield Item(code=codes[known.state], at=at, subject=subject, name=name, share=known.failed_share)
        if known.spend.state is not Spent.OK:
            yield _ceiling(Code.ACCOUNT_CEILING, known.spend, subject, name)


def _keys(session: Session, actor: Actor, month: Month, now: datetime) -> Iterator[Item]:
    for key in accounts_store.keys(session, actor.workspace_id):
        if key.revoked_at or (key.expires_at and key.expires_at <= now):
            continue
        subject = ids.show("key", key.id)
        if key.expires_at and key.expires_at <= now + EXPIRES_SOON:
            yield Item(code=Code.KEY_EXPIRES, at=key.expires_at, subject=subject, name=key.name)
        if month.keys[key.id].state is not Spent.OK:
            yield _ceiling(Code.KEY_CEILING, month.keys[key.id], subject, key.name)


def _ceiling(code: Code, spent: Meter, subject: str, name: str) -> Item:
    return Item(code=code, share=spent.ratio, subject=subject, name=name, is_reached=spent.state is Spent.REACHED)
