"""What the screens show of messages, in words; the templates only place it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from babel import dates
from flask_babel import get_locale, gettext  # type: ignore[import-untyped] # it has no types
from sqlalchemy.orm import Session

from channels.types import Cost
from hub.accounts import store as accounts
from hub.accounts import users
from hub.accounts.scopes import Scope
from hub.accounts.service import Actor
from hub.core import clock, ids, masking
from hub.core.runtime import Runtime
from hub.messages import words
from hub.messages.reasons import Verdict
from hub.messages.snapshots import Attempt, Message, timeline
from hub.messages.words import Reason, Word
from hub.routing.directory import directory
from hub.routing.store import ProviderAccount
from hub.web.formats import clock_time, day, moment, money
from tracking.delivery import IN_DOUBT, Status

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with its words; addresses as this actor may see them."""

    message: Message
    to: str
    reference: str
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
        known = costs(self.message)
        text = " + ".join(money(micros, currency) for currency, micros in sorted(known.sums.items()))
        return f"≈ {text}" if known.are_estimated else text


@dataclass(frozen=True, slots=True)
class Costs:
    """What attempts cost, by currency; `are_estimated` where a provider has not named its price yet."""

    sums: dict[str, int]
    are_estimated: bool


def shown(message: Message, actor: Actor, *, in_full: bool = False) -> Shown:
    """Put a message into words."""
    sees = in_full or actor.may(Scope.PERSONAL_DATA_READ)
    to = message.to if sees else masking.phone(message.to)
    reference = (message.reference or "") if sees else masking.within(message.reference or "")
    return Shown(message, to, reference, words.STATUSES[message.status], words.reason(message.reason_code))


def costs(message: Message) -> Costs:
    """Return what the attempts cost by what providers say, else by what was counted."""
    sums = Counter[str]()
    for attempt in message.attempts:
        cost = _cost(attempt)
        if cost:
            sums[cost.currency] += cost.micros
    return Costs(sums, any(attempt.cost_micros is None and _cost(attempt) for attempt in message.attempts))


def _cost(attempt: Attempt) -> Cost | None:
    if attempt.cost_micros is not None and attempt.cost_currency:
        return Cost(micros=attempt.cost_micros, currency=attempt.cost_currency)
    if attempt.counted_micros is not None and attempt.counted_currency:
        return Cost(micros=attempt.counted_micros, currency=attempt.counted_currency)
    return None


def reason(message: Message, actor: Actor) -> Reason | None:
    """Return why a message ended so; a live one where there is but a simulator gets advice of its own."""
    why = words.reason(message.reason_code)
    if why and message.reason_code == Verdict.NO_PROVIDER_ACCOUNT and not message.test:
        live, simulated = (
            directory().has_any(actor.workspace_id, message.channel, test=test) for test in (False, True)
        )
        return replace(why, advice=words.ONLY_SIMULATOR) if simulated and not live else why
    return why


def waits_for(message: Message, actor: Actor) -> ProviderAccount | None:
    """Return the held account that an untried message waits for; None if it waits for none."""
    if message.status not in {Status.ACCEPTED, Status.SCHEDULED} or message.attempts or message.final:
        return None
    if message.send_at and message.send_at > clock.now():
        return None
    known = directory()
    if known.choose(actor.workspace_id, message.channel, test=message.test):
        return None
    return known.held(actor.workspace_id, message.channel, test=message.test)


def sentence(message: Message) -> str:
    """Say how a message stands, when it came to that, and how long it took."""
    what = words.HELD_BACK.get(message.reason_code or "", words.STATUSES[message.status].text)
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
    return [
        {
            "attempt": attempt,
            "account": account.name if (account := directory().find(attempt.provider_account_id)) else "",
            "account_id": ids.show("acc", attempt.provider_account_id),
            "status": words.ATTEMPTS[attempt.status],
            "reason": words.reason(attempt.reason_code),
            "cost": _cost_text(attempt),
        }
        for attempt in message.attempts
    ]


def _cost_text(attempt: Attempt) -> str:
    cost = _cost(attempt)
    if cost is None:
        return "—"
    text = money(cost.micros, cost.currency)
    return text if attempt.cost_micros is not None else f"≈ {text}"


def story(message: Message) -> Sequence[dict[str, Any]]:
    """Return the timeline, newest first."""
    several = len(message.attempts) > 1
    lines = []
    for line in reversed(timeline(message)):
        word = words.EVENTS.get(line["kind"])
        title = word.label if word else line["kind"]
        if line["kind"] == Status.SUPPRESSED.word:
            title = words.HELD_BACK.get(message.reason_code or "", title)
        about = []
        if several and line["attempt"]:
            about.append(gettext("Attempt %(number)s", number=line["attempt"].rpartition("_")[2]))
        if line["provider_code"]:
            about.append(gettext("provider's code %(code)s", code=line["provider_code"]))
        lines.append(
            {
                "at": line["at"],
                "title": title,
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
