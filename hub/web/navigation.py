"""The sidebar: one table of entries. What does not exist or the person may not open is not shown."""

from dataclasses import dataclass
from typing import Protocol

from flask import current_app, request, url_for
from flask_babel import LazyString, lazy_gettext  # type: ignore[import-untyped] # it has no types


@dataclass(frozen=True, slots=True)
class Entry:
    """A screen one can go to from everywhere."""

    endpoint: str
    label: LazyString
    icon: str
    scope: str

    @property
    def is_current(self) -> bool:
        """Tell whether one is there, or on one of the screens below it."""
        url = url_for(self.endpoint)
        return request.path == url or (not url.endswith("/") and request.path.startswith(f"{url}/"))


class Asking(Protocol):
    """Who is asking, as far as the sidebar cares."""

    def may(self, scope: str) -> bool:
        """Tell whether they may do this."""


ENTRIES = (
    Entry("reports_screens.home", lazy_gettext("Home"), "home", "messages:read"),
    Entry("messages_screens.index", lazy_gettext("Messages"), "messages", "messages:read"),
    Entry("routing_screens.index", lazy_gettext("Provider accounts"), "plug-connected", "provider_accounts:read"),
    Entry("accounts_screens.keys", lazy_gettext("API keys"), "key", "api_keys:read"),
    Entry("accounts_screens.people", lazy_gettext("People"), "users", "users:read"),
    Entry("accounts_screens.audit", lazy_gettext("Audit log"), "history", "audit:read"),
    Entry("accounts_screens.settings", lazy_gettext("Settings"), "settings", "settings:write"),
)


def entries(actor: Asking | None) -> list[Entry]:
    """Return what this person sees of the sidebar."""
    if actor is None:
        return []
    return [entry for entry in ENTRIES if entry.endpoint in current_app.view_functions and actor.may(entry.scope)]
