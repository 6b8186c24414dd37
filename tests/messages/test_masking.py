"""Who sees addresses and texts: in the API, on screens and in files; and what is written down about it."""

import pytest

from hub.accounts.roles import Role
from hub.accounts.scopes import WORKSPACE_SCOPES, Scope
from hub.core import masking
from tests.api.making import MESSAGES, problem_of, send
from tests.messages.making import acts
from tests.support.people import post

TEXT = "Your code is 4312"
SEES = [Role.OWNER, Role.ADMIN, Role.AGENT]
MAY_REVEAL = [Role.MARKETER]
SEES_NOTHING = [Role.ANALYST, Role.AUDITOR]
PERSONAL = {Scope.PERSONAL_DATA_READ, Scope.PERSONAL_DATA_REVEAL}


def key_with(caller_with, *scopes):
    return caller_with(scopes=[scope for scope in WORKSPACE_SCOPES if scope not in PERSONAL or scope in scopes])


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+79161234509", "+7 916 ***-**-09"),
        ("+442079460018", "+44 207 ***-**-18"),
        ("+37251234567", "+372 ***-**-67"),
    ],
)
def test_a_masked_number_tells_the_country_and_two_digits(number, shown):
    assert shown == masking.phone(number)


def test_a_key_sees_addresses_in_full_or_masked_everywhere_alike(caller_with):
    """In the answer to the request, in the list and in the message itself."""
    for caller, shown in (
        (key_with(caller_with, Scope.PERSONAL_DATA_READ), "+79161234567"),
        (key_with(caller_with, Scope.PERSONAL_DATA_REVEAL), "+7 916 ***-**-67"),
        (key_with(caller_with), "+7 916 ***-**-67"),
    ):
        message = send(caller, to={"phone": "8 (916) 123-45-67"})
        listed = caller.get(MESSAGES).json["data"][0]
        read = caller.get(f"{MESSAGES}/{message['id']}").json

        assert [{"phone": shown}] * 3 == [message["to"], listed["to"], read["to"]]
        assert TEXT not in str(message) + str(listed) + str(read)


@pytest.mark.parametrize("scope", sorted(PERSONAL))
def test_a_key_that_may_reveals_one_and_each_look_is_written_down(hub, caller_with, scope):
    caller = key_with(caller_with, scope)
    message = send(caller, to={"phone": "+79161234567"})

    answers = [caller.post(f"{MESSAGES}/{message['id']}/reveal").json for _ in range(2)]

    assert [{"to": {"phone": "+79161234567"}, "body": TEXT}] * 2 == answers
    assert [message["id"]] * 2 == [act.object for act in acts(hub, caller, "message.revealed")]


def test_a_key_that_may_not_reveals_nothing(hub, caller_with):
    caller = key_with(caller_with)
    message = send(caller)

    problem_of(caller.post(f"{MESSAGES}/{message['id']}/reveal"), 403, "forbidden")
    assert [] == acts(hub, caller, "message.revealed")


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_on_every_screen_what_it_may(caller, place, enter, role):
    """Full addresses and the text for those who talk to people; for the others neither anywhere."""
    message = send(caller, to={"phone": "+79161234567"})
    browser = enter(role)

    pages = [browser.get(f"{place}{path}").text for path in ("/messages", f"/messages/{message['id']}")]
    if role is not Role.AGENT:  # has no right to export
        pages.append(browser.get(f"{place}/messages.csv").text)

    assert [role in SEES] * len(pages) == ["+79161234567" in page for page in pages]
    assert [role not in SEES] * len(pages) == ["***-**-67" in page for page in pages]
    assert (role in SEES) == (TEXT in pages[1])
    assert (role in MAY_REVEAL) == ("Show address and text" in pages[1])


def test_a_marketer_shows_one_and_it_is_written_down(hub, caller, place, enter):
    message = send(caller, to={"phone": "+79161234567"})
    browser = enter(Role.MARKETER)

    page = post(browser, f"{place}/messages/{message['id']}/reveal", form_on=f"{place}/messages/{message['id']}")

    assert "+79161234567" in page.text
    assert TEXT in page.text
    assert [message["id"]] == [act.object for act in acts(hub, caller, "message.revealed")]


@pytest.mark.parametrize("role", SEES_NOTHING)
def test_who_may_not_see_cannot_reveal_by_the_form_either(hub, caller, place, enter, role):
    message = send(caller)

    page = post(enter(role), f"{place}/messages/{message['id']}/reveal", form_on=f"{place}/messages")

    assert 403 == page.status_code
    assert TEXT not in page.text
    assert [] == acts(hub, caller, "message.revealed")


def test_looking_is_written_down_once_per_page_and_never_for_updates(hub, caller, place, enter):
    """A page that is open all day is one look."""
    message = send(caller)
    browser = enter(Role.AGENT)
    for path in ("/messages", f"/messages/{message['id']}"):
        browser.get(f"{place}{path}")
        for _ in range(3):
            browser.get(f"{place}{path}", headers={"HX-Request": "true"})

    assert ["messages"] == [act.object for act in acts(hub, caller, "messages.listed")]
    assert [message["id"]] == [act.object for act in acts(hub, caller, "message.viewed")]


def test_who_sees_no_addresses_leaves_no_trace_of_looking(hub, caller, place, enter):
    message = send(caller)
    browser = enter(Role.MARKETER)
    for path in ("/messages", f"/messages/{message['id']}"):
        browser.get(f"{place}{path}")

    assert [] == acts(hub, caller, "messages.listed") + acts(hub, caller, "message.viewed")


def test_an_export_is_written_down_and_runs_nothing_in_a_spreadsheet(hub, caller, place, enter):
    send(caller, reference="=1+1")

    file = enter(Role.ANALYST).get(f"{place}/messages.csv")

    assert "'=1+1" in file.text
    assert ",=1+1" not in file.text
    assert ["messages"] == [act.object for act in acts(hub, caller, "messages.exported")]


def test_an_agent_exports_nothing(caller, place, enter):
    assert 403 == enter(Role.AGENT).get(f"{place}/messages.csv").status_code
