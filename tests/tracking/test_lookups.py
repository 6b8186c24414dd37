"""What a provider's listing proves about an attempt whose answer was lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.types import EventKind, FoundMessage, ProviderEvent
from tracking.lookups import CLOCK_SKEW, LookUp, Proof, judge

MARKED_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
SETTLE = timedelta(seconds=70)
EARLY, LATE = MARKED_AT + timedelta(seconds=5), MARKED_AT + SETTLE
ASKED = LookUp(sender="+15005550006", body="Your code is 4312", marked_at=MARKED_AT)
NEAR = st.integers(-300, 300).map(lambda seconds: MARKED_AT + timedelta(seconds=seconds))
LISTINGS = st.lists(
    st.builds(
        lambda sender, body, created_at, number: make_found(
            sender=sender, body=body, created_at=created_at, provider_message_id=f"SM{number}"
        ),
        st.sampled_from([ASKED.sender, "+15005550007"]),
        st.sampled_from([ASKED.body, "other"]),
        NEAR,
        st.integers(0, 3),
    ),
    max_size=4,
)
HELD = st.sets(st.sampled_from(["SM0", "SM1", "SM2"]))


def make_found(provider_message_id: str = "SM1", **fields: Any) -> FoundMessage:
    given = {"sender": ASKED.sender, "body": ASKED.body, "created_at": MARKED_AT, **fields}
    return FoundMessage(**given, event=ProviderEvent(kind=EventKind.SENT, provider_message_id=provider_message_id))


@pytest.mark.parametrize("now", [EARLY, LATE, LATE + timedelta(days=1)])
@pytest.mark.parametrize("created_at", [MARKED_AT - CLOCK_SKEW, MARKED_AT, MARKED_AT + timedelta(hours=20)])
def test_one_message_that_fits_is_ours(now, created_at):
    """However slow the provider's clock, up to the skew we allow."""
    found = make_found(created_at=created_at)

    assert (Proof.PRESENT, found) == judge(ASKED, [found], (), now, SETTLE)


@pytest.mark.parametrize(
    "found",
    [
        make_found(sender="+15005550007"),
        make_found(body="Your code is 4313"),
        make_found(body="your code is 4312"),
        make_found(created_at=MARKED_AT - CLOCK_SKEW - timedelta(seconds=1)),
        make_found("SM9"),
    ],
    ids=["another sender", "another text", "another spelling", "too old", "another attempt's"],
)
def test_a_message_that_is_not_ours_proves_nothing(found):
    """Early it is undecided, once the provider had time to list ours it is absent."""
    assert [(Proof.UNDECIDED, None), (Proof.ABSENT, None)] == [
        judge(ASKED, [found], {"SM9"}, now, SETTLE) for now in (EARLY, LATE)
    ]


def test_an_empty_listing_proves_absence_only_after_the_provider_had_time():
    just_before = LATE - timedelta(microseconds=1)

    proofs = [judge(ASKED, [], (), now, SETTLE)[0] for now in (MARKED_AT, just_before, LATE)]

    assert [Proof.UNDECIDED, Proof.UNDECIDED, Proof.ABSENT] == proofs


def test_two_messages_that_fit_stay_undecided_for_ever():
    """Guessing could leave one message unsent or send it twice."""
    twins = [make_found("SM1"), make_found("SM2")]

    assert (Proof.UNDECIDED, None) == judge(ASKED, twins, (), LATE + timedelta(days=7), SETTLE)
    assert (Proof.PRESENT, twins[1]) == judge(ASKED, twins, {"SM1"}, LATE, SETTLE)


@given(LISTINGS, HELD, NEAR, st.integers(0, 120).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_proof_is_never_more_than_the_listing_shows(found, held, now, settle):
    """Present names exactly one fitting message that is nobody else's; absent needs none of them and time."""
    proof, message = judge(ASKED, found, held, now, settle)

    fitting = [
        item
        for item in found
        if (item.sender, item.body) == (ASKED.sender, ASKED.body)
        and item.created_at >= MARKED_AT - CLOCK_SKEW
        and item.event.provider_message_id not in held
    ]
    assert (proof is Proof.PRESENT) == (len(fitting) == 1)
    assert message == (fitting[0] if proof is Proof.PRESENT else None)
    assert (proof is Proof.ABSENT) == (not fitting and now >= MARKED_AT + settle)


@given(LISTINGS, HELD, NEAR, st.randoms())
def test_the_order_of_a_listing_does_not_matter(found, held, now, random):
    shuffled = list(found)
    random.shuffle(shuffled)

    assert judge(ASKED, found, held, now, SETTLE) == judge(ASKED, shuffled, held, now, SETTLE)
