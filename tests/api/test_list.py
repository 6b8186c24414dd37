"""Lists: filters, and pages that neither skip nor repeat while new messages come."""

from datetime import timedelta
from typing import Any

import pytest

from hub.core import clock, ids
from tests.api.making import MESSAGES, json_of, make_message, moment, run, send
from tests.conftest import Caller
from tracking.delivery import Status

BATCH = f"{MESSAGES}/batch"


def ids_of(caller: Caller, **query: Any) -> list[str]:
    response = caller.get(MESSAGES, **query)
    assert 200 == response.status_code, response.text
    return [item["id"] for item in json_of(response)["data"]]


def send_many(caller: Caller, count: int, **fields: Any) -> list[str]:
    answer = caller.post(BATCH, {"messages": [make_message(**fields) for _ in range(count)]})
    return [item["message"]["id"] for item in json_of(answer)["data"]]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_together_are_the_list_newest_first(caller, limit):
    """Every message once, in the order of their making, whatever the size of a page."""
    sent = [send(caller)["id"] for _ in range(7)]

    pages: list[list[str]] = []
    place: dict[str, Any] = {}
    while len(pages) < 10:
        page = json_of(caller.get(MESSAGES, limit=limit, **place))
        pages.append([item["id"] for item in page["data"]])
        place = {"after": page["next"]}
        if page["next"] is None:
            break

    assert sent[::-1] == [message for page in pages for message in page]
    assert all(0 < len(page) <= limit for page in pages)


def test_new_messages_do_not_disturb_who_reads_on(caller):
    """What arrives between two pages neither repeats nor hides what was there."""
    sent = [send(caller)["id"] for _ in range(6)]

    first = caller.get(MESSAGES, limit=2).json
    send_many(caller, 5)
    second = caller.get(MESSAGES, limit=2, after=first["next"]).json
    send_many(caller, 5)
    third = caller.get(MESSAGES, limit=2, after=second["next"]).json

    assert sent[::-1] == [item["id"] for page in (first, second, third) for item in page["data"]]
    assert third["next"] is None


def test_a_page_keeps_its_filter(caller):
    """A cursor is a place, and the filter goes with each request."""
    wanted = [send(caller, reference="wanted")["id"] for _ in range(3)]
    send_many(caller, 3)

    first = caller.get(MESSAGES, limit=2, reference="wanted").json
    rest = ids_of(caller, limit=2, reference="wanted", after=first["next"])

    assert wanted[::-1] == [item["id"] for item in first["data"]] + rest


def test_an_empty_list_is_a_list(caller):
    assert {"data": [], "next": None} == caller.get(MESSAGES).json


def test_fifty_are_a_page_unless_told_otherwise(caller):
    send_many(caller, 60)

    assert (50, 60) == (len(ids_of(caller)), len(ids_of(caller, limit=100)))


def test_several_references_are_read_at_once(caller):
    """`reference=a,b` reads many; one reference may belong to several messages."""
    first, _, third = (send(caller, reference=name)["id"] for name in ("a", "b", "c"))
    again = send(caller, reference="a")["id"]
    send(caller)

    assert [again, third, first] == ids_of(caller, reference="a,c")
    assert [] == ids_of(caller, reference="nothing")


def test_the_batch_of_a_thousand_references_can_be_read(caller):
    """A CRM that sent a batch asks for it in one request."""
    names = [f"order-{number}" for number in range(300)]
    caller.post(BATCH, {"messages": [make_message(reference=name) for name in names]})

    assert 100 == len(ids_of(caller, reference=",".join(names), limit=100))


@pytest.mark.parametrize("status", Status)
def test_each_status_can_be_asked_for(hub, caller, status):
    """A filter by one word or by several finds those and no others."""
    wanted, other = send(caller)["id"], send(caller)["id"]
    others = Status.SENT if status is not Status.SENT else Status.FAILED
    for message, value in ((wanted, status), (other, others)):
        run(hub, "UPDATE messages SET status = :status WHERE id = :id", status=value.value, id=ids.read("msg", message))

    assert [wanted] == ids_of(caller, status=status.word)
    assert [other, wanted] == ids_of(caller, status=f"{status.word},{others.word}")


def test_a_purpose_can_be_asked_for(caller):
    advertisement, code = send(caller, purpose="marketing")["id"], send(caller)["id"]

    assert [[code], [advertisement]] == [ids_of(caller, purpose=p) for p in ("transactional", "marketing")]


def test_a_time_can_be_asked_for(caller):
    """`created_from` is the first moment that counts, `created_to` the first that does not."""
    message = send(caller)
    at = moment(message["created_at"])
    before, after = (at - timedelta(seconds=1)).isoformat(), (at + timedelta(seconds=1)).isoformat()

    assert [message["id"]] == ids_of(caller, created_from=before, created_to=after)
    assert [[], []] == [ids_of(caller, created_from=after), ids_of(caller, created_to=before)]


def test_filters_narrow_each_other(caller):
    send(caller, reference="r", purpose="marketing")
    wanted = send(caller, reference="r")["id"]
    send(caller)

    assert [wanted] == ids_of(caller, reference="r", purpose="transactional", status="accepted")


def test_a_cursor_does_not_open_another_workspace(caller, stranger):
    """A cursor is only a place: whoever uses it sees what is theirs."""
    send_many(stranger, 3)
    place = stranger.get(MESSAGES, limit=1).json["next"]

    assert [] == ids_of(caller, after=place)


def test_the_newest_message_is_listed_as_soon_as_it_was_answered(caller):
    """Read your own writes: 202 means that it is there."""
    began = clock.now()
    for _ in range(20):
        message = send(caller)
        assert [message["id"]] == ids_of(caller, limit=1)

    assert timedelta(seconds=10) > clock.now() - began
