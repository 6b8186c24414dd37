"""REST of messages and of the feed."""

from http import HTTPStatus
from typing import Any

import marshmallow
from flask import request, url_for
from flask.views import MethodView

from channels.types import Channel
from hub.accounts.auth import current_actor, require_scope
from hub.accounts.scopes import Purpose, Scope
from hub.accounts.service import Actor
from hub.core import clock, feed, idempotency, ids, pagination
from hub.core.idempotency import Key
from hub.core.outbox import Lane
from hub.core.problems import HubError, NotFound
from hub.messages import feed_reader, looks, preview, service, store
from hub.messages.commands import Filter
from hub.messages.reading import Reader, read_message, read_preview
from hub.messages.schemas import (
    BatchAnswerSchema,
    BatchSchema,
    FeedQuerySchema,
    ListQuerySchema,
    MessageListSchema,
    MessageSchema,
    NewsListSchema,
    PreviewQuestionSchema,
    PreviewSchema,
    RevealedSchema,
    SendMessageSchema,
)
from hub.messages.service import Draft
from hub.messages.snapshots import Message as Snapshot
from hub.messages.snapshots import show
from hub.web.blueprints import Blueprint
from hub.web.context import runtime
from hub.web.idempotency import key_of
from hub.web.jsons import read_body
from hub.web.problems import document
from hub.web.schemas import invalid

blp = Blueprint("messages", __name__, url_prefix="/api/v1", description="Reach a person, and see what became of it.")


