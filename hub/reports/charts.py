"""What the charts of the home screen draw, and say in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel import dates
from flask_babel import get_locale, gettext, ngettext  # type: ignore[import-untyped] # it has no types

from channels.types import Channel
from hub.messages.words import STATUSES
from hub.reports import words
from hub.reports.figures import OUTCOMES, TAKEN, Metric, Week, total_of
from hub.web.formats import number
from tracking.delivery import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """Numbers by hour and channel."""

    title: str
    summary: str
    hours: Sequence[str]
    channels: Sequence[str]
    numbers: Sequence[Sequence[int]]

    @property
    def columns(self) -> list[str]:
        """Return the heads of the table."""
        return [gettext("Hour"), *self.channels]

    @property
    def rows(self) -> list[list[str | int]]:
        """Return the chart as a table."""
        return [[hour, *numbers] for hour, numbers in zip(self.hours, self.numbers, strict=True)]


def by_hour(week: Week, metric: Metric) -> Stacked:
    """Draw a metric by hour and channel. A channel has the same colour whatever others there are."""
    found = week.by_channel(metric)
    known = [channel.value for channel in Channel]
    last = max((known.index(channel) for channel in found if channel in known), default=0)
    channels = [*known[: last + 1], *(channel for channel in found if channel not in known)]
    hours = [f"{hour.astimezone(week.day.zone):%H:%M}" for hour in week.day.hours]
    nothing = [0] * len(hours)
    numbers = [list(column) for column in zip(*(found.get(channel, nothing) for channel in channels), strict=True)]
    title = gettext("%(metric)s by hour", metric=words.METRICS[metric])
    return Stacked(
        title=title,
        summary=_busiest(hours, [sum(column) for column in numbers]),
        hours=hours,
        channels=[words.channel(channel) for channel in channels],
        numbers=numbers,
    )


def weekdays(numbers: Sequence[Sequence[int]]) -> Mapping[str, object]:
    """Draw four weeks by weekday and hour of a clock."""
    names = dates.get_day_names("abbreviated", locale=str(get_locale() or "en"))
    hours = [f"{hour:02}" for hour in range(24)]
    rows = [(names[day], list(row)) for day, row in enumerate(numbers)]
    most = max(max(row) for row in numbers)
    busiest = next(((day, hours[row.index(most)]) for day, row in rows if most in row), None)
    summary = (
        gettext("Busiest on %(day)s at %(hour)s:00.", day=busiest[0], hour=busiest[1])
        if busiest and most
        else gettext("No provider took anything in these four weeks.")
    )
    return {"hours": hours, "rows": rows, "summary": summary}


def funnel(week: Week) -> list[tuple[str, int]]:
    """Return how far the day's messages came."""
    steps = (
        (str(words.METRICS[Metric.MESSAGES]), OUTCOMES[Metric.MESSAGES]),
        (gettext("Taken by a provider"), TAKEN),
        (str(STATUSES[Status.DELIVERED].label), OUTCOMES[Metric.DELIVERED]),
        (str(STATUSES[Status.READ].label), frozenset({Status.READ})),
    )
    return [(label, total_of(week.of_day, outcomes)) for label, outcomes in steps]


def _busiest(hours: Sequence[str], totals: Sequence[int]) -> str:
    total = sum(totals)
    if not total:
        return str(gettext("No messages."))
    most = max(totals)
    sentence = ngettext(
        "%(total)s message; most at %(hour)s: %(most)s.",
        "%(total)s messages; most at %(hour)s: %(most)s.",
        total,
        total=number(total),
        hour=hours[list(totals).index(most)],
        most=number(most),
    )
    return str(sentence)
