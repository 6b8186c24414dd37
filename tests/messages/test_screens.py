"""Writing, reading, cancelling and finding messages by hand."""

import csv
import io
import re

import pytest

from hub.accounts.roles import Role
from hub.core import ids
from tests.api.making import MESSAGES, make_account, run, send
from tests.conftest import make_caller
from tests.messages.making import acts, make_ended
from tests.support.people import csrf_of, post
from tracking.delivery import Status

SCRIPT = "<script>alert(1)</script>"


def write(browser, place, **fields):
    typed = {"to__phone": "+79161234567", "body": "Hello", "purpose": "transactional", "nonce": "n", **fields}
    return post(browser, f"{place}/messages/new", **typed)


def messages_of(hub, caller):
    return run(hub, "SELECT test, user_id, send_at FROM messages WHERE workspace_id = :id", id=caller.workspace.id)


def test_a_message_is_written_and_leads_to_its_page(hub, caller, place, enter):
    make_account(hub, caller)
    browser = enter(Role.MARKETER)

    answer = write(browser, place)
    page = browser.get(answer.headers["Location"])

    assert (303, 200) == (answer.status_code, page.status_code)
    assert "Anna Petrova" in page.text
    ((test, user_id, _),) = messages_of(hub, caller)
    assert (True, True) == (test, user_id is not None)


def test_what_is_written_by_hand_is_written_down(hub, caller, place, enter):
    make_account(hub, caller)
    browser = enter()

    answers = [write(browser, place) for _ in range(2)]

    assert [answers[0].headers["Location"].rpartition("/")[2]] == [
        act.object for act in acts(hub, caller, "message.sent")
    ]


def test_a_number_without_its_country_is_told_which_country_it_was_read_in(hub, caller, place, enter):
    make_account(hub, caller)

    page = write(enter(), place, to__phone="12").text

    assert "It was read as dialled in Russia." in page


def test_where_the_only_account_is_held_the_form_says_so_and_leads_there(hub, caller, place, enter):
    account = make_account(hub, caller)
    run(hub, "UPDATE provider_accounts SET held = true WHERE id = :id", id=account.id)

    page = enter().get(f"{place}/messages/new").text

    assert f"{account.name} is held" in page
    assert f"/provider-accounts/{ids.show('acc', account.id)}" in page
    assert "Nothing to send with yet" not in page


def test_a_message_that_waits_for_a_held_account_says_so(hub, caller, place, enter):
    account = make_account(hub, caller)
    run(hub, "UPDATE provider_accounts SET held = true WHERE id = :id", id=account.id)
    message = send(caller)

    page = enter().get(f"{place}/messages/{message['id']}").text

    assert f"Waiting: {account.name} is held." in page
    assert f"/provider-accounts/{ids.show('acc', account.id)}" in page


@pytest.mark.parametrize(("test", "is_advised"), [(True, False), (False, True)])
def test_a_live_message_where_there_is_but_a_simulator_is_told_so(hub, caller, place, enter, test, is_advised):
    message = make_ended(hub, caller, Status.FAILED, "no_provider_account")
    run(hub, "UPDATE messages SET test = :test WHERE id = :id", test=test, id=ids.read("msg", message["id"]))

    page = enter().get(f"{place}/messages/{message['id']}").text

    assert is_advised == ("make a test key, or add a live account" in page)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("suppressed", "this address must not be written to"),
        ("spend_ceiling", "the spend ceiling is reached"),
        ("no_consent", "the person has not agreed"),
    ],
)
def test_what_held_a_message_back_is_said_by_its_reason(hub, caller, place, enter, reason, words):
    message = send(caller)
    run(
        hub,
        "UPDATE messages SET status = :status, final = true, reason_code = :reason, finished_at = now() WHERE id = :id",
        status=Status.SUPPRESSED.value,
        reason=reason,
        id=ids.read("msg", message["id"]),
    )

    page = enter().get(f"{place}/messages/{message['id']}").text

    assert page.count(f"Held back: {words}") >= 2  # what it came to, and the timeline
    assert set(re.findall("Held back: [^<(]*?(?= at|<)", page)) == {f"Held back: {words}"}


def test_a_cost_that_is_only_counted_is_shown_as_an_estimate(hub, caller, place, enter):
    message = make_ended(hub, caller, Status.DELIVERED)
    run(
        hub,
        "UPDATE attempts SET cost_micros = NULL, cost_currency = NULL, counted_micros = 450000,"
        " counted_currency = 'USD' WHERE workspace_id = :id",
        id=caller.workspace.id,
    )
    browser = enter()

    pages = [browser.get(f"{place}{path}").text for path in ("/messages", f"/messages/{message['id']}")]

    assert ["≈ $0.45" in page for page in pages] == [True, True]
    (row,) = csv.DictReader(io.StringIO(browser.get(f"{place}/messages.csv").text))
    assert ("0.450000", "USD", "true") == (row["cost"], row["currency"], row["cost_is_estimate"])
    assert None is caller.get(f"{MESSAGES}/{message['id']}").json["attempts"][0]["cost"]


