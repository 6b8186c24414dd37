"""Somebody's first day, by hand in a browser: sign in, send, understand a failure, make a key, switch to Russian."""

import re

import requests
from playwright.sync_api import Page, expect

from tests.screens.conftest import Shop
from tests.support.live import LiveHub, phone

PATIENCE_MS = 30_000


def write(page: Page, shop: Shop, to: str, text: str) -> None:
    """Fill the form that the home screen leads to, and send it."""
    page.goto(shop.url)
    page.get_by_role("link", name="Write a message").first.click()
    page.get_by_label("Phone", exact=True).fill(to)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_a_person_signs_in_and_out(live: LiveHub, shop: Shop, page: Page):
    page.goto(shop.url)
    page.get_by_label("Email").fill(live.credentials["email"])
    page.get_by_label("Password").fill(live.credentials["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")

    page.locator("summary", has_text="Demo").last.click()
    page.get_by_role("button", name="Sign out").click()

    page.goto(shop.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_message_is_sent_and_its_page_says_when_it_arrived(shop: Shop, signed_in: Page):
    """The page moves by itself: nobody presses reload."""
    write(signed_in, shop, phone(), "Your order is ready")

    expect(signed_in.get_by_text("Your order is ready")).to_be_visible()
    expect(signed_in.get_by_role("main")).to_contain_text("Delivered", timeout=PATIENCE_MS)


def test_the_page_of_a_failed_message_says_why(shop: Shop, signed_in: Page):
    """In words, with the provider's own code and what to do."""
    write(signed_in, shop, phone(ending=5), "Your order is ready")

    page = signed_in.get_by_role("main")
    expect(page).to_contain_text("Failed", timeout=PATIENCE_MS)
    expect(page).to_contain_text("21211")
    expect(page).to_contain_text(re.compile("check the number|number", re.IGNORECASE))


def test_a_key_made_by_hand_sends_a_message(shop: Shop, signed_in: Page):
    """Its secret is shown once, and works."""
    signed_in.goto(shop.url)
    signed_in.get_by_role("link", name="API keys").click()
    signed_in.get_by_role("link", name="New key").first.click()
    signed_in.get_by_label("Key name").fill("Shop")
    signed_in.get_by_label("Test key").check()
    signed_in.get_by_role("button", name="Make the key").click()
    secret = signed_in.get_by_label("Secret", exact=True).input_value()

    message = {"to": {"phone": phone()}, "body": "Hello", "purpose": "transactional"}
    answer = requests.post(
        f"{shop.url}/api/v1/messages", json=message, headers={"Authorization": f"Bearer {secret}"}, timeout=30
    )
    signed_in.get_by_role("link", name="API keys").first.click()

    assert 202 == answer.status_code, answer.text
    expect(signed_in.get_by_role("link", name="Shop")).to_be_visible()
    assert secret not in signed_in.content()


def test_the_language_is_switched_where_one_is(shop: Shop, signed_in: Page):
    signed_in.goto(shop.url + shop.screens["messages-none"])
    signed_in.get_by_role("button", name="RU").first.click()

    expect(signed_in.locator("html")).to_have_attribute("lang", "ru")
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Сообщения")
    assert signed_in.url.endswith("?reference=nothing")


def test_the_figures_of_the_home_screen_move(live: LiveHub, shop: Shop, signed_in: Page):
    """A message that a program sends is counted on the open screen."""
    signed_in.goto(shop.url)
    tile = signed_in.locator(".tile", has_text="Messages").locator(".tile-value")
    before = int(tile.inner_text())

    live.settle(live.send_sms(phone()))

    expect(tile).not_to_have_text(str(before), timeout=PATIENCE_MS)
    assert int(tile.inner_text()) > before
