"""The words of the home screen, in the reader's language."""

from collections.abc import Mapping
from datetime import date

from babel import dates
from flask_babel import LazyString, get_locale, lazy_gettext, ngettext  # type: ignore[import-untyped] # it has no types

from hub.reports.attention import Code, Item
from hub.reports.figures import Metric
from hub.reports.store import MOST_FAILED, Tries
from hub.routing.words import CHANNELS
from hub.web.formats import number, percent

METRICS: Mapping[Metric, LazyString] = {
    Metric.MESSAGES: lazy_gettext("Messages"),
    Metric.DELIVERED: lazy_gettext("Delivered"),
    Metric.NOT_DELIVERED: lazy_gettext("Failed or unconfirmed"),
    Metric.WAITING: lazy_gettext("Waiting for a receipt"),
    Metric.REFUSED: lazy_gettext("Refused or expired"),
}
TONES: Mapping[Code, str] = {
    Code.SENDING_HELD: "red",
    Code.NO_PROVIDER_ACCOUNT: "red",
    Code.ACCOUNT_SILENT: "red",
    Code.ACCOUNT_TROUBLED: "orange",
    Code.UNDELIVERED: "orange",
    Code.ACCOUNT_HELD: "yellow",
    Code.ACCOUNT_CEILING: "orange",
    Code.KEY_CEILING: "orange",
    Code.KEY_EXPIRES: "yellow",
    Code.NO_SECOND_FACTOR: "yellow",
}


SENTENCES: Mapping[Code, LazyString] = {
    Code.SENDING_HELD: lazy_gettext("Nothing is sent: the whole hub is on hold (%(name)s)."),
    Code.ACCOUNT_SILENT: lazy_gettext("%(name)s takes nothing: no attempt of the last hour got through."),
    Code.ACCOUNT_TROUBLED: lazy_gettext("%(share)s of the last attempts through %(name)s failed."),
    Code.ACCOUNT_HELD: lazy_gettext("%(name)s is held: nothing is sent through it."),
    Code.ACCOUNT_CEILING: lazy_gettext("%(name)s has spent %(share)s of its monthly ceiling."),
    Code.KEY_CEILING: lazy_gettext("The API key %(name)s has spent %(share)s of its monthly ceiling."),
    Code.UNDELIVERED: lazy_gettext("%(share)s of today's messages did not arrive; a week ago %(before)s."),
    Code.KEY_EXPIRES: lazy_gettext("The API key %(name)s expires soon."),
}
REACHED: Mapping[Code, LazyString] = {
    Code.ACCOUNT_CEILING: lazy_gettext("%(name)s has reached its monthly ceiling: nothing more is sent through it."),
    Code.KEY_CEILING: lazy_gettext("The API key %(name)s has reached its monthly ceiling: it sends nothing more."),
}
ONLY_SIMULATOR = lazy_gettext(
    "They were sent with a live key, and the workspace has only a simulator account: make a test key, or add a live"
    " account."
)


def long_day(day: date) -> str:
    """Return a day with its weekday."""
    return str(dates.format_date(day, "EEEE, d MMMM", locale=str(get_locale() or "en")))


def channel(name: str) -> str:
    """Return what people call a channel."""
    return str(CHANNELS.get(name, name))


def of_item(item: Item) -> str:
    """Say what needs somebody, in one sentence."""
    if item.code is Code.NO_PROVIDER_ACCOUNT:
        return _failed(item)
    if item.code is Code.NO_SECOND_FACTOR:
        return _unprotected(item.count or 0)
    sentence = REACHED[item.code] if item.is_reached else SENTENCES[item.code]
    values = {"name": item.name, "share": percent(item.share), "before": percent(item.share_before)}
    return str(sentence) % values


def failures(tries: Tries, share: float | None) -> str:
    """Say how often an account failed in the last hour."""
    most = tries.failed > MOST_FAILED
    failed = number(MOST_FAILED) + "+" if most else number(tries.failed)
    sentence = ngettext(
        "%(failed)s failed attempt in the last hour",
        "%(failed)s failed attempts in the last hour",
        tries.failed,
        failed=failed,
    )
    return f"{sentence}, {percent(share)}" if share else str(sentence)


def _failed(item: Item) -> str:
    sentence = ngettext(
        "%(num)d message failed today: no provider account can send it by %(name)s.",
        "%(num)d messages failed today: no provider account can send them by %(name)s.",
        item.count or 0,
        name=channel(item.name or ""),
    )
    return f"{sentence} {ONLY_SIMULATOR}" if item.only_simulator else str(sentence)


def _unprotected(people: int) -> str:
    sentence = ngettext(
        "%(num)d person signs in without a second factor.",
        "%(num)d people sign in without a second factor.",
        people,
    )
    return str(sentence)