def test_a_form_sent_twice_is_one_message_and_a_changed_one_another(hub, caller, place, enter):
    make_account(hub, caller)
    browser = enter()

    first, second = (write(browser, place) for _ in range(2))
    other = write(browser, place, body="Hello again")

    assert first.headers["Location"] == second.headers["Location"] != other.headers["Location"]
    assert 2 == len(messages_of(hub, caller))


@pytest.mark.parametrize(("kind", "test"), [("live", False), ("test", True), ("nonsense", False)])
def test_where_both_kinds_of_account_are_one_chooses(hub, caller, place, enter, kind, test):
    make_account(hub, caller)
    make_account(hub, caller, test=False)

    write(enter(), place, kind=kind)

    assert [test] == [row.test for row in messages_of(hub, caller)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"to__phone": "12"}, "to-phone"),
        ({"to__phone": ""}, "to-phone"),
        ({"body": ""}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"purpose": "gossip"}, "purpose"),
        ({"when": "later", "send_at": ""}, "send_at"),
        ({"when": "later", "send_at": "2020-01-01T10:00"}, "send_at"),
        ({"myself": "1"}, "to-phone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(hub, caller, place, enter, fields, field):
    make_account(hub, caller)

    page = write(enter(), place, **{"body": "Kept words", **fields})

    assert 422 == page.status_code
    assert f'id="f-{field}-error"' in page.text
    assert ("Kept words" in page.text) == ("body" not in fields)
    assert [] == messages_of(hub, caller)


def test_all_mistakes_are_told_at_once(hub, caller, place, enter):
    make_account(hub, caller)

    page = write(enter(), place, to__phone="12", body="x" * 1601, when="later", send_at="")

    assert all(f'id="f-{field}-error"' in page.text for field in ("to-phone", "body", "send_at"))


def test_a_time_is_read_in_the_zone_of_the_workspace(hub, caller, place, enter):
    make_account(hub, caller)
    run(hub, "UPDATE workspaces SET time_zone = 'Asia/Vladivostok' WHERE id = :id", id=caller.workspace.id)
    ((day,),) = run(hub, "SELECT to_char(now() + interval '3 days', 'YYYY-MM-DD')")

    write(enter(), place, when="later", send_at=f"{day}T10:30")

    assert [f"{day} 00:30"] == [f"{row.send_at:%Y-%m-%d %H:%M}" for row in messages_of(hub, caller)]


def test_a_test_to_oneself_goes_to_the_own_phone(hub, caller, place, enter):
    make_account(hub, caller)

    write(enter(phone="+79990001122"), place, to__phone="", myself="1")

    assert "+79990001122" == caller.get(MESSAGES).json["data"][0]["to"]["phone"]


def test_without_an_account_the_form_says_what_to_do(caller, place, enter):
    assert "Nothing to send with yet" in enter().get(f"{place}/messages/new").text


def test_who_only_looks_writes_nothing(hub, caller, place, enter):
    make_account(hub, caller)
    browser = enter(Role.ANALYST)

    assert 403 == browser.get(f"{place}/messages/new").status_code
    assert 403 == post(browser, f"{place}/messages/new", form_on=f"{place}/messages", body="x").status_code


def test_a_cancelled_message_says_so_and_who_did_it_is_written_down(hub, caller, place, enter):
    message = send(caller)
    path = f"{place}/messages/{message['id']}"
    browser = enter()

    post(browser, f"{path}/cancel", form_on=path)
    page = browser.get(path).text

    assert "Nothing is sent" in page
    assert "every 3s" not in page
    assert "cancelled" == caller.get(f"{MESSAGES}/{message['id']}").json["status"]
    assert [message["id"]] == [act.object for act in acts(hub, caller, "message.cancelled")]


def test_too_late_to_cancel_says_so(hub, caller, place, enter):
    message = make_ended(hub, caller, Status.DELIVERED)
    path = f"{place}/messages/{message['id']}"
    browser = enter()

    post(browser, f"{path}/cancel", form_on=path)

    assert "Too late to cancel" in browser.get(path).text


def test_updates_end_when_the_message_is_final(hub, caller, place, enter):
    waiting, ended = send(caller), make_ended(hub, caller, Status.DELIVERED)
    browser = enter()

    parts = [browser.get(f"{place}/messages/{m['id']}", headers={"HX-Request": "true"}).text for m in (waiting, ended)]

    assert [True, False] == ["hx-trigger" in part for part in parts]


def test_a_failure_is_told_in_words_with_what_to_do_and_the_raw_code(hub, caller, place, enter):
    message = make_ended(hub, caller, Status.UNDELIVERED, "unreachable", "30003")
    browser = enter()
    page = browser.get(f"{place}/messages/{message['id']}").text
    browser.set_cookie("language", "ru")
    russian = browser.get(f"{place}/messages/{message['id']}").text

    assert re.search(r"did not arrive at .*3 sec after it was asked for", page)
    assert all(words in page for words in ("switched off", "Try again later", "30003"))
    assert all(words in russian for words in ("телефон выключен", "Попробуйте позже", "30003"))


def test_nothing_that_came_from_outside_is_run(hub, caller, place, enter):
    """Text, reference, metadata, provider's code: shown as they are, escaped."""
    message = make_ended(
        hub, caller, Status.UNDELIVERED, SCRIPT, SCRIPT, body=SCRIPT, reference=SCRIPT, metadata={SCRIPT: SCRIPT}
    )
    browser = enter()

    for path in ("/messages", f"/messages/{message['id']}", f"/messages?reference={SCRIPT}", f"/search?q={SCRIPT}x"):
        page = browser.get(f"{place}{path}")
        assert 200 == page.status_code
        assert SCRIPT not in page.text
        assert "&lt;script&gt;alert" in page.text


def test_search_leads_to_what_was_pasted(hub, caller, place, enter):
    message = make_ended(hub, caller, Status.DELIVERED, reference="order 17", to={"phone": "+79165550101"})
    read = caller.get(f"{MESSAGES}/{message['id']}").json["attempts"][0]
    browser = enter()

    def leads_to(asked):
        return browser.get(f"{place}/search", query_string={"q": asked}).headers.get("Location", "")

    run(
        hub,
        "INSERT INTO provider_ids SELECT workspace_id, provider_account_id, provider_message_id, message_id, number,"
        " now() FROM attempts WHERE workspace_id = :id",
        id=caller.workspace.id,
    )
    own = [message["id"], read["id"], read["provider_message_id"], f"  {message['id']} "]
    assert [f"{place}/messages/{message['id']}"] * 4 == [leads_to(asked) for asked in own]
    assert [f"{place}/messages?phone=%2B79165550101"] * 2 == [leads_to(a) for a in ("+7 916 555-01-01", "89165550101")]
    assert f"{place}/messages?reference=order+17" == leads_to("order 17")


@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "\0",
        "\ud800",
        "msg_",
        "att_01h455vb4pex5vsknk084sn02q_1",
        "acc_x",
        "%",
        "' OR 1=1 --",
        "9" * 300,
        "é" * 99,
        "msg_7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "+",
        "+7",
        "👩‍👩‍👧",
        "../..",
        "{{7*7}}",
    ],
)
def test_any_text_can_be_searched_for(caller, place, enter, asked):
    query = {"q": asked.encode("utf-8", "surrogatepass")}

    assert 200 == enter().get(f"{place}/search", query_string=query).status_code


