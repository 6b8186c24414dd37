"""Looking at persons: what is written down about it, and how often one may guess at what one does not see."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, cast

from flask import current_app, request

from hub.accounts.scopes import Scope
from hub.accounts.service import Actor, ActorKind
from hub.core import masking
from hub.core.problems import TooManyRequests
from hub.core.runtime import Runtime
from hub.messages import service
from hub.messages.commands import Filter

EXTENSION = "looks"
REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 10_000
GUESSES_A_MINUTE = {ActorKind.USER: 10, ActorKind.KEY: 60}


class Memory:
    """What happened in this process lately, the oldest forgotten first. Safe to share between threads."""

    def __init__(self) -> None:
        self._at: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, what: Hashable) -> bool:
        """Tell whether it happened lately; that somebody asks does not make it last longer."""
        return time.monotonic() - self._at.get(what, -REMEMBERED_SECONDS) < REMEMBERED_SECONDS

    def add(self, what: Hashable) -> None:
        """Remember that it happened just now."""
        with self._lock:
            self._at[what] = time.monotonic()
            self._at.move_to_end(what)
            while len(self._at) > MOST_REMEMBERED:
                self._at.popitem(last=False)


def write_down(hub: Runtime, actor: Actor, action: str, subject: str, **after: Any) -> None:  # noqa: ANN401 - JSON
    """Write down that the actor sees persons in full: a page that asks for its news is one look in ten minutes.

    To be called before the page is shown, with no transaction open.
    """
    what = (actor.id, request.full_path)
    if not actor.may(Scope.PERSONAL_DATA_READ) or _memory().has(what):
        return
    with hub.db.transaction(actor.workspace_id) as session:
        service.trace(hub, session, actor, action, subject, **after)
    _memory().add(what)


def guess(hub: Runtime, actor: Actor, wanted: Filter) -> None:
    """Count that somebody who sees addresses masked asks for one in full, or raise `TooManyRequests`.

    Whoever may ask without end finds the hidden digits. Asking again for what was just asked for tells nothing new.
    """
    new = [what for what in _guessed(actor, wanted) if not _memory().has(what)]
    if not new or actor.may(Scope.PERSONAL_DATA_READ):
        return
    allowance = hub.limiter.hit(f"guesses:{actor.id}", GUESSES_A_MINUTE[actor.kind])
    if allowance and not allowance.allowed:
        raise TooManyRequests(
            "So many look-ups by address a minute are for those who may see addresses.",
            retry_after_seconds=allowance.retry_after_seconds,
        )
    if actor.kind is ActorKind.USER:
        with hub.db.transaction(actor.workspace_id) as session:
            service.trace(hub, session, actor, "messages.searched", "messages")
    for what in new:
        _memory().add(what)


def _guessed(actor: Actor, wanted: Filter) -> list[Hashable]:
    """Return the addresses asked for; those in references only where references are shown masked, on screens."""
    references = wanted.references if actor.kind is ActorKind.USER else ()
    addresses = {reference for reference in references if masking.within(reference) != reference}
    if wanted.to:
        addresses.add(wanted.to.e164)
    return [(actor.id, address) for address in addresses]


def _memory() -> Memory:
    return cast("Memory", current_app.extensions.setdefault(EXTENSION, Memory()))
