"""What becomes of a message, for every outcome that the simulator can script."""

import pytest

from tests.support.live import LiveHub, phone

OUTCOMES = [
    (1234, "delivered", None, None),
    (2, "undelivered", "address_invalid", "30005"),
    (3, "undelivered", "unreachable", "30003"),
    (4, "unconfirmed", "no_receipt", None),
    (5, "failed", "address_invalid", "21211"),
    (6, "failed", "opted_out", "21610"),
    (7, "delivered", None, None),
    (8, "delivered", None, None),
    (9, "delivered", None, None),
    (10, "delivered", None, None),
    (11, "delivered", None, None),
    (12, "unconfirmed", "no_receipt", None),
]


@pytest.fixture(scope="module")
def sent(live: LiveHub) -> dict[int, dict[str, object]]:
    """One message for each ending, sent together so that their waits overlap."""
    return {ending: live.send_sms(phone(ending), ttl_seconds=20) for ending, *_ in OUTCOMES}


@pytest.mark.parametrize(("ending", "status", "reason", "provider_code"), OUTCOMES)
def test_a_scripted_outcome_ends_in_its_status_and_reason(live, sent, ending, status, reason, provider_code):
    """Every row of the simulator's table holds."""
    message = live.settle(sent[ending])

    found = message["reason"] or {"code": None, "provider_code": None}
    assert (status, reason, provider_code) == (message["status"], found["code"], found["provider_code"])