def test_search_does_not_look_into_another_workspace(hub, client, caller, place, enter):
    stranger = make_caller(hub, client)
    message = send(stranger, reference="theirs", to={"phone": "+79165550102"})
    browser = enter()

    for asked in (message["id"], "theirs", "+79165550102"):
        assert 200 == browser.get(f"{place}/search", query_string={"q": asked}).status_code
    assert 404 == browser.get(f"{place}/messages/{message['id']}").status_code


@pytest.mark.parametrize(
    "query", ["phone=12", "status=nonsense", "from=2026-13-45", "to=9999-12-31", "kind=x", "phone=%00", "channel=fax"]
)
def test_a_filter_that_is_none_is_said_and_lists_nothing(caller, place, enter, query):
    send(caller, reference="there")

    page = enter().get(f"{place}/messages?{query}")

    assert 200 == page.status_code
    assert "These filters cannot be applied" in page.text
    assert "there</td>" not in page.text


def test_the_list_is_filtered_by_its_address(hub, caller, place, enter):
    make_ended(hub, caller, Status.UNDELIVERED, "unreachable", reference="bad", to={"phone": "+79165550103"})
    make_ended(hub, caller, Status.DELIVERED, reference="good")
    browser = enter()

    def shown(query):
        page = browser.get(f"{place}/messages?{query}").text
        return [word for word in ("bad", "good") if f">{word}</td>" in page]

    ((today,),) = run(hub, "SELECT to_char(now(), 'YYYY-MM-DD')")
    expected = {
        "": ["bad", "good"],
        "status=trouble": ["bad"],
        "status=delivered": ["good"],
        "status=open": [],
        "phone=89165550103": ["bad"],
        "reference=good": ["good"],
        "kind=live": [],
        "purpose=marketing": [],
        f"from={today}&to={today}": ["bad", "good"],
        "to=2020-01-01": [],
    }
    assert expected == {query: shown(query) for query in expected}


def test_a_form_without_its_token_is_refused(hub, caller, place, enter):
    make_account(hub, caller)
    browser = enter()
    message = send(caller)
    assert csrf_of(browser.get(f"{place}/messages/new"))

    answers = [browser.post(f"{place}/messages/{path}") for path in ("new", f"{message['id']}/cancel")]

    assert [400, 400] == [answer.status_code for answer in answers]
    assert "accepted" == caller.get(f"{MESSAGES}/{message['id']}").json["status"]
