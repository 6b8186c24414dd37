"""The figures of a day equal what the messages say."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from hub.core import clock
from hub.core.runtime import Runtime
from tests.conftest import make_caller
from tests.reports.conftest import counts, move, report, set_zone
from tests.support.people import make_person, sign_in
from tracking.delivery import Status

DAY = datetime(2026, 11, 19, 9, 30, tzinfo=UTC)  # over long since, by any clock
WEEK = timedelta(days=7)


@pytest.fixture
def busy(conclude):
    """Make a day of every outcome, and less of it a week before."""
    for count, status in enumerate(status for status in Status if status >= Status.SENT):
        conclude(status, DAY, count + 1)
    conclude(Status.DELIVERED, DAY - WEEK, 2)


def test_figures_equal_the_messages(caller, busy):
    """Each metric is the sum of its outcomes, and the same hours a week ago stand beside it."""
    answer = report(caller, day="2026-11-19")

    sent, expired, failed, cancelled, suppressed, unconfirmed, undelivered, delivered, read = range(1, 10)
    assert {
        "messages": (sum(range(1, 10)), 2),
        "delivered": (delivered + read, 2),
        "not_delivered": (undelivered + failed + unconfirmed, 0),
        "waiting": (sent, 0),
        "refused": (suppressed + expired + cancelled, 0),
    } == counts(answer)


def test_the_figures_add_up_to_the_first_and_their_shares_to_one(caller, busy):
    messages, *parts = report(caller, day="2026-11-19")["figures"]

    assert messages["count"] == sum(part["count"] for part in parts)
    assert 1 == pytest.approx(sum(part["share"] for part in parts))
    assert ("messages", None) == (messages["metric"], messages["share"])


def test_outcomes_and_hours_add_up_to_the_figures(caller, busy):
    answer = report(caller, day="2026-11-19")

    assert sum(range(1, 10)) == sum(row["count"] for row in answer["outcomes"])
    assert 2 == sum(row["week_ago"] for row in answer["outcomes"])
    for figure in answer["figures"]:
        assert (24, figure["count"]) == (len(figure["by_hour"]), sum(figure["by_hour"]))
        assert figure["count"] == figure["by_hour"][12]  # 09:30 UTC is past noon in Moscow


def test_a_message_that_moves_on_is_counted_once(hub, caller, conclude):
    """A late receipt takes it out of one figure and puts it into another."""
    (message_id,) = conclude(Status.SENT, DAY)
    before = counts(report(caller, day="2026-11-19"))

    move(hub, caller, message_id, Status.DELIVERED)

    after = counts(report(caller, day="2026-11-19"))
    assert ((1, 0), (0, 0)) == (before["waiting"], before["delivered"])
    assert ((0, 0), (1, 0)) == (after["waiting"], after["delivered"])
    assert before["messages"] == after["messages"]


@pytest.mark.parametrize(
    ("zone", "day", "begins_at", "hours"),
    [
        ("Europe/Moscow", "2026-11-19", "2026-11-18T21:00:00.000Z", 24),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z", 25),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00:00.000Z", 23),
        ("Asia/Kolkata", "2026-11-19", "2026-11-18T19:00:00.000Z", 24),
    ],
)
def test_a_day_is_the_workspaces_own(hub, caller, conclude, zone, day, begins_at, hours):
    """The first and the last hour are in it, those beside it are not."""
    set_zone(hub, caller, zone)
    first = datetime.fromisoformat(begins_at)
    last = first + timedelta(hours=hours - 1)
    for at in (first - timedelta(seconds=1), first, last + timedelta(minutes=59), last + timedelta(hours=1)):
        conclude(Status.DELIVERED, at)

    answer = report(caller, day=day)

    assert (begins_at, hours) == (answer["span"]["begins_at"], len(answer["figures"][0]["by_hour"]))
    assert (1, 1) == (answer["figures"][0]["by_hour"][0], answer["figures"][0]["by_hour"][-1])
    assert 2 == answer["figures"][0]["count"]


def test_today_is_compared_by_whole_hours_that_are_over(caller, conclude):
    """The running hour is counted and not compared."""
    now = clock.now()
    conclude(Status.DELIVERED, now)
    conclude(Status.DELIVERED, now - WEEK)

    answer = report(caller)

    figure = next(figure for figure in answer["figures"] if figure["metric"] == "delivered")
    assert (1, 0, 0) == (figure["count"], figure["compared"], figure["week_ago"])
    assert now.replace(minute=0, second=0, microsecond=0) == datetime.fromisoformat(answer["compared_with"]["until"])


def test_the_heat_map_has_four_weeks_by_the_workspaces_clock(caller, conclude):
    """Thursday at 09:30 UTC is Thursday at noon in Moscow; five weeks ago is no more in it."""
    conclude(Status.DELIVERED, DAY, 2)
    conclude(Status.UNDELIVERED, DAY - WEEK)
    conclude(Status.SUPPRESSED, DAY)  # never handed over
    conclude(Status.DELIVERED, DAY - 5 * WEEK)

    weekdays = report(caller, day="2026-11-20")["weekdays"]

    assert (7, {24}) == (len(weekdays), {len(row) for row in weekdays})
    assert (3, 3) == (weekdays[3][12], sum(map(sum, weekdays)))


def test_another_workspaces_messages_are_not_in_it(hub, client, caller, busy):
    stranger = make_caller(hub, client, test=False)

    answer = report(stranger, day="2026-11-19")

    assert {(0, 0)} == set(counts(answer).values())
    assert ([], 0) == (answer["outcomes"], sum(map(sum, answer["weekdays"])))


@pytest.mark.parametrize("day", ["2100-01-01", "2019-12-31", "yesterday", "2026-02-30"])
def test_a_day_that_there_is_not_is_refused(caller, day):
    response = caller.get("/api/v1/reports/home", day=day)

    assert (422, "/day") == (response.status_code, response.json["errors"][0]["pointer"])


def test_a_test_key_sees_the_same_figures(hub, client):
    """They hold no person; whoever tries the API with a test key tries the report too."""
    response = make_caller(hub, client, test=True).get("/api/v1/reports/home")

    assert 200 == response.status_code


def test_the_screen_and_the_api_say_the_same(hub, client, caller, busy):
    """Both come from one function."""
    sign_in(client, make_person(hub, caller.workspace))

    page = client.get(f"/w/{caller.workspace.slug}/?day=2026-11-19&metric=delivered")

    assert 200 == page.status_code
    for figure in report(caller, day="2026-11-19")["figures"]:
        assert f'<span class="tile-value">{figure["count"]}' in page.text


def test_the_part_that_lives_is_the_same_as_on_the_page(hub, client, caller, busy):
    """It keeps the day and the metric of the page."""
    sign_in(client, make_person(hub, caller.workspace))
    place = f"/w/{caller.workspace.slug}/"

    part = client.get(f"{place}home/live?day=2026-11-19&metric=waiting")

    assert 200 == part.status_code
    assert "<html" not in part.text
    assert f'hx-get="{place}home/live?metric=waiting&amp;day=2026-11-19"' in part.text


def test_the_csv_has_the_charts_numbers(hub, client, caller, busy):
    sign_in(client, make_person(hub, caller.workspace))

    answer = client.get(f"/w/{caller.workspace.slug}/home.csv?day=2026-11-19&metric=delivered")

    assert ("text/csv", 25) == (answer.mimetype, len(answer.text.strip().splitlines()))
    assert ["12:00", "17"] in list(csv.reader(io.StringIO(answer.text)))


def test_an_empty_workspace_says_what_to_do_first(hub, client, caller):
    sign_in(client, make_person(hub, caller.workspace))

    page = client.get(f"/w/{caller.workspace.slug}/")

    assert "First steps" in page.text
    assert all(path in page.text for path in ("provider-accounts/new", "messages/new"))
    assert 1 == page.text.count("Done")  # there is a key
    assert "tile-value" not in page.text


def test_another_workspaces_screen_is_not_there(hub: Runtime, client, caller):
    stranger = make_caller(hub, client, test=False)
    sign_in(client, make_person(hub, stranger.workspace))

    assert 404 == client.get(f"/w/{caller.workspace.slug}/").status_code
    assert 404 == client.get(f"/w/{caller.workspace.slug}/attention").status_code
