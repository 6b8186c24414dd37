"""From what a person pasted into the search to the messages that are meant."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from channels.addresses import BadAddress, PhoneNumber, parse_phone
from hub.accounts.service import Actor
from hub.core import ids
from hub.core.problems import NotFound
from hub.core.runtime import Runtime
from hub.messages import listing, service, store
from hub.messages.commands import MAX_REFERENCE, Filter
from hub.web.schemas import is_storable


def wanted(actor: Actor, asked: str) -> Filter:
    """Return what of a message the text may be: a phone number, and a reference in any case."""
    return Filter(to=_phone(asked, actor.workspace.region), references=[asked])


def find(hub: Runtime, session: Session, actor: Actor, asked: str) -> UUID | dict[str, Any] | None:
    """Return a message, or the filters of a list that is not empty, or None. Any text may be asked for."""
    if not asked or len(asked) > MAX_REFERENCE or not is_storable(asked):
        return None
    message_id = _of_id(asked) or store.of_provider_id(session, actor.workspace_id, asked)
    if message_id and _is_there(hub, session, actor, message_id):
        return message_id
    phone = _phone(asked, actor.workspace.region)
    if phone and _any(hub, session, actor, Filter(to=phone)):
        return {"phone": phone.e164}
    return {"reference": asked} if _any(hub, session, actor, Filter(references=[asked])) else None


def _of_id(text: str) -> UUID | None:
    """Return the message of its own id, or of an attempt's."""
    own = text.rpartition("_")[0].replace("att_", "msg_", 1) if text.startswith("att_") else text
    try:
        return ids.read("msg", own)
    except ids.BadId:
        return None


def _is_there(hub: Runtime, session: Session, actor: Actor, message_id: UUID) -> bool:
    try:
        service.find(hub, session, actor, message_id)
    except NotFound:
        return False
    return True


def _phone(text: str, region: str) -> PhoneNumber | None:
    try:
        return parse_phone(text, region)
    except BadAddress:
        return None


def _any(hub: Runtime, session: Session, actor: Actor, wanted: Filter) -> bool:
    return bool(listing.page(session, hub.vault, actor.workspace_id, wanted, 1).ids)
