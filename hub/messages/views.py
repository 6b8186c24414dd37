"""The screens of messages: list, one message, search."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response as AnyResponse

from channels import registry
from hub.accounts.auth import current_actor, signed_in
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import clock, ids, pagination
from hub.core.problems import NotFound
from hub.core.runtime import Runtime
from hub.messages import filtering, finding, looks, service, showing, store, words
from hub.messages.commands import Filter
from hub.messages.service import NotCancellable
from hub.messages.snapshots import Message
from hub.routing.words import CHANNELS
from hub.web import csv_files
from hub.web.context import runtime

blp = Blueprint("messages_screens", __name__, template_folder="templates", url_prefix="/w/<slug>")
ROWS = 30
MOST_EXPORTED = 10_000
EXPORTED_AT_ONCE = 500
COLUMNS = (
    "id", "created_at", "to", "channel", "status", "reason", "provider_code", "provider", "segments", "cost",
    "currency", "cost_is_estimate", "purpose", "reference", "test", "finished_at",
)  # fmt: skip


@blp.get("/messages")
@signed_in(Scope.MESSAGES_READ)
def index() -> str:
    """List messages, newest first; looking at addresses in full is written down."""
    hub, actor = runtime(), current_actor()
    wanted, form = filtering.read(request.args, actor)
    looks.guess(hub, actor, wanted)
    with hub.db.transaction(actor.workspace_id) as session:
        page, before = ([], None) if form.errors else store.page(session, hub.vault, actor.workspace_id, wanted, ROWS)
    if page:
        looks.write_down(hub, actor, "messages.listed", "messages", **filtering.traced(form, actor))
    return render_template(
        "messages/_list.html" if "HX-Request" in request.headers else "messages/index.html",
        rows=[showing.shown(message, actor) for message in page],
        next=pagination.cursor(str(before)) if before else None,
        form=form,
        filtered=any(form.values.values()) or bool(form.errors),
        words=words,
        channels=CHANNELS,
        offered={adapter.channel.value: CHANNELS[adapter.channel] for adapter in registry.ADAPTERS},
    )


@blp.get("/messages.csv")
@signed_in(Scope.EXPORTS_WRITE)
def export() -> Response:
    """Send the filtered list as a file: at most `MOST_EXPORTED` messages, addresses as this person may see them."""
    hub, actor = runtime(), current_actor()
    actor.demand(Scope.MESSAGES_READ)
    wanted, form = filtering.read(request.args, actor)
    looks.guess(hub, actor, wanted)
    with hub.db.transaction(actor.workspace_id) as session:
        service.trace(hub, session, actor, "messages.exported", "messages", **filtering.traced(form, actor))
    return csv_files.answer("messages.csv", COLUMNS, () if form.errors else _exported(hub, actor, wanted))


@blp.get("/messages/<message_id>")
@signed_in(Scope.MESSAGES_READ)
def one(message_id: str) -> str:
    """Show a message as it stands."""
    hub, actor = runtime(), current_actor()
    with hub.db.transaction(actor.workspace_id) as session:
        message = service.find(hub, session, actor, _id(message_id))
        author = showing.asked_by(hub, session, message, actor)
    looks.write_down(hub, actor, "message.viewed", ids.show("msg", message.id))
    if "HX-Request" in request.headers:
        return render_template("messages/_one.html", **_standing(message, actor))
    return _page(message, actor, author, in_full=actor.may(Scope.PERSONAL_DATA_READ))


@blp.post("/messages/<message_id>/reveal")
@signed_in(Scope.MESSAGES_READ)
def reveal(message_id: str) -> str:
    """Show a message with its address and text in full; that is written down."""
    hub, actor = runtime(), current_actor()
    with hub.db.transaction(actor.workspace_id) as session:
        message = service.reveal(hub, session, actor, _id(message_id))
        author = showing.asked_by(hub, session, message, actor)
    return _page(message, actor, author, in_full=True)


@blp.get("/messages/<message_id>/reveal")
@signed_in(Scope.MESSAGES_READ)
def revealed(message_id: str) -> AnyResponse:
    """Lead back from the address of what was shown once."""
    return redirect(url_for(".one", message_id=message_id), HTTPStatus.SEE_OTHER)


@blp.post("/messages/<message_id>/cancel")
@signed_in(Scope.MESSAGES_WRITE)
def cancel(message_id: str) -> AnyResponse:
    """Take a message back if it is not too late, and say which."""
    hub, actor = runtime(), current_actor()
    try:
        with hub.db.transaction(actor.workspace_id) as session:
            service.cancel(hub, session, actor, _id(message_id))
        flash(gettext("The message is cancelled. Nothing is sent."))
    except NotCancellable:
        flash(gettext("Too late to cancel: a provider has the message, or it came to its end."), "error")
    return redirect(url_for(".one", message_id=message_id), HTTPStatus.SEE_OTHER)


@blp.get("/search")
@signed_in(Scope.MESSAGES_READ)
def search() -> str | AnyResponse:
    """Go to what a phone number, an id or a reference belongs to."""
    hub, actor = runtime(), current_actor()
    asked = request.args.get("q", "").strip()
    looks.guess(hub, actor, finding.wanted(actor, asked))
    with hub.db.transaction(actor.workspace_id) as session:
        found = finding.find(hub, session, actor, asked)
    if isinstance(found, UUID):
        return redirect(url_for(".one", message_id=ids.show("msg", found)), HTTPStatus.SEE_OTHER)
    if found:
        return redirect(url_for(".index", **found), HTTPStatus.SEE_OTHER)
    return render_template("messages/nothing_found.html", asked=asked)


def _page(message: Message, actor: Actor, author: str, *, in_full: bool) -> str:
    return render_template(
        "messages/one.html",
        shown=showing.shown(message, actor, in_full=in_full),
        in_full=in_full,
        may_reveal=actor.may(Scope.PERSONAL_DATA_REVEAL),
        author=author,
        metadata=showing.metadata(message) if in_full else "",
        channels=CHANNELS,
        **_standing(message, actor),
    )


def _standing(message: Message, actor: Actor) -> dict[str, Any]:
    """Return what may change while one looks, and holds nothing personal."""
    return {
        "message": message,
        "url": url_for(".one", message_id=ids.show("msg", message.id)),
        "id": ids.show("msg", message.id),
        "sentence": showing.sentence(message),
        "status": words.STATUSES[message.status],
        "reason": showing.reason(message, actor),
        "waits_for": (held := showing.waits_for(message, actor)),
        "waits_for_id": ids.show("acc", held.id) if held else None,
        "attempts": showing.attempts(message),
        "story": showing.story(message),
        "cancellable": showing.can_be_cancelled(message, actor),
        "words": words,
    }


def _exported(hub: Runtime, actor: Actor, wanted: Filter) -> Iterator[Sequence[object]]:
    written, place = 0, wanted
    while written < MOST_EXPORTED:
        with hub.db.transaction(actor.workspace_id) as session:
            page, before = store.page(session, hub.vault, actor.workspace_id, place, EXPORTED_AT_ONCE)
        yield from (_cells(message, actor) for message in page)
        written += len(page)
        if before is None:
            return
        place = replace(wanted, before=before)


def _cells(message: Message, actor: Actor) -> Sequence[object]:
    seen = showing.shown(message, actor)
    costs = showing.costs(message)
    currency = min(costs.sums, default="")
    return (
        seen.id,
        clock.show(message.created_at),
        seen.to,
        message.channel,
        message.status.word,
        message.reason_code,
        message.provider_code,
        seen.provider,
        seen.segments,
        f"{costs.sums[currency] / 1_000_000:.6f}" if currency else "",
        currency,
        "true" if costs.are_estimated else "false",
        message.purpose,
        seen.reference,
        "true" if message.test else "false",
        clock.show(message.finished_at) if message.finished_at else "",
    )


def _id(text: str) -> ids.MessageId:
    try:
        return ids.MessageId(ids.read("msg", text))
    except ids.BadId as error:
        raise NotFound("No such message.") from error
