"""Every screen in Chromium: both languages, both themes, a phone and a desk."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from hub.app import create_app
from hub.core.settings import Settings
from tests.screens.conftest import Shop, keep_picture

LANGUAGES = ("en", "ru")
THEMES = ("light", "dark")
WIDTHS = (320, 1280)
SIGNED_IN = [
    "home",
    "messages",
    "messages-none",
    "message-delivered",
    "message-refused",
    "message-open",
    "write",
    "search-nothing",
    "accounts",
    "account",
    "account-new",
    "account-edit",
    "keys",
    "key",
    "key-new",
    "people",
    "person",
    "invite",
    "leave",
    "audit",
    "settings",
    "profile",
    "second-factor",
    "password",
    "styleguide",
]
LEAD_ON = {"/", "/profile/rescue-codes", "/w/<slug>/messages/<message_id>/reveal"}
"""Addresses that show nothing by themselves: they lead to a screen, or show what was just made."""
PUBLIC = {"sign-in": "/sign-in"}
FOCUSABLE = """() => {
    const visible = (e) => e.checkVisibility({visibilityProperty: true}) && !e.closest("dialog:not([open])");
    const shown = (e) => visible(e) && !e.disabled;
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")];
    const seen = new Set();
    return all.filter(shown).filter((e) => e.tabIndex >= 0).filter((e) => {
        if (e.type !== "radio") return true;
        const first = !seen.has(e.name);
        seen.add(e.name);
        return first;
    }).length;
}"""
REACHED = """() => {
    const e = document.activeElement;
    window.__reached ??= new Set();
    if (e !== document.body) window.__reached.add(e.type === "radio" ? e.name : e);
    return window.__reached.size;
}"""


def look(page: Page, axe: Callable[[], list[str]], overflow: Callable[[], int], name: str) -> dict[str, Any]:
    """Return what is wrong with the open page, for each theme and width."""
    wrong: dict[str, Any] = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type] # one of playwright's words
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            keep_picture(page, f"{name}-{theme}-{width}")
            found = axe()
            if found or overflow() > 0:
                wrong[f"{theme} {width}"] = (found, overflow())
    return wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", SIGNED_IN)
def test_a_screen_can_be_used_by_everyone(shop: Shop, signed_in: Page, axe, overflow, screen, language):
    """Nothing against WCAG 2.2 AA, no breach of the policy, no error in a script, no scrolling sideways."""
    signed_in.context.add_cookies([{"name": "language", "value": language, "url": shop.url}])
    response = signed_in.goto(shop.url + shop.screens[screen])

    assert response
    assert 200 == response.status
    assert language == signed_in.locator("html").get_attribute("lang")
    assert {} == look(signed_in, axe, overflow, f"{screen}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("screen", PUBLIC)
def test_a_public_page_can_be_used_by_everyone(shop: Shop, page: Page, axe, overflow, screen, language):
    page.context.add_cookies([{"name": "language", "value": language, "url": shop.url}])
    page.goto(shop.url + PUBLIC[screen])

    assert {} == look(page, axe, overflow, f"{screen}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_page_can_be_used_by_everyone(shop: Shop, signed_in: Page, axe, overflow, language):
    signed_in.context.add_cookies([{"name": "language", "value": language, "url": shop.url}])
    response = signed_in.goto(shop.url + shop.screens["not-found"])

    assert response
    assert 404 == response.status
    assert {} == look(signed_in, axe, overflow, f"not-found-{language}")


@pytest.mark.parametrize("screen", [name for name in SIGNED_IN if name != "styleguide"])
def test_the_keyboard_reaches_everything(shop: Shop, signed_in: Page, screen):
    """Tab comes first to the link that skips the navigation, then to everything that can be used."""
    signed_in.goto(shop.url + shop.screens[screen])
    wanted = signed_in.evaluate(FOCUSABLE)
    signed_in.keyboard.press("Tab")
    assert "#main" == signed_in.evaluate("document.activeElement.getAttribute('href')")

    reached = signed_in.evaluate(REACHED)
    for _ in range(wanted * 2):
        signed_in.keyboard.press("Tab")
        reached = signed_in.evaluate(REACHED)
        if reached >= wanted:
            break

    assert wanted <= reached


def test_every_screen_is_looked_at(settings: Settings, shop: Shop):
    """A screen that is added is added here."""
    app = create_app(settings)
    rules = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and getattr(app.view_functions[rule.endpoint], "signed_in", False)
        and not rule.rule.endswith((".csv", "/live", "/attention"))
    }
    adapter = app.url_map.bind("hub")
    looked_at = {str(adapter.match(shop.screens[name].split("?")[0], return_rule=True)[0].rule) for name in SIGNED_IN}

    assert LEAD_ON == rules - looked_at
