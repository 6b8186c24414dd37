"""A test message through exactly one provider account.

It goes the way of every message, accepted, routed, dispatched, only that its route names the account. So it belongs
to messages and not to routing, whose accounts it tests.
"""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import request, url_for
from flask.views import MethodView
from marshmallow import fields

from hub.accounts.auth import current_actor, require_scope
from hub.accounts.scopes import Purpose, Scope
from hub.accounts.service import Actor
from hub.core import clock
from hub.core.idempotency import Key
from hub.core.problems import Conflict, Forbidden
from hub.core.runtime import Runtime
from hub.messages import service
from hub.messages.reading import Reader, read_message
from hub.messages.schemas import MessageSchema, ToSchema
from hub.routing import service as routing
from hub.web.blueprints import Blueprint
from hub.web.context import runtime
from hub.web.idempotency import key_of
from hub.web.schemas import StrictSchema

TTL = timedelta(minutes=10)
BODY = "Test message"

blp = Blueprint("account_tests", __name__, url_prefix="/api/v1", description="Try a provider account.")


class TestAccountSchema(StrictSchema):
    """Whom to send the test message to."""

    to = fields.Nested(ToSchema, required=True)


class Held(Conflict):
    """Nothing is sent through a held account, not even a test."""

    code = "held"
    title = "The account is held"


@blp.route("/provider-accounts/<account_id>/test")
class AccountTest(MethodView):
    """A try of one account."""

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.arguments(TestAccountSchema)
    @blp.response(HTTPStatus.ACCEPTED, MessageSchema)
    def post(self, given: dict[str, Any], account_id: str) -> tuple[Any, int, dict[str, str]]:
        """Send a test message through this account and no other. It costs what a message costs."""
        hub, actor = runtime(), current_actor()
        key = key_of(request, actor.workspace_id, actor.id)
        answer, replayed = send(hub, actor, account_id, given["to"]["phone"], key)
        headers = {"Location": url_for("messages.Message", message_id=answer["id"])}
        return answer, HTTPStatus.ACCEPTED, headers | ({"Idempotency-Replayed": "true"} if replayed else {})


def send(
    hub: Runtime, actor: Actor, account_id: str, phone: str, key: Key | None = None
) -> tuple[dict[str, Any], bool]:
    """Accept a test message that only this account may send; return it, and whether it had come before.

    Raises `NotFound`, `Forbidden`, `Held`, and `Unprocessable` when the phone number is none.
    """
    if not actor.may(Scope.MESSAGES_WRITE):
        actor.demand(Scope.MESSAGES_TEST)
    with hub.db.transaction(actor.workspace_id) as session:
        account = routing.find(session, routing.read_id(account_id))
    if actor.test and not account.test:
        raise Forbidden("A test key may not send through a live account.")
    if account.held:
        raise Held("Resume the account first.")
    sender = replace(actor, test=account.test)  # a simulated account sends test messages only
    reader = Reader(actor.workspace.region, actor.purposes, clock.now())
    message = {
        "to": {"phone": phone},
        "body": BODY,
        "purpose": Purpose.TRANSACTIONAL.value,
        "ttl_seconds": int(TTL.total_seconds()),
    }
    command = read_message(message, reader)
    draft = service.draft(hub, sender, command, service.lane_of(command), reader.now)
    route = [step | {"provider_account": str(account.id)} for step in draft.row["route"]]
    answer, replayed = service.accept(
        hub, sender, [replace(draft, row=draft.row | {"route": route})], key, draft.answer
    )
    if not replayed:
        with hub.db.transaction(actor.workspace_id) as session:
            service.trace(hub, session, actor, "provider_account.tested", account_id, message=answer["id"])
    return dict(answer), replayed
