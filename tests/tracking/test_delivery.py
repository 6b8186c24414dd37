"""Statuses never go backward, and the order in which a provider tells things changes nothing."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.types import EventKind
from tracking.delivery import (
    EVIDENCE,
    FINAL,
    IN_DOUBT,
    OPEN,
    TAKEN,
    VERDICTS,
    AttemptStatus,
    Status,
    attempt_status_after,
    rank,
    status_after,
    verdict_at_end,
)
from tracking.steps import Try, status_of

ACCOUNT = UUID(int=1)
MARKED_AT = datetime(2026, 11, 22, tzinfo=UTC)
DESIGN_ORDER = [
    {"accepted"},
    {"scheduled"},
    {"sending"},
    {"sent"},
    {"expired", "failed", "cancelled", "suppressed"},
    {"unconfirmed"},
    {"undelivered"},
    {"delivered"},
    {"read"},
]
CERTAINLY_NOT_TAKEN = sorted(set(AttemptStatus) - TAKEN - IN_DOUBT)
STARTS = st.sampled_from([Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, *sorted(VERDICTS), Status.UNCONFIRMED])
BEFORE_RECEIPTS = st.sampled_from(sorted(IN_DOUBT) + CERTAINLY_NOT_TAKEN)
KINDS = st.lists(st.sampled_from(EventKind), max_size=6)
RECEIPTS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(EventKind)), max_size=7)


def make_tries(statuses: list[AttemptStatus]) -> list[Try]:
    return [
        Try(number=number, status=status, marked_at=MARKED_AT, provider_account_id=ACCOUNT)
        for number, status in enumerate(statuses, start=1)
    ]


class Story:
    """A message and its attempts as the ledger folds them, one receipt after the other."""

    def __init__(self, status: Status, attempts: list[AttemptStatus]) -> None:
        self.attempts = list(attempts)
        self.status, self.final = status_of(status, make_tries(attempts))
        self.passed = [self.status]

    def hear(self, attempt: int, kind: EventKind) -> None:
        number = attempt % len(self.attempts)
        self.attempts[number] = attempt_status_after(self.attempts[number], [kind])
        self._move(*status_of(self.status, make_tries(self.attempts)))

    def deadline(self) -> None:
        if not self.final:
            self._move(verdict_at_end(self.attempts, Status.EXPIRED), True)

    def _move(self, status: Status, final: bool) -> None:  # noqa: FBT001 - a pair that belongs together
        self.status, self.final = status, final
        self.passed.append(status)


def test_the_ranks_are_those_of_the_design():
    """One fixed order; statuses of one rank exclude each other."""
    by_rank: dict[int, set[str]] = {}
    for status in Status:
        by_rank.setdefault(rank(status), set()).add(status.word)

    assert DESIGN_ORDER == [by_rank[key] for key in sorted(by_rank)]


def test_a_status_is_open_or_final():
    assert set(Status) == OPEN | FINAL
    assert not OPEN & FINAL


def test_every_word_of_a_provider_has_its_evidence():
    """And a word we do not know proves nothing."""
    assert set(EventKind) == EVIDENCE.keys()
    assert AttemptStatus.CALLING is EVIDENCE[EventKind.UNKNOWN]
    assert {EVIDENCE[kind] for kind in EventKind if kind is not EventKind.UNKNOWN} <= TAKEN


@given(st.sampled_from(AttemptStatus), KINDS, st.randoms())
def test_an_attempt_ends_the_same_in_any_order(start, kinds, random):
    """Repeated and reordered receipts tell nothing new."""
    shuffled = kinds + kinds[:3]
    random.shuffle(shuffled)
    one_by_one = start
    for kind in shuffled:
        one_by_one = attempt_status_after(one_by_one, [kind])

    assert attempt_status_after(start, kinds) == one_by_one
    assert rank(start) <= rank(one_by_one)


@given(STARTS, st.lists(BEFORE_RECEIPTS, min_size=1, max_size=3), RECEIPTS, st.randoms())
def test_a_message_ends_the_same_in_any_order(start, attempts, receipts, random):
    """Late, repeated and reordered receipts of all its attempts end in one status, finished or not alike."""
    straight, shuffled = Story(start, attempts), Story(start, attempts)
    for receipt in receipts:
        straight.hear(*receipt)
    disorder = receipts * 2
    random.shuffle(disorder)
    for receipt in disorder:
        shuffled.hear(*receipt)

    assert (straight.status, straight.final) == (shuffled.status, shuffled.final)


def test_every_order_of_a_whole_story_ends_delivered():
    """All 720 orders of what a provider may say of a message that arrived."""
    kinds = list(EventKind)
    ends = set()
    for order in permutations(kinds):
        story = Story(Status.SENDING, [AttemptStatus.CALLING])
        for kind in order:
            story.hear(0, kind)
        ends.add((story.status, story.final))

    assert {(Status.READ, True)} == ends


@given(STARTS, st.lists(BEFORE_RECEIPTS, min_size=1, max_size=3), RECEIPTS, st.integers(0, 7))
def test_a_status_never_goes_backward(start, attempts, receipts, deadline):
    """Whenever the deadline comes between the receipts."""
    story = Story(start, attempts)
    for number, receipt in enumerate(receipts):
        if number == deadline:
            story.deadline()
        story.hear(*receipt)
    story.deadline()

    ranks = [rank(status) for status in story.passed]
    assert sorted(ranks) == ranks
    assert story.final
    assert story.status in FINAL


@given(st.lists(BEFORE_RECEIPTS, min_size=1, max_size=3), RECEIPTS, st.integers(0, 7))
def test_it_does_not_matter_whether_a_receipt_comes_before_or_after_the_deadline(attempts, receipts, deadline):
    """A receipt after our verdict ends where it would have ended before it."""
    early, late = Story(Status.SENDING, attempts), Story(Status.SENDING, attempts)
    for number, receipt in enumerate(receipts):
        if number == deadline:
            late.deadline()
        early.hear(*receipt)
        late.hear(*receipt)
    early.deadline()
    late.deadline()

    assert early.status == late.status


@given(st.lists(st.sampled_from(AttemptStatus), max_size=5), st.sampled_from(sorted(VERDICTS)))
def test_the_verdict_at_the_end_is_the_best_that_is_known(attempts, otherwise):
    """Evidence first, then doubt, then our own verdict; whatever the order of the attempts."""
    verdict = verdict_at_end(attempts, otherwise)

    expected = otherwise
    if any(attempt in IN_DOUBT for attempt in attempts):
        expected = Status.UNCONFIRMED
    taken = [attempt for attempt in attempts if attempt in TAKEN]
    if taken:
        expected = max(Status.UNCONFIRMED, *(Status(attempt.value) for attempt in taken))
    assert expected is verdict
    assert verdict_at_end(attempts[::-1], otherwise) is verdict
    assert verdict in FINAL


@pytest.mark.parametrize("verdict", sorted(VERDICTS))
def test_evidence_of_acceptance_beats_each_of_our_verdicts(verdict):
    """Said too early, it gives way; doubt does not beat it."""
    assert Status.UNCONFIRMED is status_after(verdict, AttemptStatus.SENT)
    assert Status.DELIVERED is status_after(verdict, AttemptStatus.DELIVERED)
    assert [verdict] * 6 == [status_after(verdict, attempt) for attempt in [*IN_DOUBT, *CERTAINLY_NOT_TAKEN]]


def test_a_bounce_after_delivered_leaves_the_status():
    """The address is suppressed elsewhere; the message did arrive."""
    assert Status.DELIVERED is status_after(Status.DELIVERED, AttemptStatus.UNDELIVERED)


@given(st.sampled_from(Status), st.sampled_from(AttemptStatus))
def test_one_attempt_never_lowers_a_message(status, attempt):
    assert rank(status) <= rank(status_after(status, attempt))


@given(st.lists(st.sampled_from(sorted(set(AttemptStatus) - TAKEN)), min_size=1, max_size=4))
def test_a_message_without_evidence_fails_only_when_the_last_attempt_was_refused(attempts):
    """A refusal is for good; whatever else was not taken may be tried again."""
    status, final = status_of(Status.SENDING, make_tries(attempts))

    refused = attempts[-1] is AttemptStatus.REJECTED
    assert ((Status.FAILED, True) if refused else (Status.SENDING, False)) == (status, final)


def test_a_message_without_attempts_stays_as_it_is():
    assert (Status.SCHEDULED, False) == status_of(Status.SCHEDULED, [])
