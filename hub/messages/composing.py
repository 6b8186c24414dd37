"""Writing a message by hand: from the form to the same command that the API reads."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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
from hub.messages import service
from hub.messages.commands import SendMessage
from hub.messages.reading import SCHEMA, Reader, read_message
from hub.routing.directory import directory
from hub.routing.store import ProviderAccount
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
    held: ProviderAccount | None  # one that could send if it were not held


def choices(actor: Actor) -> Choices:
    """Return the kinds of accounts and the channels that the workspace has; nothing where it cannot send."""
    found = [
        (kind, channel)
        for kind, test in ((LIVE, False), (TEST, True))
        for channel in CHANNELS
        if directory().choose(actor.workspace_id, channel, test=test)
    ]
    held = (directory().held(actor.workspace_id, name, test=test) for name in CHANNELS for test in (False, True))
    return Choices(
        kinds=tuple(dict.fromkeys(kind for kind, _ in found)),
        channels=tuple(dict.fromkeys(name for _, name in found)),
        held=next((account for account in held if account), None),
    )


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
    command = _read(actor, form, own_phone, reader)
    draft = service.draft(hub, sender, command, service.lane_of(command), reader.now)
    answer, replayed = service.accept(hub, sender, [draft], _once(hub, actor, form), draft.answer)
    if not replayed:
        with hub.db.transaction(actor.workspace_id) as session:
            service.trace(hub, session, actor, "message.sent", answer["id"])
    return str(answer["id"])


def new_nonce() -> str:
    """Return what tells one form from another."""
    return secrets.token_urlsafe(16)


def _read(actor: Actor, form: MultiDict[str, str], own_phone: str | None, reader: Reader) -> SendMessage:
    """Return the command that the form stands for; what JSON has no words for is told with the other mistakes."""
    faults: list[Fault] = []
    data = forms.read(SCHEMA, form)
    data.setdefault("to", {})
    if form.get("myself"):
        actor.demand(Scope.MESSAGES_TEST)
        data["to"] = {"phone": own_phone}
        if not own_phone:
            faults.append(Fault("/to/phone", "Your profile has no phone number yet."))
    data.pop("send_at", None)
    if form.get("when") == LATER:
        try:
            local = datetime.fromisoformat(form.get("send_at", ""))
            data["send_at"] = local.replace(tzinfo=ZoneInfo(actor.workspace.time_zone)).isoformat(timespec="seconds")
        except ValueError:
            faults.append(Fault("/send_at", "Choose a day and a time."))
    try:
        command = read_message(data, reader)
    except Unprocessable as problem:
        raise Unprocessable(problem.detail, errors=[*faults, *problem.errors]) from problem
    if faults:
        raise Unprocessable("See errors.", errors=faults)
    return command


def _once(hub: Runtime, actor: Actor, form: MultiDict[str, str]) -> Key | None:
    """Return what makes a form the same: its nonce and what was typed, so that a changed form is a new message."""
    nonce = form.get("nonce", "")
    if not nonce or not is_storable(nonce):
        return None
    typed = orjson.dumps(sorted((name, value) for name, value in form.items() if name != "csrf_token"))
    name = f"{nonce[:100]}:{hub.vault.digest(typed).hex()}"
    return Key(workspace_id=actor.workspace_id, api_key_id=actor.id, kind="form", key=name, content=typed)
