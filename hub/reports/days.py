"""Days of a workspace: they begin at its midnight, and are counted in whole hours of UTC, as the rollups are.

An hour belongs to the day in which it begins. Where the clock differs from UTC by half an hour, a day therefore begins
half an hour after midnight; where it is put forward or back, a day has 23 or 25 hours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day by the clock of a workspace. `since` and `until` are whole hours, `until` is not part of it."""

    date: date
    zone: ZoneInfo
    since: datetime
    until: datetime

    @property
    def hours(self) -> list[datetime]:
        """Return when each of its hours begins."""
        return [self.since + number * HOUR for number in range((self.until - self.since) // HOUR)]

    @property
    def is_shifted(self) -> bool:
        """Tell whether its hours do not begin at full hours of the workspace's clock."""
        return self.since.astimezone(self.zone).minute != 0

    def ended(self, now: datetime) -> datetime:
        """Return until when its hours are over."""
        return max(self.since, min(self.until, floor(now)))

    def at_same_time(self, other: "Day", moment: datetime) -> datetime:
        """Return the first whole hour of this day that is not earlier by the clock than a moment of another day."""
        if moment >= other.until:
            return self.until
        clock_time = moment.astimezone(self.zone).time()
        return max(self.since, min(self.until, ceiling(_at(self.date, clock_time, self.zone))))


def day_of(when: date, zone_name: str) -> Day:
    """Return a day by the clock of a zone."""
    zone = ZoneInfo(zone_name)
    begin, end = (ceiling(_at(midnight, time(), zone)) for midnight in (when, when + timedelta(days=1)))
    return Day(date=when, zone=zone, since=begin, until=end)


def date_of(moment: datetime, zone_name: str) -> date:
    """Return which day it is in a zone: the one its hour began in."""
    return floor(moment).astimezone(ZoneInfo(zone_name)).date()


def floor(moment: datetime) -> datetime:
    """Return when an hour of UTC began."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def ceiling(moment: datetime) -> datetime:
    """Return the first whole hour of UTC at or after a moment."""
    whole = floor(moment)
    return whole if whole == moment else whole + HOUR


def _at(when: date, clock_time: time, zone: ZoneInfo) -> datetime:
    """Return a time of a zone's clock; skipped, the moment of the skip; come twice, the first."""
    return datetime.combine(when, clock_time, zone).astimezone(UTC)
