"""REST of API keys, people, the audit log and the workspace."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from hub.accounts import audit_log, keys, leaver, people, schemas, service, store
from hub.accounts.auth import current_actor, forget_keys, require_scope
from hub.accounts.keys import CreateKey
from hub.accounts.leaver import Leave
from hub.accounts.people import Invite
from hub.accounts.roles import Role
from hub.accounts.scopes import KEY_SCOPES, Scope
from hub.accounts.service import Actor
from hub.core import audit, idempotency, ids, pagination
from hub.core.problems import Fault, Unprocessable
from hub.web.blueprints import Blueprint
from hub.web.context import runtime
from hub.web.idempotency import key_of

blp = Blueprint("accounts", __name__, url_prefix="/api/v1", description="Keys, people, and who did what.")
Row = TypeVar("Row")
Headers = dict[str, str]


@blp.route("/api-keys")
class Keys(MethodView):
    """All keys of the workspace."""

    @require_scope(Scope.API_KEYS_READ)
    @blp.arguments(schemas.PageQuerySchema, location="query")
    @blp.response(HTTPStatus.OK, schemas.KeyListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List keys, newest first. A test key sees test keys only."""
        actor = current_actor()
        with runtime().db.transaction(actor.workspace_id) as session:
            found = keys.page(session, actor, _after(query), query["limit"] + 1)
        return _page([keys.show(key) for key in found], found, query["limit"])

    @require_scope(Scope.API_KEYS_WRITE)
    @blp.arguments(schemas.CreateKeySchema)
    @blp.response(HTTPStatus.CREATED, schemas.NewKeySchema)
    def post(self, given: dict[str, Any]) -> tuple[Any, int, Headers]:
        """Make a key. Its secret is in this answer and nowhere else."""
        hub, actor = runtime(), current_actor()
        command = CreateKey(**defaults(actor) | given)

        def make(session: Session) -> dict[str, Any]:
            key, secret = keys.create(session, hub.vault, actor, command)
            return keys.show(key) | {"secret": secret}

        return _once(make, HTTPStatus.CREATED)


@blp.route("/api-keys/<key_id>")
class OneKey(MethodView):
    """One key."""

    @require_scope(Scope.API_KEYS_READ)
    @blp.response(HTTPStatus.OK, schemas.KeySchema)
    def get(self, key_id: str) -> dict[str, Any]:
        """Show a key, without its secret."""
        actor = current_actor()
        with runtime().db.transaction(actor.workspace_id) as session:
            return keys.show(keys.find(session, actor, keys.read_id(key_id)))

    @require_scope(Scope.API_KEYS_WRITE)
    @blp.arguments(schemas.ChangeKeySchema)
    @blp.response(HTTPStatus.OK, schemas.KeySchema)
    def patch(self, given: dict[str, Any], key_id: str) -> dict[str, Any]:
        """Change what a key is called and may do. All processes know it within two seconds."""
        hub, actor = runtime(), current_actor()
        with hub.db.across_workspaces() as session:
            key = keys.change(session, hub.vault, actor, keys.read_id(key_id), given)
        forget_keys(key.id)
        return keys.show(key)


@blp.route("/api-keys/<key_id>/revoke")
class RevokeKey(MethodView):
    """End a key."""

    @require_scope(Scope.API_KEYS_WRITE)
    @blp.response(HTTPStatus.OK, schemas.KeySchema)
    def post(self, key_id: str) -> tuple[Any, int, Headers]:
        """Revoke a key for good. Every process refuses it within two seconds; revoking twice changes nothing."""
        hub, actor, found = runtime(), current_actor(), keys.read_id(key_id)
        answer = _once(lambda session: keys.show(keys.revoke(session, hub.vault, actor, found)), HTTPStatus.OK)
        forget_keys(found)
        return answer


