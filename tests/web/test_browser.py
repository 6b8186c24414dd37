"""The shell in a real browser: what every person sees of it, and what its script does."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.small import counted

SIZES = {"desk": 1280, "phone": 320}


def visit(page: Page, site: str, path: str, **cookies: str) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in cookies.items()])
    page.goto(site + path)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_macro_is_accessible_and_fits(page, site, axe, overflow, language, theme, size):
    page.set_viewport_size({"width": SIZES[size], "height": 800})
    visit(page, site, "/styleguide", language=language, theme=theme)

    assert [] == axe()
    assert 0 == overflow()


@pytest.mark.parametrize("path", ["/w/north/messages", "/fail/404", "/fail/500"])
def test_pages_are_accessible(page, site, axe, path):
    page.goto(site + path)

    assert [] == axe()


def test_the_first_tab_leads_to_the_content(page, site):
    page.goto(f"{site}/w/north/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_auto_follows_the_system_at_once(page, site):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site}/w/north/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_the_menu_of_a_phone_opens_and_closes(page, site):
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{site}/w/north/")
    messages = page.get_by_role("link", name="Messages")
    expect(messages).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(messages).to_be_visible()
    page.keyboard.press("Escape")

    expect(messages).not_to_be_visible()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_live_numbers_move_and_leave_what_one_types_alone(page, site):
    page.goto(f"{site}/w/north/")
    page.get_by_label("Note").fill("half a wo")

    expect(page.locator("#count")).to_have_text("2", timeout=5000)
    expect(page.get_by_label("Note")).to_have_value("half a wo")
    expect(page.get_by_label("Note")).to_be_focused()
    expect(page.locator("[data-updated]")).to_contain_text("Updated")


def test_updates_pause_and_stay_paused_on_the_next_page(page, site):
    page.goto(f"{site}/w/north/")
    page.get_by_role("button", name="Pause updates").click()
    expect(page.locator("[data-updated]")).to_have_text("Updates are paused")
    page.reload()
    before = counted["polls"]
    page.wait_for_timeout(2500)

    assert before == counted["polls"]
    expect(page.get_by_role("button", name="Pause updates")).to_have_attribute("aria-pressed", "true")


def test_polls_end_when_nothing_will_change_any_more(page, site):
    page.goto(f"{site}/w/north/?last=1")
    expect(page.locator("#count")).to_have_text("1", timeout=5000)
    page.wait_for_timeout(2500)

    assert 1 == counted["polls"]


def test_a_hidden_tab_asks_once_a_minute(page, site):
    page.goto(f"{site}/w/north/")
    expect(page.locator("#count")).not_to_have_text("0", timeout=5000)
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.wait_for_timeout(300)
    before = counted["polls"]
    page.wait_for_timeout(2500)

    assert before == counted["polls"]


@pytest.mark.parametrize("trouble", ["broken=404", "broken=503", "signed_out=1"])
def test_a_poll_that_fails_changes_nothing_but_says_so(page, site, trouble):
    """Neither an error nor the sign-in page gets into the middle of a screen."""
    page.goto(f"{site}/w/north/?{trouble}")

    expect(page.locator("[data-updated]")).to_have_text("Not updated: the hub does not answer", timeout=5000)
    expect(page.locator("#count")).to_have_text("0")


def test_what_needs_a_person_reaches_them_even_when_paused(page, site):
    """The badge and the title; browser notifications and sound only after a person asked for them."""
    counted["attention"] = 2
    page.goto(f"{site}/w/north/")

    expect(page).to_have_title("(2) Home · Trunkline")
    page.locator("[data-attention] summary").click()
    expect(page.get_by_role("link", name="One account refuses")).to_be_visible()
    sound = page.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")


def test_a_dangerous_button_asks_and_names_the_number(page, site):
    page.goto(f"{site}/styleguide")
    page.get_by_role("button", name="Stop sending").click()
    dialog = page.get_by_role("dialog", name="Stop sending?")
    expect(dialog).to_contain_text("4308 messages will not be sent.")
    dialog.get_by_role("button", name="Cancel").click()

    expect(dialog).not_to_be_visible()


def test_a_secret_is_copied(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/styleguide")
    page.get_by_role("button", name="Copy: New key").click()
    expect(page.locator("#status")).to_contain_text("Copied")

    assert "tk_live_5f2c9b7a1e" == page.evaluate("navigator.clipboard.readText()")


def test_a_person_switches_to_russian_and_stays_on_the_page(page, site):
    page.goto(f"{site}/w/north/messages?status=failed")
    page.get_by_role("button", name="RU").click()

    expect(page).to_have_url(f"{site}/w/north/messages?status=failed")
    expect(page.get_by_role("link", name="Перейти к содержанию")).to_be_attached()
