"""REST of provider accounts."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import request
from flask.views import MethodView

from hub.accounts.auth import current_actor, require_scope
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import idempotency, ids
from hub.core.problems import Forbidden, NotFound
from hub.routing import service, store
from hub.routing.schemas import (
    AddProviderAccountSchema,
    ChangeProviderAccountSchema,
    ProviderAccountListSchema,
    ProviderAccountSchema,
)
from hub.routing.service import AddProviderAccount, ChangeProviderAccount
from hub.web.blueprints import Blueprint
from hub.web.context import runtime
from hub.web.idempotency import key_of

blp = Blueprint(
    "provider_accounts", __name__, url_prefix="/api/v1", description="Credentials and senders at providers."
)


@blp.route("/provider-accounts")
class ProviderAccounts(MethodView):
    """All accounts of the workspace."""

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.arguments(AddProviderAccountSchema)
    @blp.response(HTTPStatus.CREATED, ProviderAccountSchema)
    def post(self, given: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
        """Add an account. Its credentials are encrypted and never shown again."""
        hub, actor = runtime(), current_actor()
        key = key_of(request, actor.workspace_id, actor.id)
        answer, replayed = idempotency.once(
            hub.db,
            hub.vault,
            key,
            lambda session: service.show(
                hub, service.add(hub, session, actor.workspace_id, _command(given, actor), actor=actor.name)
            ),
            actor.workspace_id,
        )
        return answer, HTTPStatus.CREATED, {"Idempotency-Replayed": "true"} if replayed else {}

    @require_scope(Scope.PROVIDER_ACCOUNTS_READ)
    @blp.response(HTTPStatus.OK, ProviderAccountListSchema)
    def get(self) -> dict[str, Any]:
        """List the accounts."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            accounts = store.of_workspace(session, hub.vault, actor.workspace_id)
        return {"data": [service.show(hub, account) for account in accounts], "next": None}


@blp.route("/provider-accounts/<account_id>")
class OneProviderAccount(MethodView):
    """One account."""

    @require_scope(Scope.PROVIDER_ACCOUNTS_READ)
    @blp.response(HTTPStatus.OK, ProviderAccountSchema)
    def get(self, account_id: str) -> dict[str, Any]:
        """Show an account."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            return service.show(hub, service.find(hub, session, _id(account_id)))

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.arguments(ChangeProviderAccountSchema)
    @blp.response(HTTPStatus.OK, ProviderAccountSchema)
    def patch(self, given: dict[str, Any], account_id: str) -> dict[str, Any]:
        """Change an account: rename it, hold it, give it other credentials or another sender."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            command = ChangeProviderAccount(**given)
            return service.show(hub, service.change(hub, session, _id(account_id), command, actor))

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.response(HTTPStatus.NO_CONTENT)
    def delete(self, account_id: str) -> None:
        """Remove an account that was never used."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            service.remove(hub, session, _id(account_id), actor)


def _command(given: dict[str, Any], actor: Actor) -> AddProviderAccount:
    """Read the command; without `test` the account is of the key's own kind."""
    command = AddProviderAccount(**{"test": actor.test} | given)
    if actor.test and not command.test:
        raise Forbidden("A test key may not add a live account.")
    return command


def _id(text: str) -> UUID:
    try:
        return ids.read("acc", text)
    except ids.BadId as error:
        raise NotFound("No such provider account.") from error
