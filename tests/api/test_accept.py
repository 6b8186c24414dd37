"""A message that was accepted: its answer, its rows, its times."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.core import clock, ids
from hub.messages.models import MESSAGES as MESSAGES_TABLE
from tests.api.making import MESSAGES, make_account, make_attempt, make_message, moment, phone, run, send, stored
from tracking.delivery import AttemptStatus

DAY = timedelta(hours=24)


def test_the_answer_is_the_message_and_says_where_it_is(caller):
    """202, Location, and every field of the contract with the value that it has now."""
    sent = make_message(reference="order-17", metadata={"shop": "Тверь", "n": [1, None]})
    response = caller.post(MESSAGES, sent)

    answer = response.json
    created_at = moment(answer["created_at"])
    assert (202, f"{MESSAGES}/{answer['id']}") == (response.status_code, response.headers["Location"])
    assert timedelta(seconds=5) > clock.now() - created_at
    assert {
        "id": ids.show("msg", ids.read("msg", answer["id"])),
        "to": sent["to"],
        "status": "accepted",
        "final": False,
        "reason": None,
        "purpose": "transactional",
        "reference": "order-17",
        "metadata": {"shop": "Тверь", "n": [1, None]},
        "created_at": answer["created_at"],
        "send_at": None,
        "deadline_at": (created_at + DAY).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "attempts": [],
        "timeline": [{"at": answer["created_at"], "kind": "accepted", "attempt": None, "provider_code": None}],
    } == answer


@pytest.mark.parametrize(
    "fields", [{}, {"reference": "r"}, {"metadata": {}}, {"send_at": "2026-12-31T10:00:00.5+03:00"}]
)
def test_a_message_reads_back_as_it_was_accepted(caller, fields):
    """The answer to POST, the message by id and the message in the list are the same."""
    if "send_at" in fields:
        fields = {"send_at": (clock.now() + DAY).isoformat()}
    answer = send(caller, **fields)

    assert answer == caller.get(f"{MESSAGES}/{answer['id']}").json
    assert {"data": [answer], "next": None} == caller.get(MESSAGES).json


def test_accepting_leaves_a_message_and_its_work_and_nothing_else(hub, caller):
    """One row each; rollups and the feed are not touched."""
    send(caller)

    kept = {table: count for table, count in stored(hub, caller.workspace.id).items() if count}
    assert {"messages": 1, "outbox": 1} == kept


def test_nothing_personal_is_readable_in_the_database(hub, caller):
    """Address, text and metadata are sealed in every table."""
    send(caller, to={"phone": "+79161112233"}, body="A very secret text", metadata={"who": "Anna"})

    rows = run(
        hub,
        "SELECT m::text || o::text FROM messages m JOIN outbox o ON o.key = m.id WHERE m.workspace_id = :id",
        id=caller.workspace.id,
    )
    sealed = run(
        hub, "SELECT convert_from(sealed, 'UTF8') FROM messages WHERE workspace_id = :id", id=caller.workspace.id
    )

    assert 1 == len(rows)
    assert not [word for word in ("9161112233", "secret", "Anna") if word in rows[0][0] + sealed[0][0]]


@pytest.mark.parametrize(
    ("given", "region", "kept"),
    [
        ("+7 (916) 123-45-67", "RU", "+79161234567"),
        ("8 916 123 45 67", "RU", "+79161234567"),
        ("07911 123456", "GB", "+447911123456"),
        ("+39 06 698 12345", "RU", "+390669812345"),  # Italy keeps its leading zero
    ],
)
def test_a_number_is_read_as_people_write_it(hub, caller, given, region, kept):
    """Without a plus it is read in the workspace's region; it is found again however it is written."""
    run(hub, "UPDATE workspaces SET region = :region WHERE id = :id", region=region, id=caller.workspace.id)

    answer = send(caller, to={"phone": given})

    found = [caller.get(MESSAGES, phone=text).json["data"] for text in (given, kept)]
    assert [[answer], [answer]] == found


@pytest.mark.parametrize(("purpose", "lane"), [("transactional", "now"), ("marketing", "normal")])
def test_a_code_goes_before_an_advertisement(hub, caller, purpose, lane):
    """The lane of a single message follows its purpose."""
    send(caller, purpose=purpose)

    assert [(lane,)] == run(hub, "SELECT lane FROM outbox WHERE workspace_id = :id", id=caller.workspace.id)


