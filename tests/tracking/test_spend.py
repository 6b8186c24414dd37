"""What an attempt costs, and how near a month's spend is to its ceiling."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.types import Cost
from tracking.delivery import AttemptStatus
from tracking.spend import Bill, State, due, meter, month_of, moves

PAID = {
    AttemptStatus.UNKNOWN,
    AttemptStatus.SENT,
    AttemptStatus.UNDELIVERED,
    AttemptStatus.DELIVERED,
    AttemptStatus.READ,
}
COSTS = st.none() | st.builds(Cost, micros=st.integers(0, 10**9), currency=st.sampled_from(["USD", "RUB"]))


def usd(micros: int) -> Cost:
    return Cost(micros=micros, currency="USD")


@pytest.mark.parametrize("status", AttemptStatus, ids=lambda status: status.word)
def test_what_was_taken_or_may_have_been_is_paid_for(status):
    """A call whose end nobody knows may cost money; one that was certainly refused does not."""
    assert (due(status, Bill(cost=usd(7900))) == usd(7900)) == (status in PAID)


def test_the_price_list_serves_until_the_provider_tells_the_cost():
    listed = Bill(segments=3, segment_price=usd(10_000))
    told = Bill(segments=3, segment_price=usd(10_000), cost=usd(23_700))

    assert (usd(30_000), usd(23_700)) == (due(AttemptStatus.SENT, listed), due(AttemptStatus.SENT, told))


def test_nothing_is_counted_where_nobody_knows_a_price():
    assert due(AttemptStatus.SENT, Bill(segments=3)) is None
    assert due(AttemptStatus.SENT, Bill(segment_price=usd(10_000))) is None


@given(st.lists(COSTS, max_size=6))
def test_moves_lead_from_any_cost_to_any_other(costs):
    """Whatever was known in between, and in which currency, the sums are those of the last cost alone."""
    sums: Counter[str] = Counter()
    before = None
    for after in costs:
        for step in moves(before, after):
            sums[step.currency] += step.micros
        before = after

    last = costs[-1] if costs else None
    expected = {last.currency: last.micros} if last and last.micros else {}
    assert expected == {currency: micros for currency, micros in sums.items() if micros}


def test_the_same_cost_told_again_moves_nothing():
    assert [] == list(moves(usd(7900), usd(7900)))


@pytest.mark.parametrize(
    ("spent", "ceiling", "state"),
    [
        (0, None, State.OK),
        (10**9, None, State.OK),
        (79, 100, State.OK),
        (80, 100, State.NEAR),
        (99, 100, State.NEAR),
        (100, 100, State.REACHED),
        (120, 100, State.REACHED),
        (0, 0, State.REACHED),
    ],
)
def test_a_warning_comes_at_80_percent_and_the_end_at_100(spent, ceiling, state):
    assert state is meter({"USD": spent}, "USD", ceiling).state


@pytest.mark.parametrize(("spent", "state"), [(45, State.OK), (55, State.OK), (56, State.REACHED), (90, State.REACHED)])
def test_what_does_not_pay_for_one_segment_more_is_the_end(spent, state):
    """Three segments of 0.45 never cost more than 1.00."""
    assert state is meter({"USD": spent}, "USD", 100, 45).state


def test_a_ceiling_is_held_against_its_own_currency_only():
    """Nothing is converted; what was spent in other currencies is told beside it."""
    found = meter({"USD": 50, "RUB": 900}, "USD", 100)

    assert (50, State.OK, {"RUB": 900}) == (found.spent_micros, found.state, found.others)


def test_without_a_currency_the_greatest_amount_is_shown():
    assert ("RUB", 900) == ((found := meter({"USD": 50, "RUB": 900}, None, None)).currency, found.spent_micros)
    assert (None, 0) == ((empty := meter({}, None, None)).currency, empty.spent_micros)


def test_a_month_is_a_month_of_utc():
    """The call belongs to the month in which it was made, wherever the one who reads lives."""
    east = timezone(timedelta(hours=3))

    assert date(2026, 11, 1) == month_of(datetime(2026, 12, 1, 2, 59, tzinfo=east))
    assert date(2026, 12, 1) == month_of(datetime(2026, 12, 1, tzinfo=UTC))
