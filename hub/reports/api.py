"""REST of reports."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from hub.accounts.auth import current_actor, require_scope
from hub.accounts.scopes import Scope
from hub.core import clock
from hub.reports import service, words
from hub.reports.accounts import AccountState
from hub.reports.attention import Item
from hub.reports.figures import Figure, Metric
from hub.reports.schemas import DaySchema, HomeSchema
from hub.reports.service import Home
from hub.web.blueprints import Blueprint
from hub.web.context import runtime

blp = Blueprint("reports", __name__, url_prefix="/api/v1", description="What the figures say.")


@blp.route("/reports/home")
class HomeReport(MethodView):
    """The home screen."""

    @require_scope(Scope.MESSAGES_READ)
    @blp.arguments(DaySchema, location="query")
    @blp.response(HTTPStatus.OK, HomeSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Show a day's messages against the same day a week ago, and what needs a person now."""
        return show(service.home(runtime(), current_actor(), query.get("day")))


def show(home: Home) -> dict[str, Any]:
    """Return the home screen as the API writes it."""
    week = home.week
    return {
        "span": _span(week.day.date.isoformat(), week.day.since, week.day.until),
        "time_zone": week.day.zone.key,
        "compared_with": _span(week.before.date.isoformat(), week.before.since, week.before_until)
        | {"until": clock.show(week.until)},
        "figures": [_figure(week.figure(metric)) for metric in Metric],
        "outcomes": [
            {"channel": channel, "status": status.word, "count": count, "week_ago": before}
            for channel, status, count, before in week.table()
        ],
        "weekdays": home.weekdays,
        "provider_accounts": [_account(state) for state in home.accounts],
        "attention": [_item(item) for item in home.attention],
    }


def _span(day: str, since: datetime, until: datetime) -> dict[str, Any]:
    return {"day": day, "begins_at": clock.show(since), "ends_at": clock.show(until)}


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "metric": figure.metric.value,
        "count": figure.count,
        "share": figure.share,
        "compared": figure.now,
        "week_ago": figure.before,
        "change": figure.change,
        "by_hour": figure.by_hour,
    }


def _account(state: AccountState) -> dict[str, Any]:
    account = state.account
    return {
        "id": state.typed_id,
        "name": account.name,
        "channel": account.channel,
        "test": account.test,
        "state": state.state.value,
        "failed_attempts": state.tries.failed,
        "failed_share": state.failed_share,
        "last_failed_at": _time(state.tries.last_failed_at),
        "ceiling_share": state.spend.ratio,
    }


def _item(item: Item) -> dict[str, Any]:
    return {"code": item.code.value, "text": words.of_item(item), "at": _time(item.at), "subject": item.subject}


def _time(moment: datetime | None) -> str | None:
    return clock.show(moment) if moment else None
