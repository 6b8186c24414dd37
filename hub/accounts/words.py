"""Roles, permissions and acts as a person reads them."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString  # type: ignore[import-untyped] # it has no types
from flask_babel import lazy_gettext as _

from hub.accounts.roles import Role
from hub.accounts.scopes import Purpose, Scope


@dataclass(frozen=True, slots=True)
class Word:
    """A label, and what it means in a sentence."""

    label: LazyString
    text: LazyString


ROLES: dict[Role, Word] = {
    Role.OWNER: Word(_("Owner"), _("May do everything, and alone makes other owners.")),
    Role.ADMIN: Word(_("Administrator"), _("May do everything except what concerns owners.")),
    Role.MARKETER: Word(
        _("Marketer"), _("Writes to people and measures it; sees addresses only one by one, on record.")
    ),
    Role.AGENT: Word(_("Agent"), _("Talks to people and sees their addresses and texts.")),
    Role.ANALYST: Word(_("Analyst"), _("Sees figures and takes them along; no persons.")),
    Role.AUDITOR: Word(_("Auditor"), _("Sees who did what and who may do what; changes nothing.")),
}

SCOPES: dict[Scope, Word] = {
    Scope.MESSAGES_READ: Word(_("See messages"), _("Their status, attempts and cost; addresses are masked.")),
    Scope.MESSAGES_WRITE: Word(_("Send and cancel messages"), _("To anybody, within the purposes below.")),
    Scope.MESSAGES_TEST: Word(_("Send a test to oneself"), _("To see what a message looks like.")),
    Scope.EVENTS_READ: Word(_("Follow events"), _("Every change of every message, as it happens.")),
    Scope.PERSONAL_DATA_READ: Word(_("See personal data"), _("Addresses and texts in full. It is written down.")),
    Scope.PERSONAL_DATA_REVEAL: Word(
        _("Reveal personal data one by one"), _("What is masked can be uncovered; each time is written down.")
    ),
    Scope.EXPORTS_WRITE: Word(_("Export lists"), _("As files for spreadsheets. It is written down.")),
    Scope.PROVIDER_ACCOUNTS_READ: Word(_("See provider accounts"), _("Never their credentials.")),
    Scope.PROVIDER_ACCOUNTS_WRITE: Word(_("Change provider accounts"), _("Add, edit, hold and remove them.")),
    Scope.API_KEYS_READ: Word(_("See API keys"), _("Never their secrets.")),
    Scope.API_KEYS_WRITE: Word(_("Make and revoke API keys"), _("With no more rights than one has.")),
    Scope.USERS_READ: Word(_("See people"), _("Who works here, and as what.")),
    Scope.USERS_WRITE: Word(_("Invite people and change roles"), _("Of those who may do no more.")),
    Scope.AUDIT_READ: Word(_("Read the audit log"), _("Who did what, and when.")),
    Scope.SETTINGS_WRITE: Word(_("Change settings"), _("Of this workspace.")),
    Scope.METRICS_READ: Word(_("Read the hub's metrics"), _("Of all workspaces: for the operator.")),
}

GROUPS: tuple[tuple[LazyString, tuple[Scope, ...]], ...] = (
    (_("Messages"), (Scope.MESSAGES_READ, Scope.MESSAGES_WRITE, Scope.MESSAGES_TEST, Scope.EVENTS_READ)),
    (_("Personal data"), (Scope.PERSONAL_DATA_READ, Scope.PERSONAL_DATA_REVEAL, Scope.EXPORTS_WRITE)),
    (_("Provider accounts"), (Scope.PROVIDER_ACCOUNTS_READ, Scope.PROVIDER_ACCOUNTS_WRITE)),
    (
        _("Administration"),
        (
            *(Scope.API_KEYS_READ, Scope.API_KEYS_WRITE, Scope.USERS_READ, Scope.USERS_WRITE),
            *(Scope.AUDIT_READ, Scope.SETTINGS_WRITE, Scope.METRICS_READ),
        ),
    ),
)

PURPOSES: dict[Purpose, Word] = {
    Purpose.TRANSACTIONAL: Word(_("Transactional"), _("Codes, receipts, news about an order.")),
    Purpose.MARKETING: Word(_("Marketing"), _("Only to those who agreed to it.")),
}

KINDS: dict[str, LazyString] = {
    "message.": _("One message"),
    "messages.": _("Lists of messages"),
    "provider_account.": _("Provider accounts"),
    "api_key.": _("API keys"),
    "people.": _("People and roles"),
    "person.": _("Signing in and out"),
    "password.": _("Passwords"),
    "second_factor.": _("Second factor"),
    "workspace.": _("Workspace settings"),
    "audit.": _("The audit log itself"),
}
"""Acts by what they concern: how the filter of the audit log begins them."""

ACTS: dict[str, LazyString] = {
    "api_key.changed": _("changed an API key"),
    "api_key.created": _("made an API key"),
    "api_key.handed_over": _("handed over an API key"),
    "api_key.revoked": _("revoked an API key"),
    "audit.exported": _("exported the audit log"),
    "message.cancelled": _("cancelled a message"),
    "message.revealed": _("revealed an address"),
    "message.viewed": _("looked at a message in full"),
    "messages.exported": _("exported messages"),
    "messages.listed": _("looked at a list of messages in full"),
    "password.changed": _("changed the password"),
    "people.invited": _("invited a person"),
    "people.left": _("ended a person's place"),
    "people.link_made": _("made a password link"),
    "people.role_changed": _("changed a role"),
    "person.signed_in": _("signed in"),
    "person.signed_out": _("signed out"),
    "provider_account.added": _("added a provider account"),
    "provider_account.changed": _("changed a provider account"),
    "provider_account.handed_over": _("handed over a provider account"),
    "provider_account.removed": _("removed a provider account"),
    "provider_account.tested": _("sent a test through a provider account"),
    "rescue_codes.made": _("made new rescue codes"),
    "second_factor.turned_off": _("turned the second factor off"),
    "second_factor.turned_on": _("turned the second factor on"),
    "session.ended": _("ended a session"),
    "workspace.changed": _("changed the workspace"),
}
"""What somebody did, after their name. An act that is not here is shown by its code."""

STATES: dict[str, tuple[LazyString, str]] = {
    "active": (_("Works here"), "green"),
    "invited": (_("Invited"), "azure"),
    "left": (_("Left"), "secondary"),
}


def purpose_choices() -> list[tuple[str, LazyString, LazyString]]:
    """Return the purposes as a form offers them."""
    return [(purpose.value, word.label, word.text) for purpose, word in PURPOSES.items()]


def role_choices(roles: Iterable[Role]) -> list[tuple[str, LazyString, LazyString]]:
    """Return roles as a form offers them."""
    return [(role.value, ROLES[role].label, ROLES[role].text) for role in roles]
