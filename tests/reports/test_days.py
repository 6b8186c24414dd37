"""Days of a workspace, counted in whole hours."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.reports import days

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "when", "since", "hours"),
    [
        ("UTC", date(2026, 11, 22), "2026-11-22T00:00", 24),
        ("Europe/Moscow", date(2026, 11, 22), "2026-11-21T21:00", 24),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", 25),  # put back
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00", 23),  # put forward
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00", 23),  # its midnight is skipped
        ("Asia/Kolkata", date(2026, 11, 22), "2026-11-21T19:00", 24),  # half an hour after midnight
        ("Asia/Kathmandu", date(2026, 11, 22), "2026-11-21T19:00", 24),  # three quarters
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00", 25),  # put back by half an hour
    ],
)
def test_a_day_begins_at_the_first_whole_hour_after_midnight(zone, when, since, hours):
    day = days.day_of(when, zone)

    assert (utc(since), hours) == (day.since, len(day.hours))


@pytest.mark.parametrize(
    "zone", ["Europe/Moscow", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "Australia/Lord_Howe"]
)
def test_every_hour_of_a_year_belongs_to_one_day(zone):
    """Days follow each other without gap or overlap, and an hour's day is the one it begins in."""
    year = [days.day_of(date(2026, 1, 1) + timedelta(days=number), zone) for number in range(365)]

    assert all(day.until == after.since for day, after in itertools.pairwise(year))
    assert all(day.date == days.date_of(hour + HOUR / 2, zone) for day in year for hour in day.hours)


def test_a_day_that_runs_is_compared_until_the_same_whole_hour():
    """At 14:35 both days count until 14:00."""
    today, before = days.day_of(date(2026, 11, 22), "Europe/Moscow"), days.day_of(date(2026, 11, 15), "Europe/Moscow")

    ended = today.ended(utc("2026-11-22T11:35"))

    assert utc("2026-11-22T11:00") == ended
    assert utc("2026-11-15T11:00") == before.at_same_time(today, ended)


def test_a_day_that_is_over_is_compared_with_a_whole_day():
    """Also where one of them has an hour more."""
    day, before = (
        days.day_of(date(2026, 11, 1), "America/New_York"),
        days.day_of(date(2026, 10, 25), "America/New_York"),
    )

    ended = day.ended(utc("2026-11-03T00:00"))

    assert day.until == ended
    assert before.until == before.at_same_time(day, ended)


def test_after_the_clock_was_put_back_noon_is_compared_with_noon():
    """Thirteen hours of the long day stand against twelve of the other."""
    day, before = (
        days.day_of(date(2026, 11, 1), "America/New_York"),
        days.day_of(date(2026, 10, 25), "America/New_York"),
    )
    noon = utc("2026-11-01T17:00")

    same = before.at_same_time(day, noon)

    assert (13 * HOUR, 12 * HOUR) == (noon - day.since, same - before.since)


def test_before_its_first_hour_is_over_a_day_is_compared_with_nothing():
    day, before = days.day_of(date(2026, 11, 22), "Asia/Kolkata"), days.day_of(date(2026, 11, 15), "Asia/Kolkata")

    ended = day.ended(day.since + HOUR / 3)

    assert (day.since, before.since) == (ended, before.at_same_time(day, ended))


def test_only_zones_off_the_hour_are_shifted():
    assert days.day_of(date(2026, 11, 22), "Asia/Kolkata").is_shifted
    assert not days.day_of(date(2026, 11, 22), "Europe/Moscow").is_shifted
