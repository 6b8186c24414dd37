"""What one sees first: a day in figures, the provider accounts, and what needs a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from hub.accounts import people_store
from hub.accounts import store as accounts_store
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import clock
from hub.core.problems import Fault, Unprocessable
from hub.core.runtime import Runtime
from hub.reports import accounts, attention, days, store
from hub.reports.accounts import AccountState
from hub.reports.attention import Item, Known
from hub.reports.days import WEEK
from hub.reports.figures import Week
from hub.routing import spend

HEAT_DAYS = 28
DAYS_A_WEEK, HOURS_A_DAY = 7, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The home screen's content."""

    now: datetime
    today: date
    week: Week
    weekdays: Sequence[Sequence[int]]  # handed over, from Monday and midnight on
    accounts: Sequence[AccountState]
    attention: Sequence[Item]
    has_messages: bool
    has_keys: bool


def home(hub: Runtime, actor: Actor, day: date | None = None) -> Home:
    """Return the screen of a day, today's if none is said. Raises `Unprocessable` for a day that has not begun."""
    now = clock.now()
    today = days.date_of(now, actor.workspace.time_zone)
    if day and day > today:
        raise Unprocessable("See errors.", errors=[Fault("/day", "This day has not begun.")])
    with hub.db.transaction(actor.workspace_id) as session:
        week = _week(session, actor, day or today, now)
        known = _known(hub, session, actor, week if week.day.date == today else None, now)
        return Home(
            now=now,
            today=today,
            week=week,
            weekdays=_weekdays(session, actor, week),
            accounts=known.accounts if actor.may(Scope.PROVIDER_ACCOUNTS_READ) else (),
            attention=attention.items(session, actor, known, now),
            has_messages=bool(week.counts) or store.has_messages(session, actor.workspace_id),
            has_keys=any(not key.revoked_at for key in accounts_store.keys(session, actor.workspace_id)),
        )


def needed(hub: Runtime, actor: Actor) -> list[Item]:
    """Return only what needs a person."""
    now = clock.now()
    with hub.db.transaction(actor.workspace_id) as session:
        return attention.items(session, actor, _known(hub, session, actor, None, now), now)


def _known(hub: Runtime, session: Session, actor: Actor, today: Week | None, now: datetime) -> Known:
    month = spend.of_month(session, actor.workspace_id, now)
    return Known(
        today=today or _week(session, actor, days.date_of(now, actor.workspace.time_zone), now),
        accounts=accounts.of_workspace(session, actor.workspace_id, month, now),
        month=month,
        without_second_factor=_without_second_factor(hub, actor) if actor.may(Scope.USERS_WRITE) else 0,
    )


def _without_second_factor(hub: Runtime, actor: Actor) -> int:
    """Count who signs in with a password alone."""
    with hub.db.across_workspaces() as session:
        return people_store.count_password_only(session, actor.workspace_id)


def _week(session: Session, actor: Actor, when: date, now: datetime) -> Week:
    """Read a day and the same day a week ago; of a day that is not over, the hours that are."""
    zone = actor.workspace.time_zone
    day, before = (days.day_of(each, zone) for each in (when, when - WEEK))
    ended = day.ended(now)
    counts = store.counts(session, actor.workspace_id, [(each.since, each.until) for each in (before, day)])
    return Week(day=day, before=before, until=ended, before_until=before.at_same_time(day, ended), counts=counts)


def _weekdays(session: Session, actor: Actor, week: Week) -> list[list[int]]:
    zone = actor.workspace.time_zone
    first = days.day_of(week.day.date - timedelta(days=HEAT_DAYS - 1), zone)
    found = store.weekdays(session, actor.workspace_id, zone, first.since, week.day.until)
    return [[found.get((weekday, hour), 0) for hour in range(HOURS_A_DAY)] for weekday in range(1, DAYS_A_WEEK + 1)]
