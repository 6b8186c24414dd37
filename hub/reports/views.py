"""The home screen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import LazyString, lazy_gettext, ngettext  # type: ignore[import-untyped] # it has no types
from marshmallow import fields

from hub.accounts.auth import current_actor, signed_in
from hub.accounts.scopes import Scope
from hub.messages.words import STATUSES
from hub.reports import charts, service, words
from hub.reports.attention import Code, Item
from hub.reports.figures import Metric
from hub.reports.schemas import DaySchema
from hub.routing.words import STATES
from hub.web import csv_files, forms
from hub.web.context import runtime

blp = Blueprint("reports_screens", __name__, template_folder="templates")

MOST_ACCOUNTS = 8
"""The rest has a screen of its own."""


class HomeQuery(DaySchema):
    """Which day, and which figure is drawn."""

    metric = fields.Enum(Metric, by_value=True, load_default=Metric.MESSAGES)


@dataclass(frozen=True, slots=True)
class Way:
    """A screen where something can be seen to."""

    endpoint: str
    label: LazyString
    scope: Scope
    argument: str | None = None
    query: dict[str, str] = field(default_factory=dict)


ACCOUNT = Way("routing_screens.one", lazy_gettext("Open the account"), Scope.PROVIDER_ACCOUNTS_READ, "account_id")
KEY = Way("accounts_screens.key", lazy_gettext("Open the key"), Scope.API_KEYS_READ, "key_id")
ADD = Way("routing_screens.new", lazy_gettext("Add an account"), Scope.PROVIDER_ACCOUNTS_WRITE)
PEOPLE = Way("accounts_screens.people", lazy_gettext("See who"), Scope.USERS_READ)
UNDELIVERED = Way(
    "messages_screens.index", lazy_gettext("See which"), Scope.MESSAGES_READ, query={"status": "undelivered"}
)
WAYS: Mapping[Code, Way] = {
    Code.NO_PROVIDER_ACCOUNT: ADD,
    Code.ACCOUNT_SILENT: ACCOUNT,
    Code.ACCOUNT_TROUBLED: ACCOUNT,
    Code.ACCOUNT_HELD: ACCOUNT,
    Code.ACCOUNT_CEILING: ACCOUNT,
    Code.KEY_CEILING: KEY,
    Code.KEY_EXPIRES: KEY,
    Code.UNDELIVERED: UNDELIVERED,
    Code.NO_SECOND_FACTOR: PEOPLE,
}


@blp.get("/w/<slug>/")
@signed_in(Scope.MESSAGES_READ)
def home() -> str:
    """Show a day in figures and what needs a person."""
    return render_template("reports/home.html", **_content())


@blp.get("/w/<slug>/home/live")
@signed_in(Scope.MESSAGES_READ)
def part() -> str:
    """Show what changes by itself."""
    return render_template("reports/_home.html", **_content())


@blp.get("/w/<slug>/home.csv")
@signed_in(Scope.MESSAGES_READ)
def csv() -> Response:
    """Give the chart's numbers to a spreadsheet."""
    query = _query()
    week = service.home(runtime(), current_actor(), query.get("day")).week
    chart = charts.by_hour(week, query["metric"])
    return csv_files.answer(f"{query['metric']}-{week.day.date}.csv", chart.columns, chart.rows)


@blp.get("/w/<slug>/attention")
@signed_in(Scope.MESSAGES_READ)
def attention() -> Response:
    """Tell every page how much needs a person."""
    items = service.needed(runtime(), current_actor())
    more = ngettext("and %(num)d more", "and %(num)d more", len(items) - 1)
    text = " ".join([*(words.of_item(item) for item in items[:1]), *([more] if len(items) > 1 else [])])
    return jsonify({"count": len(items), "text": text})


def _query() -> dict[str, Any]:
    """Read the address; raise `Unprocessable` for a day or metric that there is not."""
    query: dict[str, Any] = forms.load(HomeQuery(), request.args)
    return query


def _content() -> Mapping[str, Any]:
    """Return what the templates show."""
    query = _query()
    found = service.home(runtime(), current_actor(), query.get("day"))
    week = found.week
    when = week.day.date
    return {
        "home": found,
        "week": week,
        "yesterday": when - timedelta(days=1),
        "tomorrow": when + timedelta(days=1) if when < found.today else None,
        "heading": words.long_day(when),
        "week_ago": words.long_day(week.before.date),
        "begun": sum(1 for hour in week.day.hours if hour <= found.now),
        "begins": f"{week.day.since.astimezone(week.day.zone):%H:%M}",
        "until": f"{week.until.astimezone(week.day.zone):%H:%M}",
        "figures": [week.figure(metric) for metric in Metric],
        "metric": query["metric"],
        "chart": charts.by_hour(week, query["metric"]),
        "outcomes": week.table(),
        "heat": charts.weekdays(found.weekdays),
        "funnel_steps": charts.funnel(week),
        "address": {"metric": query["metric"].value} | ({"day": when.isoformat()} if "day" in query else {}),
        "shown_accounts": sorted(found.accounts, key=lambda known: known.urgency)[:MOST_ACCOUNTS],
        "words": words,
        "statuses": STATUSES,
        "states": STATES,
        "link_of": _link,
    }


def _link(item: Item) -> tuple[str, str] | None:
    """Return where one sees to it, and what to call the way there; None if there is none, or not for this person."""
    way = WAYS.get(item.code)
    if way is None or not current_actor().may(way.scope):
        return None
    arguments: dict[str, Any] = {way.argument: item.subject} if way.argument else {}
    return url_for(way.endpoint, **arguments | way.query), str(way.label)
