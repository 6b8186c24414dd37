"""The filters of the list of messages, as its address has them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext  # type: ignore[import-untyped] # it has no types

from channels.addresses import BadAddress, PhoneNumber, parse_phone
from channels.types import Channel
from hub.accounts.scopes import Purpose
from hub.accounts.service import Actor
from hub.core import masking, pagination
from hub.messages.commands import Filter
from hub.messages.words import GROUPS
from hub.web.forms import Form
from hub.web.i18n import translated
from hub.web.schemas import is_storable
from tracking.delivery import Status

NAMES = ("status", "channel", "purpose", "phone", "reference", "from", "to", "kind")
KINDS = {"live": False, "test": True}
STATUSES = {status.word: (status,) for status in Status} | {name: statuses for name, (_, statuses) in GROUPS.items()}
DAY = timedelta(days=1)


def read(query: Mapping[str, str], actor: Actor) -> tuple[Filter, Form]:
    """Return what is asked for, and the form that shows it with its mistakes. What is mistaken is left out."""
    reader = _Reader({name: query.get(name, "").strip() for name in NAMES}, actor)
    wanted = Filter(
        statuses=reader.choice("status", STATUSES) or (),
        references=[reader.text["reference"]] if reader.text["reference"] else (),
        to=reader.phone(),
        purpose=reader.choice("purpose", {purpose.value: purpose for purpose in Purpose}),
        channel=reader.choice("channel", {channel.value: channel for channel in Channel}),
        test=True if actor.test else reader.choice("kind", KINDS),
        created_from=reader.day("from"),
        created_to=reader.day("to", DAY),
        before=pagination.read_id(query["after"]) if query.get("after") else None,
    )
    return wanted, Form(reader.text, reader.errors)


def traced(form: Form, actor: Actor) -> dict[str, Any]:
    """Return the filters as the audit log keeps them: no address in clear."""
    kept = {name: value for name, value in form.values.items() if value and name not in form.errors}
    if "phone" in kept:
        kept["phone"] = masking.phone(parse_phone(kept["phone"], actor.workspace.region).e164)
    return kept


class _Reader:
    """Reads one field after the other, and keeps what is wrong with them."""

    def __init__(self, text: dict[str, str], actor: Actor) -> None:
        self.text = text
        self.errors: dict[str, str] = {}
        self._region = actor.workspace.region
        self._zone = ZoneInfo(actor.workspace.time_zone)
        for name, value in text.items():
            if not is_storable(value):
                self._refuse(name, gettext("There is no such choice."))

    def choice(self, name: str, choices: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of the choices
        """Return what was chosen; None for nothing."""
        if self.text[name] and self.text[name] not in choices:
            self._refuse(name, gettext("There is no such choice."))
        return choices.get(self.text[name])

    def phone(self) -> PhoneNumber | None:
        """Return the number, read as dialled in the workspace's region."""
        try:
            return parse_phone(self.text["phone"], self._region) if self.text["phone"] else None
        except BadAddress as error:
            self._refuse("phone", translated(str(error)))
            return None

    def day(self, name: str, later: timedelta = timedelta()) -> datetime | None:
        """Return the midnight, in the workspace's time zone, that a day begins with, or a later one."""
        try:
            found = date.fromisoformat(self.text[name]) + later if self.text[name] else None
            return datetime(found.year, found.month, found.day, tzinfo=self._zone) if found else None
        except (ValueError, OverflowError):
            self._refuse(name, gettext("Not a day."))
            return None

    def _refuse(self, name: str, why: str) -> None:
        self.errors.setdefault(name, why)
        self.text[name] = ""
