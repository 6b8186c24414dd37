"""The screens of provider accounts: what they show, and that they do what the API does."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.core import ids
from hub.routing import store
from hub.routing.store import ProviderAccount
from tests.routing.making import CENT, CREDENTIALS, Shop
from tests.support.people import csrf_of
from tracking.delivery import AttemptStatus

FILLED = {
    "provider": "twilio",
    "name": "Second",
    "sender": "+15005550006",
    "credentials/account_sid": CREDENTIALS["account_sid"],
    "credentials/auth_token": CREDENTIALS["auth_token"],
    "currency": "EUR",
    "segment_price/amount": "0,0079",
    "monthly_ceiling/amount": "500",
}


def path_of(shop: Shop, account: ProviderAccount | None = None, act: str = "") -> str:
    path = f"/w/{shop.actor.workspace.slug}/provider-accounts"
    return path + (f"/{ids.show('acc', account.id)}" if account else "") + act


def send_form(web: FlaskClient, page: str, action: str | None = None, **fields: Any) -> TestResponse:
    """Open a page and send a form of it."""
    token = csrf_of(web.get(page))
    return web.post(action or page, data={"csrf_token": token, **fields})


def stored(shop: Shop, account: ProviderAccount) -> ProviderAccount:
    with shop.hub.db.across_workspaces() as session:
        found = store.find(session, account.id)
    assert found
    return found


def test_the_list_shows_each_account_with_its_state_and_spend(shop, web):
    shop.change(shop.account, monthly_ceiling=CENT)
    shop.send()
    page = web.get(path_of(shop)).text

    assert shop.account.name in page
    assert "Ceiling reached" in page
    assert "$0.01 of $0.01" in page
    assert "Simulator" in page


def test_no_screen_shows_a_secret(shop, web):
    pages = [web.get(path_of(shop, *rest)).text for rest in [(), (shop.account,), (shop.account, "/edit")]]

    assert not [page for page in pages if CREDENTIALS["auth_token"] in page]


def test_one_account_shows_where_the_provider_calls_back(shop, web):
    page = web.get(path_of(shop, shop.account)).text

    assert f"{shop.hub.settings.public_url}/hooks/{ids.show('acc', shop.account.id)}/status" in page


def test_one_account_shows_its_last_errors_with_their_messages(shop, web):
    message = shop.accept()
    shop.mark(message)
    shop.tell(shop.news(message, AttemptStatus.REJECTED, reason_code="blocked", provider_code="30007"))
    page = web.get(path_of(shop, shop.account)).text

    assert "The network or the person blocks this sender." in page
    assert "30007" in page
    assert ids.show("msg", message) in page


def test_an_account_is_added(shop, web):
    """Both amounts are in the one currency; a decimal comma is understood."""
    response = send_form(web, path_of(shop, act="/new"), **FILLED)
    assert 303 == response.status_code, response.text
    shown = web.get(response.location).text

    assert "Second was added." in shown
    assert "€0.00 of €500.00" in shown
    assert "€0.0079" in shown


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"credentials/auth_token": ""}, "credentials-auth_token", "This provider needs it."),
        ({"sender": "+12"}, "sender", "phone"),
        ({"monthly_ceiling/amount": "much"}, "monthly_ceiling-amount", "Not an amount"),
        ({"name": ""}, "name", "Missing data"),
    ],
)
def test_a_mistake_is_told_beside_its_field(shop, web, change, field, text):
    """What was typed stays, except secrets."""
    response = send_form(web, path_of(shop, act="/new"), **FILLED | change)

    assert 422 == response.status_code
    _, _, told = response.text.partition(f'id="f-{field}-error"')
    assert text in told[:500]
    assert 'value="0,0079"' in response.text
    assert CREDENTIALS["auth_token"] not in response.text


def test_a_name_that_is_taken_is_told_beside_the_name(shop, web):
    response = send_form(web, path_of(shop, act="/new"), **FILLED | {"name": shop.account.name})

    assert 422 == response.status_code
    assert 'id="f-name-error"' in response.text


def test_an_edit_changes_what_was_typed_and_keeps_the_secrets(shop, web):
    """An empty secret is unchanged, an empty amount is none."""
    typed = {"name": "Renamed", "sender": "SHOP", "currency": "USD", "credentials/auth_token": "new"}

    response = send_form(web, path_of(shop, shop.account, "/edit"), **typed)

    assert 303 == response.status_code, response.text
    changed = stored(shop, shop.account)
    assert ("Renamed", "SHOP", None) == (changed.name, changed.sender, changed.segment_price)
    assert CREDENTIALS | {"auth_token": "new"} == changed.credentials(shop.hub.vault)


def test_an_account_is_held_and_resumed(shop, web):
    page = path_of(shop, shop.account)
    send_form(web, page, f"{page}/hold")
    held = stored(shop, shop.account).held
    send_form(web, page, f"{page}/resume")

    assert (True, False) == (held, stored(shop, shop.account).held)


def test_a_test_message_is_sent_from_the_screen(shop, web):
    """The field offers the person's own phone; the answer leads to the message."""
    page = path_of(shop, shop.account)
    offered = web.get(page).text

    response = send_form(web, page, f"{page}/test", **{"to/phone": "+79161234567"})

    assert 'value="+79160000001"' in offered
    assert (303, True) == (response.status_code, "/messages/msg_" in response.location)


def test_a_wrong_phone_is_told_beside_the_field(shop, web):
    page = path_of(shop, shop.account)
    response = send_form(web, page, f"{page}/test", **{"to/phone": "12"})

    assert (422, True) == (response.status_code, 'id="f-to-phone-error"' in response.text)


def test_an_unused_account_is_removed_and_a_used_one_kept(shop, web):
    unused = shop.add_account()
    shop.send()
    page = path_of(shop, unused)
    removed = send_form(web, page, f"{page}/remove")
    gone = web.get(page)
    kept = send_form(web, path_of(shop, shop.account), path_of(shop, shop.account, "/remove"))

    assert (path_of(shop), 404) == (removed.location, gone.status_code)
    assert path_of(shop, shop.account) == kept.location
    assert "Messages were sent through it." in web.get(kept.location).text


def test_who_may_only_look_changes_nothing(shop, onlooker):
    page = onlooker.get(path_of(shop, shop.account)).text

    assert "/edit" not in page
    assert [403, 403] == [
        onlooker.get(path_of(shop, *rest)).status_code for rest in [(None, "/new"), (shop.account, "/edit")]
    ]


def test_the_screens_speak_russian(shop, web):
    web.set_cookie("language", "ru")
    page = web.get(path_of(shop, shop.account)).text

    assert "Последние ошибки" in page
