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
TOO_MANY = 429  # some come after it is due: a process that cannot reach the counter for a second refuses nobody
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


def test_looking_is_written_down_once_per_page_whatever_the_request_says_of_itself(hub, caller, place, enter):
    """A page that asks for its news is one look; that it is only asked for news does not hide a look."""
    message = send(caller)
    browser = enter(Role.AGENT)
    for path in ("/messages", f"/messages/{message['id']}"):
        for headers in ({"HX-Request": "true"}, {}, {"HX-Request": "true"}):
            browser.get(f"{place}{path}", headers=headers)

    assert ["messages"] == [act.object for act in acts(hub, caller, "messages.listed")]
    assert [message["id"]] == [act.object for act in acts(hub, caller, "message.viewed")]


def test_another_part_of_the_list_is_another_look(hub, caller, place, enter):
    send(caller, reference="first")
    browser = enter(Role.AGENT)
    for query in ("", "?reference=first", "?reference=nothing"):
        browser.get(f"{place}/messages{query}", headers={"HX-Request": "true"})

    assert 2 == len(acts(hub, caller, "messages.listed"))


@pytest.mark.parametrize("path", ["/messages?phone=%2B7916000{:04d}", "/search?q=%2B7916000{:04d}"])
def test_who_sees_no_addresses_cannot_find_them_out_by_asking(hub, caller, place, enter, path):
    """Ten numbers a minute, each look-up written down without the number; the same one again is free."""
    message = send(caller, to={"phone": "+79160000009"})
    browser = enter(Role.ANALYST)

    answers = [browser.get(place + path.format(number), follow_redirects=True) for number in range(10)]
    again = browser.get(place + path.format(9))
    more = (browser.get(place + path.format(number)) for number in range(10, 90))
    refused = next(answer for answer in more if answer.status_code == TOO_MANY)

    assert {200} == {answer.status_code for answer in answers}
    assert message["id"] in answers[9].text
    assert TOO_MANY != again.status_code
    assert int(refused.headers["Retry-After"]) > 0
    assert len(acts(hub, caller, "messages.searched")) >= len(answers)
    assert 200 == enter(Role.AGENT).get(place + path.format(10), follow_redirects=True).status_code


def test_addresses_in_references_are_guarded_like_others(hub, caller, place, enter):
    send(caller, reference="+79160000001")
    browser = enter(Role.ANALYST)

    answers = [browser.get(f"{place}/messages?reference=%2B7916000{n:04d}").status_code for n in range(40)]

    assert [200] * 10 == answers[:10]
    assert TOO_MANY in answers


def test_a_key_may_guess_sixty_numbers_a_minute(caller_with):
    masked, full = key_with(caller_with), key_with(caller_with, Scope.PERSONAL_DATA_READ)

    def asked(caller):
        return [caller.get(MESSAGES, phone=f"+7916000{n:04d}").status_code for n in range(90)]

    answers = asked(masked)
    assert [200] * 60 == answers[:60]
    assert TOO_MANY in answers
    assert {200} == set(asked(full))


def test_references_are_masked_and_metadata_hidden_until_they_are_revealed(caller, place, enter):
    message = send(caller, reference="for +79161234567 anna@example.com", metadata={"child": "Boris"})
    path = f"{place}/messages/{message['id']}"
    browser = enter(Role.MARKETER)

    masked = [browser.get(place).text for place in (path, f"{place}/messages", f"{place}/messages.csv")]
    revealed = post(browser, f"{path}/reveal", form_on=path).text
    agents = enter(Role.AGENT).get(path).text

    for page in masked:
        assert "for +7 916 ***-**-67 a***@example.com" in page
        assert "Boris" not in page
    for page in (revealed, agents):
        assert "for +79161234567 anna@example.com" in page
        assert "Boris" in page
    assert {"child": "Boris"} == caller.get(f"{MESSAGES}/{message['id']}").json["metadata"]


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
