"""What the screens show of messages, in words; the templates only place it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from babel import dates
from flask_babel import get_locale, gettext  # type: ignore[import-untyped] # it has no types
from sqlalchemy.orm import Session

from hub.accounts import store as accounts
from hub.accounts import users
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import clock, ids, masking
from hub.core.runtime import Runtime
from hub.messages import preview, words
from hub.messages.snapshots import Message, timeline
from hub.messages.words import Reason, Word
from hub.web.formats import clock_time, day, moment, money
from tracking.delivery import IN_DOUBT, Status

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with its words; addresses as this actor may see them."""

    message: Message
    to: str
    status: Word
    reason: Reason | None

    @property
    def id(self) -> str:
        """Return the id as people see it."""
        return ids.show("msg", self.message.id)

    @property
    def provider(self) -> str:
        """Return who tried it last."""
        return self.message.attempts[-1].provider.capitalize() if self.message.attempts else ""

    @property
    def segments(self) -> int | None:
        """Return the segments of all attempts together."""
        return sum(attempt.segments or 0 for attempt in self.message.attempts) or None

    @property
    def cost(self) -> str:
        """Return what all attempts cost together, each currency by itself."""
        return " + ".join(money(micros, currency) for currency, micros in sorted(costs(self.message).items()))


def shown(message: Message, actor: Actor, *, in_full: bool = False) -> Shown:
    """Put a message into words."""
    sees = in_full or actor.may(Scope.PERSONAL_DATA_READ)
    to = message.to if sees else masking.phone(message.to)
    return Shown(message, to, words.STATUSES[message.status], words.reason(message.reason_code))


def costs(message: Message) -> dict[str, int]:
    """Return what the attempts cost, by currency."""
    sums: dict[str, int] = {}
    for attempt in message.attempts:
        if attempt.cost_micros is not None and attempt.cost_currency:
            sums[attempt.cost_currency] = sums.get(attempt.cost_currency, 0) + attempt.cost_micros
    return sums


def sentence(message: Message) -> str:
    """Say how a message stands, when it came to that, and how long it took."""
    what = words.STATUSES[message.status].text
    at = _reached_at(message)
    if at is None:
        return f"{what}."
    asked_at = message.send_at or message.created_at
    lasted = dates.format_timedelta(max(at - asked_at, SECOND), threshold=2, format="short", locale=str(get_locale()))
    values = {"what": what, "time": _time(at), "lasted": lasted}
    if message.send_at and at < message.send_at:
        return str(gettext("%(what)s at %(time)s.", **values))
    if message.send_at:
        return str(gettext("%(what)s at %(time)s, %(lasted)s after its time.", **values))
    return str(gettext("%(what)s at %(time)s, %(lasted)s after it was asked for.", **values))


def _time(at: datetime) -> str:
    """Write the time of today, and the day as well of any other."""
    written = clock_time(at) if day(at) == day(clock.now()) else moment(at, seconds=True)
    return written.striptags()


def _reached_at(message: Message) -> datetime | None:
    heard = [event.received_at for event in message.events if event.kind == message.status.word]
    if heard:
        return min(heard)
    handed_over = [attempt.finished_at for attempt in message.attempts if attempt.provider_message_id]
    return handed_over[-1] if message.status is Status.SENT and handed_over else message.finished_at


def can_be_cancelled(message: Message, actor: Actor) -> bool:
    """Tell whether a provider certainly has not got it yet, as far as this page knows."""
    in_doubt = any(attempt.status in IN_DOUBT for attempt in message.attempts)
    return actor.may(Scope.MESSAGES_WRITE) and message.status < Status.SENT and not in_doubt


def attempts(message: Message) -> list[dict[str, Any]]:
    """Return the attempts, each with its words and the name of its provider account."""
    directory = preview.directory()
    return [
        {
            "attempt": attempt,
            "account": account.name if (account := directory.find(attempt.provider_account_id)) else "",
            "account_id": ids.show("acc", attempt.provider_account_id),
            "status": words.ATTEMPTS[attempt.status],
            "reason": words.reason(attempt.reason_code),
        }
        for attempt in message.attempts
    ]


def story(message: Message) -> Sequence[dict[str, Any]]:
    """Return the timeline, newest first."""
    several = len(message.attempts) > 1
    lines = []
    for line in reversed(timeline(message)):
        word = words.EVENTS.get(line["kind"])
        about = []
        if several and line["attempt"]:
            about.append(gettext("Attempt %(number)s", number=line["attempt"].rpartition("_")[2]))
        if line["provider_code"]:
            about.append(gettext("provider's code %(code)s", code=line["provider_code"]))
        lines.append(
            {
                "at": line["at"],
                "title": word.label if word else line["kind"],
                "tone": word.tone if word else "secondary",
                "text": " · ".join(about),
            }
        )
    return lines


def metadata(message: Message) -> str:
    """Return the caller's own JSON, to be read."""
    return json.dumps(message.metadata, indent=2, ensure_ascii=False) if message.metadata else ""


def asked_by(hub: Runtime, session: Session, message: Message, actor: Actor) -> str:
    """Return the name of the key or the person that asked for a message."""
    if message.user_id:
        with hub.db.across_workspaces() as everywhere:
            person = users.find(everywhere, hub.vault, message.user_id)
        return (person.name or person.email) if person else ids.show("usr", message.user_id)
    names = {key.id: key.name for key in accounts.keys(session, actor.workspace_id)}
    return str(gettext("API key “%(name)s”", name=names.get(message.api_key_id or message.id, "")))