@blp.route("/users")
class People(MethodView):
    """The people of the workspace."""

    @require_scope(Scope.USERS_READ)
    @blp.arguments(schemas.PageQuerySchema, location="query")
    @blp.response(HTTPStatus.OK, schemas.PersonListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List people, also those who left."""
        hub, actor = runtime(), current_actor()
        with hub.db.across_workspaces() as session:
            found = people.page(session, hub, actor, _after(query), query["limit"] + 1)
        return _page([people.show(person, actor) for person in found], found, query["limit"])

    @require_scope(Scope.USERS_WRITE)
    @blp.arguments(schemas.InviteSchema)
    @blp.response(HTTPStatus.CREATED, schemas.InvitedSchema)
    def post(self, given: dict[str, Any]) -> tuple[Any, int, Headers]:
        """Offer somebody a place. They accept it at the link in the answer, once."""
        hub, actor = runtime(), current_actor()
        command = Invite(**given | {"role": Role(given["role"])})

        def invite(session: Session) -> dict[str, Any]:
            person, link = people.invite(session, hub, actor, command)
            return people.show(person, actor) | {"link": link}

        return _once(invite, HTTPStatus.CREATED)


@blp.route("/users/<user_id>")
class OnePerson(MethodView):
    """One person."""

    @require_scope(Scope.USERS_READ)
    @blp.response(HTTPStatus.OK, schemas.PersonSchema)
    def get(self, user_id: str) -> dict[str, Any]:
        """Show a person."""
        hub, actor = runtime(), current_actor()
        with hub.db.across_workspaces() as session:
            return people.show(people.find(session, hub, actor, people.read_id(user_id)), actor)

    @require_scope(Scope.USERS_WRITE)
    @blp.arguments(schemas.ChangePersonSchema)
    @blp.response(HTTPStatus.OK, schemas.PersonSchema)
    def patch(self, given: dict[str, Any], user_id: str) -> dict[str, Any]:
        """Give a person another role, from their next request on."""
        hub, actor = runtime(), current_actor()
        with hub.db.across_workspaces() as session:
            person = people.change_role(session, hub, actor, people.read_id(user_id), Role(given["role"]))
        return people.show(person, actor)


@blp.route("/users/<user_id>/link")
class PasswordLink(MethodView):
    """Let a person back in."""

    @require_scope(Scope.USERS_WRITE)
    @blp.response(HTTPStatus.OK, schemas.InvitedSchema)
    def post(self, user_id: str) -> tuple[Any, int, Headers]:
        """Make a link at which a person chooses a new password, or an invited one comes in, once."""
        hub, actor, found = runtime(), current_actor(), people.read_id(user_id)

        def make(session: Session) -> dict[str, Any]:
            person, link = people.new_link(session, hub, actor, found)
            return people.show(person, actor) | {"link": link}

        return _once(make, HTTPStatus.OK)


@blp.route("/users/<user_id>/leave")
class LeavePlace(MethodView):
    """End a person's place."""

    @require_scope(Scope.USERS_WRITE)
    @blp.arguments(schemas.LeaveSchema)
    @blp.response(HTTPStatus.OK, schemas.LeftSchema)
    def post(self, given: dict[str, Any], user_id: str) -> tuple[Any, int, Headers]:
        """End a person's place, sessions and keys, and hand over what they own: one act."""
        hub, actor, found = runtime(), current_actor(), people.read_id(user_id)
        command = read_leave(given)

        def leave(session: Session) -> dict[str, Any]:
            person, report = leaver.leave(session, hub, actor, found, command)
            looks = leaver.looks(session, hub, actor, person)
            return {"person": people.show(person, actor), "looked_at": looks.counts, **report}

        answer, status, headers = _once(leave, HTTPStatus.OK)
        forget_keys(*(keys.read_id(key) for key in answer["keys_revoked"]))
        return answer, status, headers


@blp.route("/audit")
class Audit(MethodView):
    """Who did what."""

    @require_scope(Scope.AUDIT_READ)
    @blp.arguments(schemas.AuditQuerySchema, location="query")
    @blp.response(HTTPStatus.OK, schemas.EntryListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List acts, newest first."""
        hub, actor, limit = runtime(), current_actor(), query.pop("limit")
        wanted = audit.Filter(before=_after(query), **_filters(query))
        with hub.db.transaction(actor.workspace_id) as session:
            found = audit.page(session, hub.vault, actor.workspace_id, wanted, limit + 1)
        in_full = actor.may(Scope.PERSONAL_DATA_READ)
        return _page([audit_log.show(entry, in_full=in_full) for entry in found], found, limit)


@blp.route("/workspace")
class OneWorkspace(MethodView):
    """The workspace that everything of this key belongs to."""

    @require_scope(Scope.MESSAGES_READ)
    @blp.response(HTTPStatus.OK, schemas.WorkspaceSchema)
    def get(self) -> dict[str, Any]:
        """Show the workspace."""
        actor = current_actor()
        with runtime().db.transaction(actor.workspace_id) as session:
            return service.show(store.workspace(session, actor.workspace_id))

    @require_scope(Scope.SETTINGS_WRITE)
    @blp.arguments(schemas.ChangeWorkspaceSchema)
    @blp.response(HTTPStatus.OK, schemas.WorkspaceSchema)
    def patch(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change the workspace's name, region, time zone or language. Its name in addresses stays."""
        hub, actor = runtime(), current_actor()
        with hub.db.across_workspaces() as session:
            return service.show(service.change_workspace(session, hub.vault, actor, given))


def defaults(actor: Actor) -> dict[str, Any]:
    """Return what a key is given if nothing else is said."""
    scopes = [scope for scope in KEY_SCOPES if actor.may(scope)]
    return {"test": actor.test, "scopes": scopes, "purposes": sorted(actor.purposes)}


def read_leave(given: dict[str, Any]) -> Leave:
    """Read who takes over what; ids that are none are mistakes in the form."""
    heir = given.get("hand_over_to")
    try:
        return Leave(
            hand_over_to=ids.read("usr", heir) if heir else None,
            hand_over_keys=[ids.read("key", text) for text in given["hand_over_keys"]],
        )
    except ids.BadId as error:
        name = "hand_over_to" if str(error) == heir else "hand_over_keys"
        raise Unprocessable("See errors.", errors=[Fault(f"/{name}", "There is none of this id here.")]) from error


def _once(produce: Callable[[Session], Any], status: HTTPStatus) -> tuple[Any, int, Headers]:
    hub, actor = runtime(), current_actor()
    key = key_of(request, actor.workspace_id, actor.id)
    answer, replayed = idempotency.once_across(hub.db, hub.vault, key, produce)
    return answer, status, {"Idempotency-Replayed": "true"} if replayed else {}


def _after(query: dict[str, Any]) -> UUID | None:
    return pagination.read_id(query.pop("after")) if "after" in query else None


def _page(shown: Sequence[dict[str, Any]], found: Sequence[Any], limit: int) -> dict[str, Any]:
    """Return at most `limit` of what was found; one more means that there is a next page."""
    more = len(found) > limit
    return {"data": shown[:limit], "next": pagination.cursor(str(found[limit - 1].id)) if more else None}


def _filters(query: dict[str, Any]) -> dict[str, Any]:
    return {"subject" if name == "object" else name: value for name, value in query.items()}
