"""The screens of messages in a real browser: two languages, two themes, a desk and a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hub.accounts.roles import Role
from tests.api.making import make_account, send
from tests.messages.making import make_ended
from tests.support.people import make_person
from tracking.delivery import Status

SIZES = {"desk": 1280, "phone": 320}


@pytest.fixture
def enter_as(hub: Any, caller: Any, site: str, page: Page) -> Any:
    """Sign somebody in by the form, in this browser."""

    def enter(role: Role = Role.OWNER, **cookies: str) -> None:
        person = make_person(hub, caller.workspace, role, phone="+79161110000")
        page.goto(f"{site}/sign-in")
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password", exact=True).fill(person.password)
        page.locator("form[method=post] button.btn-primary").click()
        page.wait_for_url(f"{site}/w/**")
        page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])

    return enter


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_screen_is_accessible_and_fits(
    page, site, place, hub, caller, enter_as, axe, overflow, language, theme, size
):
    make_account(hub, caller)
    make_account(hub, caller, test=False)
    failed = make_ended(
        hub, caller, Status.UNDELIVERED, "unreachable", "30003", reference="order-17", metadata={"n": 1}
    )
    make_ended(hub, caller, Status.DELIVERED)
    waiting = send(caller)
    enter_as(language=language, theme=theme)
    page.set_viewport_size({"width": SIZES[size], "height": 900})
    for name, path in {
        "list": "/messages",
        "refused": "/messages?phone=1&from=x",
        "nothing": "/messages?reference=none",
        "failed": f"/messages/{failed['id']}",
        "waiting": f"/messages/{waiting['id']}",
        "new": "/messages/new",
        "search": "/search?q=nothing",
    }.items():
        page.goto(f"{site}{place}{path}")

        assert [] == axe(), name
        assert 0 == overflow(), name


def test_the_count_follows_what_is_typed(page, site, place, hub, caller, enter_as):
    """The server counts, as the provider will."""
    make_account(hub, caller)
    enter_as()
    page.goto(f"{site}{place}/messages/new")
    page.get_by_label("Text").fill("a" * 161)
    expect(page.locator("#count")).to_contain_text("2 segments")
    page.get_by_label("Text").fill("a" * 60 + "ж")

    expect(page.locator("#count")).to_contain_text("Unicode")
    expect(page.locator("#count code")).to_have_text(["ж"])


def test_the_list_shows_what_came_while_one_looked(page, site, place, hub, caller, enter_as):
    enter_as()
    page.goto(f"{site}{place}/messages")
    expect(page.get_by_text("No messages yet")).to_be_visible()
    send(caller, reference="order-18")

    expect(page.get_by_role("cell", name="order-18")).to_be_visible(timeout=8000)


def test_the_question_whether_to_cancel_stays_open_while_the_page_is_updated(page, site, place, hub, caller, enter_as):
    message = send(caller)
    enter_as()
    page.goto(f"{site}{place}/messages/{message['id']}")
    page.get_by_role("button", name="Cancel the message").click()
    page.wait_for_timeout(4000)
    page.get_by_role("dialog").get_by_role("button", name="Cancel the message").click()

    expect(page.get_by_role("status")).to_contain_text("Nothing is sent")
    expect(page.locator("#standing")).to_contain_text("Cancelled")
    expect(page.locator("#standing")).not_to_have_attribute("hx-trigger", "every 3s")
