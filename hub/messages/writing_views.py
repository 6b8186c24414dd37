"""The screen that a message is written on."""

from dataclasses import replace
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for
from flask_babel import get_locale, gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response

from hub.accounts.auth import current_actor, current_person, signed_in
from hub.accounts.scopes import Purpose, Scope
from hub.core import clock, ids
from hub.core.problems import Unprocessable
from hub.messages import composing, preview, words
from hub.messages.reading import SMS_CHARACTERS
from hub.messages.views import blp
from hub.routing.words import CHANNELS
from hub.web.context import runtime
from hub.web.forms import Form

SHOWN_CHARACTERS = 8


@blp.get("/messages/new")
@signed_in(Scope.MESSAGES_WRITE)
def new() -> str:
    """Show the empty form."""
    return _form(Form())


@blp.post("/messages/new")
@signed_in(Scope.MESSAGES_WRITE)
def send() -> Response | tuple[str, int]:
    """Accept the message and go to its page; a form sent twice is one message."""
    try:
        message_id = composing.send(runtime(), current_actor(), request.form, current_person().phone)
    except Unprocessable as problem:
        return _form(_refused(problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for(".one", message_id=message_id), HTTPStatus.SEE_OTHER)


@blp.post("/messages/new/preview")
@signed_in(Scope.MESSAGES_WRITE)
def count() -> str:
    """Show what the text takes and costs while it is written."""
    return render_template("messages/_preview.html", **_preview(request.form.get("body", "").replace("\r\n", "\n")))


def _refused(problem: Unprocessable) -> Form:
    """Return the form with its mistakes; what is wrong with a number without `+` depends on the country."""
    form = Form.refused(problem)
    if "to/phone" not in form.errors or not form.value("to/phone") or form.value("to/phone").lstrip().startswith("+"):
        return form
    why = gettext(
        "%(mistake)s It was read as dialled in %(country)s.", mistake=form.error("to/phone"), country=_country()
    )
    return replace(form, errors={**form.errors, "to/phone": why})


def _country() -> str:
    """Return the name of the country whose numbers need no `+`."""
    region = current_actor().workspace.region
    return str(get_locale().territories.get(region, region))


def _form(form: Form) -> str:
    actor = current_actor()
    possible = composing.choices(actor)
    return render_template(
        "messages/new.html",
        form=form,
        possible=possible,
        held_id=ids.show("acc", possible.held.id) if possible.held else None,
        country=_country(),
        nonce=form.value("nonce") or composing.new_nonce(),
        purposes=[(purpose.value, words.PURPOSES[purpose]) for purpose in Purpose if purpose in actor.purposes],
        channels=[(channel.value, CHANNELS[channel]) for channel in possible.channels],
        own_phone=current_person().phone,
        may_test=actor.may(Scope.MESSAGES_TEST),
        soonest=clock.now().astimezone(ZoneInfo(actor.workspace.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        **_preview(form.value("body")),
    )


def _preview(body: str) -> dict[str, object]:
    actor = current_actor()
    sender = composing.as_kind(actor, request.form, composing.choices(actor))
    found = preview.preview(sender, body)
    return {
        "found": found,
        "culprits": found.unicode_characters[:SHOWN_CHARACTERS],
        "more_culprits": max(0, len(found.unicode_characters) - SHOWN_CHARACTERS),
        "most": SMS_CHARACTERS,
    }
