"""The judge finds what it is there to find."""

import pytest

from tests.drills.judge import Asked, Told, judge


def one(ending=1234, status="delivered", *, final=True, reason=None, times=1):
    """Judge a single message that the provider took so many times."""
    asked = Asked(marker="m1", ending=ending, message_id="msg_1")
    told = Told(message_id="msg_1", marker="m1", status=status, final=final, reason=reason)
    return judge([asked], {"msg_1": told}, ["m1"] * times)


@pytest.mark.parametrize(
    ("ending", "status", "reason", "times"),
    [
        (1234, "delivered", None, 1),
        (2, "undelivered", "address_invalid", 1),
        (3, "undelivered", "unreachable", 1),
        (4, "unconfirmed", "no_receipt", 1),
        (5, "failed", "address_invalid", 0),
        (12, "unconfirmed", "no_receipt", 1),
        (1234, "expired", "deadline_passed", 0),
        (1234, "suppressed", "no_consent", 0),
    ],
)
def test_an_honest_end_passes(ending, status, reason, times):
    """What fits the provider's log is no complaint."""
    assert one(ending, status, reason=reason, times=times).passed


@pytest.mark.parametrize(
    ("status", "final", "reason"),
    [
        ("delivered", True, None),
        ("sent", False, None),
        ("accepted", False, None),
        ("unconfirmed", True, "no_receipt"),
        ("expired", True, None),
    ],
)
def test_a_message_that_nobody_took_and_nobody_explained_is_lost(status, final, reason):
    """Neither in the provider's log nor with a reason why not."""
    verdict = one(status=status, final=final, reason=reason, times=0)

    assert (1, 0, 0) == (len(verdict.lost), len(verdict.doubled), len(verdict.wrong))


def test_a_message_without_an_end_is_lost():
    """Taken, but open for ever."""
    assert 1 == len(one(status="sent", final=False).lost)


def test_a_message_that_the_hub_forgot_is_lost():
    """Answered 202 and gone."""
    assert 1 == len(judge([Asked(marker="m1", ending=1, message_id="msg_1")], {}, []).lost)


def test_a_message_that_was_taken_twice_is_doubled():
    """Whatever its status says."""
    verdict = one(times=2)

    assert (0, 1, 0) == (len(verdict.lost), len(verdict.doubled), len(verdict.wrong))


def test_a_second_message_for_one_request_is_doubled():
    """A retry under the same key made another message."""
    twin = Told(message_id="msg_2", marker="m1", status="delivered", final=True, reason=None)

    assert 1 == len(judge([], {"msg_2": twin}, []).doubled)


def test_a_text_that_nobody_asked_for_is_doubled():
    """The provider took something that no client was told of."""
    assert 1 == len(judge([], {}, ["m9"]).doubled)


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (1234, "expired"),
        (1234, "failed"),
        (1234, "undelivered"),
        (8, "unconfirmed"),
        (11, "cancelled"),
        (2, "delivered"),
        (4, "delivered"),
    ],
)
def test_a_status_that_contradicts_the_provider_is_wrong(ending, status):
    """The provider took it once, and something else became of it."""
    verdict = one(ending, status, reason="deadline_passed")

    assert (0, 0, 1) == (len(verdict.lost), len(verdict.doubled), len(verdict.wrong))
