"""What a text takes and costs: the same count as the provider's."""

import json
from pathlib import Path

import pytest

from channels.sms import segments
from hub.core import ids
from tests.api.making import MESSAGES, make_account, pointers_of, problem_of, run

PREVIEW = f"{MESSAGES}/preview"
TEXTS = [row[0] for row in json.loads(Path("tests/channels/data/segments.json").read_text("utf-8"))][::10]


@pytest.mark.parametrize("body", [text for text in TEXTS if 0 < len(text) <= 1600 and "\0" not in text])
def test_the_count_is_the_one_of_the_channel(caller, body):
    answer = caller.post(PREVIEW, {"body": body}).json

    count = segments.count(body)
    assert (count.encoding, count.segments, len(body)) == (answer["encoding"], answer["segments"], answer["characters"])


@pytest.mark.parametrize(
    ("body", "left"), [("", 160), ("a", 159), ("a" * 160, 0), ("a" * 161, 145), ("ж", 69), ("ж" * 71, 63), ("€", 158)]
)
def test_what_the_last_segment_still_takes(body, left):
    assert left == segments.count(body).left


def test_the_characters_that_force_unicode_are_named_once_in_their_order(caller):
    answer = caller.post(PREVIEW, {"body": "Total: 5 € — “paid” — ok"}).json

    assert ["—", "“", "”"] == answer["unicode_characters"]


def test_the_price_is_the_accounts_by_the_segment(hub, caller):
    account = make_account(hub, caller)
    unknown = caller.post(PREVIEW, {"body": "a" * 161}).json
    run(
        hub,
        "UPDATE provider_accounts SET segment_price_micros = 7900, currency = 'USD' WHERE id = :id",
        id=account.id,
    )
    other = make_account(hub, caller, sender="+15005550007")
    run(hub, "UPDATE provider_accounts SET held = true WHERE id = :id", id=other.id)
    caller.client.application.extensions["directory"]._accounts.clear()

    answer = caller.post(PREVIEW, {"body": "a" * 161}).json

    assert None is unknown["cost"]
    assert {"amount": "0.015800", "currency": "USD"} == answer["cost"]
    assert (ids.show("acc", account.id), "+15005550006") == (
        answer["provider_account"]["id"],
        answer["provider_account"]["sender"],
    )


def test_without_an_account_there_is_a_count_and_no_price(caller):
    answer = caller.post(PREVIEW, {"body": "x"}).json

    assert (1, None, None) == (answer["segments"], answer["cost"], answer["provider_account"])


def test_what_sending_would_refuse_the_preview_refuses(caller, caller_with):
    assert {"/body", "/to/phone"} == pointers_of(caller.post(PREVIEW, {"body": "x" * 1601, "to": {"phone": "12"}}))
    assert {"/colour"} == pointers_of(caller.post(PREVIEW, {"body": "x", "colour": 1}))
    only_codes = caller_with(purposes=["transactional"])
    problem_of(only_codes.post(PREVIEW, {"body": "x", "purpose": "marketing"}), 403)