@blp.route("/messages")
class Messages(MethodView):
    """All messages of the workspace."""

    @require_scope(Scope.MESSAGES_WRITE)
    @blp.described_body(SendMessageSchema)
    @blp.response(HTTPStatus.ACCEPTED, MessageSchema)
    def post(self) -> tuple[Any, int, dict[str, str]]:
        """Accept a message for delivery."""
        hub, actor = runtime(), current_actor()
        reader = _reader(actor)
        command = read_message(read_body(request), reader)
        draft = service.draft(hub, actor, command, service.lane_of(command), reader.now)
        key = key_of(request, actor.workspace_id, actor.id)
        if draft.reference_key:
            answer, replayed = _accept_once(actor, draft, key)
        else:
            answer, replayed = service.accept(hub, actor, [draft], key, draft.answer)
        headers = {"Location": url_for("messages.Message", message_id=answer["id"])}
        return answer, HTTPStatus.ACCEPTED, headers | _replayed(replayed)

    @require_scope(Scope.MESSAGES_READ)
    @blp.arguments(ListQuerySchema, location="query")
    @blp.response(HTTPStatus.OK, MessageListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List messages, newest first."""
        hub, actor = runtime(), current_actor()
        wanted = _filter(query, actor)
        looks.guess(hub, actor, wanted)
        with hub.db.transaction(actor.workspace_id) as session:
            page, before = store.page(session, hub.vault, actor.workspace_id, wanted, query["limit"])
        return {"data": [_show(m, actor) for m in page], "next": pagination.cursor(str(before)) if before else None}


@blp.route("/messages/batch")
class Batch(MethodView):
    """Many messages at once."""

    @require_scope(Scope.MESSAGES_WRITE)
    @blp.described_body(BatchSchema)
    @blp.response(HTTPStatus.ACCEPTED, BatchAnswerSchema)
    def post(self) -> tuple[Any, int, dict[str, str]]:
        """Accept up to 1 000 messages in one transaction; a bad one does not hold back the others."""
        hub, actor = runtime(), current_actor()
        reader = _reader(actor)
        outcomes = [_read_item(item, actor, reader) for item in _batch_items(read_body(request))]
        key = key_of(request, actor.workspace_id, actor.id)
        drafts = [outcome for outcome in outcomes if isinstance(outcome, Draft)]
        if any(draft.reference_key for draft in drafts):
            answer, replayed = service.accept_with_references(hub, actor, outcomes, key, _show_item)
        else:
            answer = {"data": [_show_item(outcome) for outcome in outcomes]}
            answer, replayed = service.accept(hub, actor, drafts, key, answer)
        return answer, HTTPStatus.ACCEPTED, _replayed(replayed)


@blp.route("/messages/preview")
class PreviewOfMessage(MethodView):
    """A text before it is sent."""

    @require_scope(Scope.MESSAGES_WRITE)
    @blp.described_body(PreviewQuestionSchema)
    @blp.response(HTTPStatus.OK, PreviewSchema)
    def post(self) -> dict[str, Any]:
        """Count a text as its provider will, and estimate its price; nothing is sent or stored."""
        actor = current_actor()
        body = read_preview(read_body(request), _reader(actor))
        return preview.show(preview.preview(actor, body))


@blp.route("/messages/<message_id>")
class Message(MethodView):
    """One message."""

    @require_scope(Scope.MESSAGES_READ)
    @blp.response(HTTPStatus.OK, MessageSchema)
    def get(self, message_id: str) -> dict[str, Any]:
        """Show a message as it stands."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            return _show(service.find(hub, session, actor, _id(message_id)), actor)


@blp.route("/messages/<message_id>/cancel")
class Cancel(MethodView):
    """Take a message back."""

    @require_scope(Scope.MESSAGES_WRITE)
    @blp.response(HTTPStatus.OK, MessageSchema)
    def post(self, message_id: str) -> tuple[Any, int, dict[str, str]]:
        """Cancel a message that no provider has, or may have. Cancelling twice changes nothing."""
        hub, actor = runtime(), current_actor()
        key = key_of(request, actor.workspace_id, actor.id)
        answer, replayed = idempotency.once(
            hub.db,
            hub.vault,
            key,
            lambda session: _show(service.cancel(hub, session, actor, _id(message_id)), actor),
            actor.workspace_id,
        )
        return answer, HTTPStatus.OK, _replayed(replayed)


@blp.route("/messages/<message_id>/reveal")
class Reveal(MethodView):
    """Whom a message is for, and what it says."""

    @require_scope(Scope.MESSAGES_READ)
    @blp.response(HTTPStatus.OK, RevealedSchema)
    def post(self, message_id: str) -> dict[str, Any]:
        """Show address and text in full, for which a key needs `personal_data:reveal`; each look is written down."""
        hub, actor = runtime(), current_actor()
        with hub.db.transaction(actor.workspace_id) as session:
            message = service.reveal(hub, session, actor, _id(message_id))
        return {"to": {"phone": message.to}, "body": message.body}


@blp.route("/events")
class Events(MethodView):
    """The feed."""

    @require_scope(Scope.EVENTS_READ)
    @blp.arguments(FeedQuerySchema, location="query")
    @blp.response(HTTPStatus.OK, NewsListSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List what happened after a place in the feed, oldest first. Nothing is ever inserted before that place."""
        hub, actor = runtime(), current_actor()
        after = pagination.read_number(query["after"]) if "after" in query else 0
        with hub.db.transaction(actor.workspace_id) as session:
            news = feed.read(session, after=after, limit=query["limit"])
            data = feed_reader.show(session, hub.vault, actor.workspace_id, news)
        return {"data": data, "next": pagination.cursor(str(news[-1].number if news else after))}


def _accept_once(actor: Actor, draft: Draft, key: Key | None) -> tuple[Any, bool]:
    answer, replayed = service.accept_with_references(runtime(), actor, [draft], key, _show_item)
    (item,) = answer["data"]
    if "problem" in item:
        raise idempotency.KeyReused("The reference was used for a different message in the last 24 hours.")
    return item["message"], replayed or item["message"]["id"] != draft.answer["id"]


def _batch_items(data: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    try:
        items: list[Any] = BatchSchema().load(data)["messages"]
    except marshmallow.ValidationError as error:
        raise invalid(error.messages) from error
    return items


def _read_item(item: Any, actor: Actor, reader: Reader) -> Draft | HubError:  # noqa: ANN401 - any JSON value
    try:
        command = read_message(item, reader)
    except HubError as problem:
        return problem
    return service.draft(runtime(), actor, command, Lane.NORMAL, reader.now)


def _show(message: Snapshot, actor: Actor) -> dict[str, Any]:
    return show(message, in_full=actor.may(Scope.PERSONAL_DATA_READ))


def _show_item(outcome: Draft | HubError | dict[str, Any]) -> dict[str, Any]:
    if isinstance(outcome, Draft):
        return {"message": outcome.answer}
    if isinstance(outcome, HubError):
        return {"problem": document(outcome)}
    return {"message": outcome}


def _reader(actor: Actor) -> Reader:
    return Reader(actor.workspace.region, actor.purposes, clock.now())


def _replayed(replayed: bool) -> dict[str, str]:  # noqa: FBT001 - a fact, not a switch
    return {"Idempotency-Replayed": "true"} if replayed else {}


def _id(text: str) -> ids.MessageId:
    try:
        return ids.MessageId(ids.read("msg", text))
    except ids.BadId as error:
        raise NotFound("No such message.") from error


def _filter(query: dict[str, Any], actor: Actor) -> Filter:
    return Filter(
        statuses=query.get("status", ()),
        references=query["reference"].split(",") if "reference" in query else (),
        to=query.get("phone"),
        purpose=Purpose(query["purpose"]) if "purpose" in query else None,
        channel=Channel(query["channel"]) if "channel" in query else None,
        test=True if actor.test else query.get("test"),
        created_from=query.get("created_from"),
        created_to=query.get("created_to"),
        before=pagination.read_id(query["after"]) if "after" in query else None,
    )
