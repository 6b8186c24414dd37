"""Screens of a whole running hub, looked at by somebody who is signed in."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page

from tests.support.live import LiveHub, phone

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
SHOTS = os.environ.get("SCREENSHOTS")
"""A folder for pictures of every screen, for people to look at."""


@dataclass(frozen=True)
class Shop:
    """The demo workspace of a running hub, with something on every screen."""

    url: str
    cookies: list[dict[str, str]]
    screens: dict[str, str]


@pytest.fixture(scope="session")
def shop(live: LiveHub) -> Shop:
    """Fill the demo workspace with messages of every kind, a key and a colleague; sign its owner in."""
    url = live.credentials["dashboard_url"]
    endings = {"delivered": 1234, "refused": 5, "bounced": 2, "silent": 4}
    sent = {name: live.send_sms(phone(ending), f"Ваш код 4312 ({name})") for name, ending in endings.items()}
    for name in ("delivered", "refused", "bounced"):
        live.settle(sent[name])
    key = live.post("/api-keys", {"name": "CRM", "scopes": ["messages:write"], "test": True}).json()
    invited = {"email": "olga@example.com", "name": "Ольга Смирнова", "role": "marketer"}
    person = live.post("/users", invited).json()
    account = live.get("/provider-accounts")["data"][0]
    session = sign_in(url, live.credentials["email"], live.credentials["password"])
    home = session.get(f"{url}/", timeout=30).url.removeprefix(url).rstrip("/")
    inside = {
        "home": "/",
        "messages": "/messages",
        "messages-none": "/messages?reference=nothing",
        "message-delivered": f"/messages/{sent['delivered']['id']}",
        "message-refused": f"/messages/{sent['refused']['id']}",
        "message-open": f"/messages/{sent['silent']['id']}",
        "write": "/messages/new",
        "search-nothing": "/search?q=nothing",
        "accounts": "/provider-accounts",
        "account": f"/provider-accounts/{account['id']}",
        "account-new": "/provider-accounts/new",
        "account-edit": f"/provider-accounts/{account['id']}/edit",
        "keys": "/api-keys",
        "key": f"/api-keys/{key['id']}",
        "key-new": "/api-keys/new",
        "people": "/people",
        "person": f"/people/{person['id']}",
        "invite": "/people/invite",
        "leave": f"/people/{person['id']}/leave",
        "audit": "/audit",
        "settings": "/settings",
        "not-found": "/messages/nothing",
    }
    own = {
        "profile": "/profile",
        "password": "/profile/password",
        "second-factor": "/profile/second-factor",
        "styleguide": "/styleguide",
    }
    screens = {name: home + path for name, path in inside.items()} | own
    cookies = [{"name": c.name, "value": str(c.value), "url": url} for c in session.cookies]
    return Shop(url, cookies, screens)


def sign_in(url: str, email: str, password: str) -> requests.Session:
    """Send the sign-in form as a browser does."""
    session = requests.Session()
    found = CSRF.search(session.get(f"{url}/sign-in", timeout=30).text)
    assert found
    typed = {"csrf_token": found[1], "email": email, "password": password}
    answer = session.post(f"{url}/sign-in", data=typed, timeout=30, allow_redirects=False)
    assert 303 == answer.status_code, answer.text
    return session


@pytest.fixture
def signed_in(shop: Shop, page: Page) -> Page:
    """Give a tab in which the owner is signed in."""
    page.context.add_cookies(shop.cookies)  # type: ignore[arg-type] # a TypedDict of playwright's own
    return page


def keep_picture(page: Page, name: str) -> None:
    """Save a picture of the whole page where somebody wants to look at it."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
