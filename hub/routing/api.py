"""REST of provider accounts."""

from http import HTTPStatus
from typing import Any

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from hub.accounts.auth import current_actor, require_scope
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import idempotency
from hub.core.problems import Forbidden
from hub.core.runtime import Runtime
from hub.routing import service, store, watch
from hub.routing.schemas import (
    AddProviderAccountSchema,
    ChangeProviderAccountSchema,
    ProviderAccountListSchema,
    ProviderAccountSchema,
)
from hub.routing.service import AddProviderAccount
from hub.routing.store import ProviderAccount
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
            lambda session: _shown(
                hub,
                session,
                service.add(hub, session, actor.workspace_id, _command(given, actor), actor=actor.name),
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
            accounts = store.of_workspace(session, actor.workspace_id)
            return {"data": watch.show(hub, session, actor.workspace_id, accounts), "next": None}


@blp.route("/provider-accounts/<account_id>")
class OneProviderAccount(MethodView):
    """One account."""

    @require_scope(Scope.PROVIDER_ACCOUNTS_READ)
    @blp.response(HTTPStatus.OK, ProviderAccountSchema)
    def get(self, account_id: str) -> dict[str, Any]:
        """Show an account."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            return _shown(hub, session, service.find(session, service.read_id(account_id)))

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.arguments(ChangeProviderAccountSchema)
    @blp.response(HTTPStatus.OK, ProviderAccountSchema)
    def patch(self, given: dict[str, Any], account_id: str) -> dict[str, Any]:
        """Change an account: rename it, hold it, give it other credentials or another sender."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            return _shown(hub, session, service.change(hub, session, service.read_id(account_id), given, actor))

    @require_scope(Scope.PROVIDER_ACCOUNTS_WRITE)
    @blp.response(HTTPStatus.NO_CONTENT)
    def delete(self, account_id: str) -> None:
        """Remove an account that was never used."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            service.remove(hub, session, service.read_id(account_id), actor)


def _command(given: dict[str, Any], actor: Actor) -> AddProviderAccount:
    """Read the command; without `test` the account is of the key's own kind."""
    command = AddProviderAccount(**{"test": actor.test, "owner_id": service.owner_of(actor)} | given)
    if actor.test and not command.test:
        raise Forbidden("A test key may not add a live account.")
    return command


def _shown(hub: Runtime, session: Session, account: ProviderAccount) -> dict[str, Any]:
    return watch.show(hub, session, account.workspace_id, [account])[0]