@pytest.mark.parametrize("ttl", [1, 300, 7 * 24 * 3600])
def test_the_deadline_is_the_ttl_after_now(caller, ttl):
    answer = send(caller, ttl_seconds=ttl)

    assert timedelta(seconds=ttl) == moment(answer["deadline_at"]) - moment(answer["created_at"])


def test_a_scheduled_message_waits_for_its_time_and_its_deadline_counts_from_there(hub, caller):
    """`send_at` moves the work and the deadline, in whatever offset it is written."""
    send_at = datetime(clock.now().year + 1, 1, 1, 10, tzinfo=UTC) - timedelta(days=30)
    send_at = min(send_at, clock.now() + timedelta(days=30)).replace(microsecond=0)
    offset = (send_at + timedelta(hours=3)).replace(tzinfo=None).isoformat() + "+03:00"

    answer = send(caller, send_at=offset, ttl_seconds=60)

    due = run(hub, "SELECT due_at, expires_at FROM outbox WHERE workspace_id = :id", id=caller.workspace.id)
    assert "scheduled" == answer["status"]
    assert (send_at, send_at + timedelta(seconds=60)) == (moment(answer["send_at"]), moment(answer["deadline_at"]))
    assert [(send_at, send_at + timedelta(seconds=60))] == due


def test_the_last_moment_that_may_be_scheduled_is_in_90_days(caller):
    answer = send(caller, send_at=(clock.now() + timedelta(days=90, seconds=-5)).isoformat(), ttl_seconds=7 * 24 * 3600)

    assert "scheduled" == answer["status"]


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "x" * 1600},
        {"body": "я" * 1600},
        {"body": "👍" * 800},
        {"reference": "r" * 255},
        {"reference": "заказ/№ 17, «срочно»"},
        {"metadata": {"x": "y" * (16 * 1024 - 8)}},
        {"metadata": {"nul": "a\0b"}},
    ],
)
def test_the_largest_of_everything_is_accepted_and_comes_back(caller, fields):
    answer = send(caller, **fields)

    expected = {name: value for name, value in fields.items() if name != "body"}
    assert expected == {name: caller.get(f"{MESSAGES}/{answer['id']}").json[name] for name in expected}


def test_messages_land_in_the_partition_of_their_month(hub, caller):
    """The default partition stays empty: a month is dropped or moved as one table."""
    send(caller)

    tables = run(hub, "SELECT tableoid::regclass::text FROM messages WHERE workspace_id = :id", id=caller.workspace.id)
    assert [(f"{MESSAGES_TABLE.name}_{clock.now():%Y_%m}",)] == tables


def test_an_attempt_is_shown_with_its_provider_and_its_place_in_time(hub, caller):
    """Every attempt and what happened in order, as the contract words it."""
    account, answer = make_account(hub, caller), send(caller)
    make_attempt(hub, caller, answer, AttemptStatus.SENT)

    message = caller.get(f"{MESSAGES}/{answer['id']}").json

    (attempt,) = message["attempts"]
    assert {
        "id": answer["id"].replace("msg_", "att_") + "_1",
        "channel": "sms",
        "provider": account.provider,
        "status": "sent",
        "provider_message_id": None,
        "segments": None,
        "cost": None,
        "reason": None,
        "created_at": attempt["created_at"],
        "finished_at": None,
    } == attempt
    assert ["accepted", "calling"] == [line["kind"] for line in message["timeline"]]


def test_the_cost_of_an_attempt_is_exact(hub, caller):
    """Money is a decimal text with its currency, never a float."""
    answer = send(caller)
    make_attempt(hub, caller, answer, AttemptStatus.SENT)
    run(
        hub,
        "UPDATE attempts SET cost_micros = 7900, cost_currency = 'USD', segments = 2 WHERE message_id = :id",
        id=ids.read("msg", answer["id"]),
    )

    (attempt,) = caller.get(f"{MESSAGES}/{answer['id']}").json["attempts"]

    assert ({"amount": "0.007900", "currency": "USD"}, 2) == (attempt["cost"], attempt["segments"])


def test_two_people_with_one_number_are_two_messages(caller):
    """Nothing is merged that was not asked to be."""
    number = phone()

    first, second = send(caller, to={"phone": number}), send(caller, to={"phone": number})

    assert [second["id"], first["id"]] == [item["id"] for item in caller.get(MESSAGES, phone=number).json["data"]]
