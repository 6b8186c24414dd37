"""Roles, permissions and acts as a person reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import LazyString  # type: ignore[import-untyped] # it has no types
from flask_babel import lazy_gettext as _

from hub.accounts.roles import Role
from hub.accounts.scopes import Purpose, Scope
from hub.web.i18n import LANGUAGES


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
    Role.ANALYST: Word(_("Analyst"), _("Sees and exports figures, but nobody's personal data.")),
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
    "rescue_codes.": _("Rescue codes"),
    "rescue_code.": _("Rescue codes used"),
    "session.": _("Sessions"),
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
    "message.sent": _("sent a message by hand"),
    "message.viewed": _("looked at a message in full"),
    "messages.exported": _("exported messages"),
    "messages.listed": _("looked at a list of messages in full"),
    "messages.searched": _("looked messages up by a number"),
    "password.changed": _("changed the password"),
    "people.invited": _("invited a person"),
    "people.joined": _("accepted an invitation"),
    "people.left": _("ended a person's access"),
    "people.link_made": _("made a password link"),
    "people.role_changed": _("changed a role"),
    "person.changed": _("changed the profile"),
    "person.sign_in_failed": _("failed to sign in"),
    "person.signed_in": _("signed in"),
    "person.signed_out": _("signed out"),
    "provider_account.added": _("added a provider account"),
    "provider_account.changed": _("changed a provider account"),
    "provider_account.handed_over": _("handed over a provider account"),
    "provider_account.removed": _("removed a provider account"),
    "provider_account.tested": _("sent a test through a provider account"),
    "rescue_code.used": _("used a rescue code"),
    "rescue_codes.made": _("made new rescue codes"),
    "second_factor.turned_off": _("turned the second factor off"),
    "second_factor.turned_on": _("turned the second factor on"),
    "session.ended": _("ended a session"),
    "workspace.changed": _("changed the workspace"),
}
"""What somebody did, after their name. An act that is not here is shown by its code."""

ACTORS: dict[str, LazyString] = {"anonymous": _("Somebody not signed in"), "cli": _("Command line")}
"""Who has no id."""

FIELDS: dict[str, LazyString] = {
    "action": _("What"),
    "actor": _("Who"),
    "channel": _("Channel"),
    "email": _("Email"),
    "expires_at": _("Last day"),
    "from": _("From"),
    "handed_over_to": _("Taken over by"),
    "held": _("Held"),
    "keys_handed_over": _("API keys handed over"),
    "keys_revoked": _("API keys revoked"),
    "kind": _("Kind"),
    "language": _("Language"),
    "left": _("Left over"),
    "looks": _("Looks"),
    "monthly_ceiling": _("Monthly ceiling"),
    "monthly_ceiling/amount": _("Monthly ceiling"),
    "monthly_ceiling/currency": _("Currency of the ceiling"),
    "name": _("Name"),
    "object": _("Object"),
    "owner": _("Answers for it"),
    "phone": _("Phone"),
    "prefix": _("Begins with"),
    "provider": _("Provider"),
    "provider_accounts": _("Provider accounts handed over"),
    "purpose": _("Purpose"),
    "purposes": _("Purposes"),
    "reference": _("Reference"),
    "region": _("Country"),
    "requests_per_minute": _("Requests a minute"),
    "role": _("Role"),
    "scopes": _("Permissions"),
    "segment_price": _("Price of a segment"),
    "segment_price/amount": _("Price of a segment"),
    "segment_price/currency": _("Currency of the price"),
    "sender": _("Sender"),
    "sessions_ended": _("Sessions ended"),
    "status": _("Status"),
    "test": _("Test"),
    "time_zone": _("Time zone"),
    "to": _("To"),
    "wrong": _("What was wrong"),
}
"""What acts changed. A field that is not here is shown by its name in the API."""

YES_NO: dict[str, LazyString] = {"true": _("yes"), "false": _("no")}
VALUES: dict[str, Mapping[str, LazyString | str]] = {
    "role": {role.value: word.label for role, word in ROLES.items()},
    "scopes": {scope.value: word.label for scope, word in SCOPES.items()},
    "purposes": {purpose.value: word.label for purpose, word in PURPOSES.items()},
    "purpose": {purpose.value: word.label for purpose, word in PURPOSES.items()},
    "held": YES_NO,
    "test": YES_NO,
    "language": LANGUAGES,
    "wrong": {"password": _("the password"), "code": _("the code")},
}
"""What the values of some fields are called."""

STATES: dict[str, tuple[LazyString, str]] = {
    "active": (_("Works here"), "green"),
    "invited": (_("Invited"), "azure"),
    "left": (_("Left"), "secondary"),
}


def value(field: str, text: str, names: Mapping[str, str]) -> str:
    """Return what a field held as a person reads it; `names` are those of people and keys by their ids."""
    known = {**names, **VALUES.get(field, {})}
    return ", ".join(str(known.get(part, part)) for part in text.split(", "))


def purpose_choices() -> list[tuple[str, LazyString, LazyString]]:
    """Return the purposes as a form offers them."""
    return [(purpose.value, word.label, word.text) for purpose, word in PURPOSES.items()]


def role_choices(roles: Iterable[Role]) -> list[tuple[str, LazyString, LazyString]]:
    """Return roles as a form offers them."""
    return [(role.value, ROLES[role].label, ROLES[role].text) for role in roles]
