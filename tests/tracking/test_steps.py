"""What is done next about a message: never too late, and never a second call where the first may have worked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus
from tracking.steps import AHEAD, LONGEST_PAUSE, PATIENCE, Do, Next, Try, next_after, pause_before

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
NEAR = st.integers(-(10**6), 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
STATUSES = st.lists(st.sampled_from(AttemptStatus), min_size=1, max_size=4)
DEADLINE = NOW + timedelta(hours=24)
SOON = NOW + timedelta(seconds=30)


def make_tries(*statuses: AttemptStatus, marked_at: datetime = NOW) -> list[Try]:
    return [
        Try(number=number, status=status, marked_at=marked_at, provider_account_id=UUID(int=1))
        for number, status in enumerate(statuses, start=1)
    ]


@given(STATUSES, NEAR, NEAR, st.none() | NEAR, NEAR)
def test_nothing_is_planned_after_the_deadline(statuses, deadline, now, again_at, marked_at):
    """Whatever a provider asked for, the message has its last status by its deadline."""
    step = next_after(make_tries(*statuses, marked_at=marked_at), deadline, now, again_at)

    assert step.at is None or step.at <= deadline
    assert (step.at is None) == (step.do is Do.WAIT)


@given(STATUSES, NEAR, NEAR, st.none() | NEAR)
def test_nothing_is_sent_again_that_may_have_been_taken(statuses, deadline, now, again_at):
    """A call is repeated only after certain non-acceptance of the last attempt, and never after an acceptance."""
    step = next_after(make_tries(*statuses), deadline, now, again_at)

    may_be_there = TAKEN & set(statuses) or statuses[-1] in IN_DOUBT
    assert (step.do is Do.SEND) == (not may_be_there)


@given(STATUSES, NEAR, st.none() | NEAR)
def test_every_open_message_has_something_planned(statuses, now, again_at):
    """No message ends in silence: a time is set, or a caller is at work that will tell."""
    step = next_after(make_tries(*statuses), DEADLINE, now, again_at)

    assert step.do is not Do.NOTHING
    assert step.at or statuses[-1] is AttemptStatus.CALLING


@pytest.mark.parametrize(
    "status", [AttemptStatus.THROTTLED, AttemptStatus.UNAVAILABLE, AttemptStatus.ABSENT], ids=lambda status: status.word
)
def test_what_was_certainly_not_taken_is_sent_when_the_provider_said(status):
    assert Next(Do.SEND, SOON) == next_after(make_tries(status), DEADLINE, NOW, SOON)
    assert Next(Do.SEND, NOW) == next_after(make_tries(status), DEADLINE, NOW, None)


def test_a_call_under_way_is_left_to_its_caller():
    assert Next(Do.WAIT) == next_after(make_tries(AttemptStatus.CALLING), DEADLINE, NOW, SOON)


def test_a_lost_answer_is_asked_about():
    assert Next(Do.FOLLOW_UP, SOON) == next_after(make_tries(AttemptStatus.UNKNOWN), DEADLINE, NOW, SOON)


def test_a_receipt_is_waited_for_before_the_provider_is_asked():
    """First patience, then a question shortly before the deadline, then the deadline."""
    tries = make_tries(AttemptStatus.SENT)
    last_question = DEADLINE - AHEAD

    moments = [next_after(tries, DEADLINE, now, None) for now in (NOW, NOW + PATIENCE, last_question, DEADLINE)]

    assert [Next(Do.FOLLOW_UP, at) for at in (NOW + PATIENCE, last_question, DEADLINE, DEADLINE)] == moments


@given(st.integers(1, 7 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_message_that_was_taken_is_asked_about_before_it_is_concluded(ttl):
    """However short its time: a deadline without a question would be a guess."""
    tries, deadline = make_tries(AttemptStatus.SENT), NOW + ttl
    at, asked = NOW, []
    while at < deadline:
        step = next_after(tries, deadline, at, None)
        assert step.at is not None
        assert at < step.at
        at = step.at
        asked.append(at)

    assert deadline == asked.pop()
    assert asked
    assert deadline - asked[-1] <= AHEAD


@given(st.integers(1, 1000))
def test_pauses_grow_to_five_minutes_and_no_further(number):
    assert timedelta(seconds=2) <= pause_before(number) <= pause_before(number + 1) <= LONGEST_PAUSE


def test_pauses_double():
    assert [2, 4, 8, 16, 32, 64, 128, 256, 300] == [pause_before(n).total_seconds() for n in range(1, 10)]
