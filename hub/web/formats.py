"""Times, numbers and money as the reader writes them: in their language and in the workspace's time zone."""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from babel import dates, numbers
from flask import Flask
from flask_babel import get_locale, get_timezone  # type: ignore[import-untyped] # it has no types
from jinja2 import pass_context
from markupsafe import Markup

from hub.core.clock import now

MICROS = 1_000_000
DAY = "d MMM y"
MINUTE = "d MMM y, HH:mm"
SECOND = "d MMM y, HH:mm:ss"


def install(app: Flask) -> None:
    """Give templates the filters."""
    for show in (moment, clock_time, ago, day, number, money, percent):
        app.jinja_env.filters[show.__name__] = _when_rendered(show)


def _when_rendered(show: Callable[..., str]) -> Callable[..., str]:
    """Keep Jinja from showing a constant in the first reader's language for ever: it spares what asks for a context."""

    @pass_context
    @functools.wraps(show)
    def shown(_context: object, *values: object, **options: object) -> str:
        return show(*values, **options)

    return shown


def moment(value: datetime | str | None, *, seconds: bool = False) -> Markup:
    """Show a point in time to the minute, or to the second."""
    return _element(value, _written(_read(value), SECOND if seconds else MINUTE)) if value else Markup("—")


def clock_time(value: datetime | str) -> Markup:
    """Show the time of a day that is named nearby."""
    return _element(value, _written(_read(value), "HH:mm:ss"))


def ago(value: datetime | str | None) -> Markup:
    """Show how long ago something was, or in how long it will be; the exact time is one hover away."""
    if not value:
        return Markup("—")
    words = dates.format_timedelta(_read(value) - now(), add_direction=True, threshold=1.2, locale=_locale())
    return _element(value, words, hint=_written(_read(value), SECOND))


def day(value: datetime | date | str | None) -> str:
    """Show a day."""
    if not value:
        return "—"
    if isinstance(value, date) and not isinstance(value, datetime):
        return dates.format_date(value, DAY, locale=_locale())
    return _written(_read(value), DAY)


def number(value: float | Decimal | None) -> str:
    """Show a number."""
    return "—" if value is None else _decimal(value, _locale())


def money(micros: int | None, currency: str) -> str:
    """Show an amount; a price of less than a cent keeps its digits."""
    if micros is None:
        return "—"
    amount = round(Decimal(micros) / MICROS, 4)
    cents = amount == round(amount, 2) or abs(amount) >= 1
    return _amount(amount, currency, _locale(), cents=cents)


def percent(ratio: float | Decimal | None) -> str:
    """Show a part of one as a percentage with at most one decimal."""
    if ratio is None:
        return "—"
    return _percentage(round(Decimal(ratio), 3), _locale())


@functools.lru_cache(maxsize=4096)
def _decimal(value: float | Decimal, locale: str) -> str:
    """Write a number; a page has hundreds, and many are the same."""
    return str(numbers.format_decimal(value, locale=locale))


@functools.lru_cache(maxsize=4096)
def _amount(amount: Decimal, currency: str, locale: str, *, cents: bool) -> str:
    return str(numbers.format_currency(amount, currency, locale=locale, decimal_quantization=cents))


@functools.lru_cache(maxsize=4096)
def _percentage(ratio: Decimal, locale: str) -> str:
    return str(numbers.format_percent(ratio, locale=locale, decimal_quantization=False))


def _locale() -> str:
    return str(get_locale() or "en")


def _read(value: datetime | date | str) -> datetime:
    """Read a time; services also tell theirs in RFC 3339."""
    if isinstance(value, datetime):
        return value
    return (
        datetime.fromisoformat(value)
        if isinstance(value, str)
        else datetime(value.year, value.month, value.day, tzinfo=UTC)
    )


def _written(value: datetime, pattern: str) -> str:
    return dates.format_datetime(value, pattern, tzinfo=get_timezone(), locale=_locale())


def _element(value: datetime | str, words: str, hint: str = "") -> Markup:
    title = Markup(' title="{}"').format(hint) if hint else ""
    return Markup('<time datetime="{}"{}>{}</time>').format(_read(value).isoformat(), title, words)
