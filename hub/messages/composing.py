"""Writing a message by hand: from the form to the same command that the API reads."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from werkzeug.datastructures import MultiDict

from channels.types import Channel
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import clock
from hub.core.idempotency import Key
from hub.core.problems import Fault, Unprocessable
from hub.core.runtime import Runtime
from hub.messages import preview, service
from hub.messages.reading import SCHEMA, Reader, read_message
from hub.web import forms
from hub.web.schemas import is_storable

LIVE, TEST = "live", "test"
LATER = "later"
CHANNELS = (Channel.SMS,)
"""What a phone number can be written to by."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be sent with, going by the accounts that are not held."""

    kinds: Sequence[str]
    channels: Sequence[Channel]


def choices(actor: Actor) -> Choices:
    """Return the kinds of accounts and the channels that the workspace has; nothing where it cannot send."""
    directory = preview.directory()
    found = [
        (kind, channel)
        for kind, test in ((LIVE, False), (TEST, True))
        for channel in CHANNELS
        if directory.choose(actor.workspace_id, channel, test=test)
    ]
    return Choices(tuple(dict.fromkeys(kind for kind, _ in found)), tuple(dict.fromkeys(name for _, name in found)))


def as_kind(actor: Actor, form: MultiDict[str, str], possible: Choices) -> Actor:
    """Return the actor who sends through the chosen kind of account: live unless it has to be, or is to be, a test."""
    kind = form.get("kind") if form.get("kind") in possible.kinds else next(iter(possible.kinds), LIVE)
    return replace(actor, test=kind == TEST)


def send(hub: Runtime, actor: Actor, form: MultiDict[str, str], own_phone: str | None) -> str:
    """Accept what the form says and return the message's id; the same form again gives the same message.

    Raises `Unprocessable` with every mistake.
    """
    possible = choices(actor)
    if not possible.kinds:
        raise Unprocessable("No provider account of this workspace can send this.")
    sender = as_kind(actor, form, possible)
    reader = Reader(actor.workspace.region, actor.purposes, clock.now())
    command = read_message(_content(actor, form, own_phone), reader)
    draft = service.draft(hub, sender, command, service.lane_of(command), reader.now)
    answer, _ = service.accept(hub, sender, [draft], _once(hub, actor, form), draft.answer)
    return str(answer["id"])


def new_nonce() -> str:
    """Return what tells one form from another."""
    return secrets.token_urlsafe(16)


def _content(actor: Actor, form: MultiDict[str, str], own_phone: str | None) -> dict[str, Any]:
    """Return the JSON that the form stands for, or raise `Unprocessable` for what JSON has no words for."""
    data = forms.read(SCHEMA, form)
    data.pop("send_at", None)
    if form.get("myself"):
        actor.demand(Scope.MESSAGES_TEST)
        if not own_phone:
            raise Unprocessable("See errors.", errors=[Fault("/to/phone", "Your profile has no phone number yet.")])
        data["to"] = {"phone": own_phone}
    data.setdefault("to", {})
    if form.get("when") == LATER:
        data["send_at"] = _moment(form.get("send_at", ""), actor.workspace.time_zone)
    return data


def _moment(text: str, time_zone: str) -> str:
    """Return a local time as the API writes it."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unprocessable("See errors.", errors=[Fault("/send_at", "Choose a day and a time.")]) from error
    return local.replace(tzinfo=ZoneInfo(time_zone)).isoformat(timespec="seconds")


def _once(hub: Runtime, actor: Actor, form: MultiDict[str, str]) -> Key | None:
    """Return what makes a form the same: its nonce and what was typed, so that a changed form is a new message."""
    nonce = form.get("nonce", "")
    if not nonce or not is_storable(nonce):
        return None
    typed = orjson.dumps(sorted((name, value) for name, value in form.items() if name != "csrf_token"))
    name = f"{nonce[:100]}:{hub.vault.digest(typed).hex()}"
    return Key(workspace_id=actor.workspace_id, api_key_id=actor.id, kind="form", key=name, content=typed)
