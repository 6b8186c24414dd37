"""The button that sends a test message, on the screen of a provider account."""

from http import HTTPStatus

from flask import flash, redirect, request, url_for
from flask_babel import gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response

from hub.accounts.auth import current_actor, signed_in
from hub.accounts.scopes import Scope
from hub.core.problems import Unprocessable
from hub.messages import account_tests
from hub.routing.views import Page, blp, page
from hub.web.context import runtime
from hub.web.forms import Form


@blp.post("/<account_id>/test")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def test(account_id: str) -> Response | Page:
    """Send a test message, and show what becomes of it."""
    phone = request.form.get("to/phone", "")
    try:
        message, _ = account_tests.send(runtime(), current_actor(), account_id, phone)
    except Unprocessable as problem:
        return page(account_id, Form.refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    except account_tests.Held:
        flash(gettext("The account is held. Resume it to send a test."), "error")
        return redirect(url_for("routing_screens.one", account_id=account_id), HTTPStatus.SEE_OTHER)
    flash(gettext("The test message is on its way."))
    return redirect(url_for("messages_screens.one", message_id=message["id"]), HTTPStatus.SEE_OTHER)
