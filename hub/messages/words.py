"""Statuses, reasons and events as a person reads them: a label, a colour, a sentence, and what to do about it."""

from dataclasses import dataclass

from flask_babel import LazyString  # type: ignore[import-untyped] # it has no types
from flask_babel import lazy_gettext as _

from channels.types import Fault
from hub.accounts.scopes import Purpose
from hub.messages.reasons import Verdict
from tracking.delivery import AttemptStatus, Status


@dataclass(frozen=True, slots=True)
class Word:
    """A label and its colour; `text` says it in a sentence."""

    label: LazyString
    tone: str
    text: LazyString | str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something ended as it did, and what to do about it."""

    label: LazyString | str
    text: LazyString
    advice: LazyString


STATUSES: dict[Status, Word] = {
    Status.ACCEPTED: Word(_("Accepted"), "azure", _("Accepted; it is on its way to a provider")),
    Status.SCHEDULED: Word(_("Scheduled"), "azure", _("Waits for its time")),
    Status.SENDING: Word(_("Sending"), "blue", _("Being handed to a provider")),
    Status.SENT: Word(_("Sent"), "blue", _("Taken by a provider")),
    Status.EXPIRED: Word(_("Expired"), "orange", _("Ran out of time")),
    Status.FAILED: Word(_("Failed"), "red", _("Given up without being sent")),
    Status.CANCELLED: Word(_("Cancelled"), "secondary", _("Taken back before it was sent")),
    Status.SUPPRESSED: Word(_("Suppressed"), "yellow", _("Held back")),
    Status.UNCONFIRMED: Word(_("Unconfirmed"), "orange", _("It may have arrived; the wait for a receipt ended")),
    Status.UNDELIVERED: Word(_("Undelivered"), "red", _("The provider reported that it did not arrive")),
    Status.DELIVERED: Word(_("Delivered"), "green", _("Delivered to the phone")),
    Status.READ: Word(_("Read"), "green", _("The person opened it")),
}

GROUPS: dict[str, tuple[LazyString, tuple[Status, ...]]] = {
    "open": (_("On the way"), (Status.ACCEPTED, Status.SCHEDULED, Status.SENDING, Status.SENT)),
    "arrived": (_("Arrived"), (Status.DELIVERED, Status.READ)),
    "trouble": (
        _("Ended without arriving"),
        (
            Status.UNDELIVERED,
            Status.FAILED,
            Status.EXPIRED,
            Status.SUPPRESSED,
            Status.UNCONFIRMED,
            Status.CANCELLED,
        ),
    ),
}
"""Statuses that people look for together."""

ATTEMPTS: dict[AttemptStatus, Word] = {
    AttemptStatus.CALLING: Word(_("Calling the provider"), "blue"),
    AttemptStatus.UNKNOWN: Word(_("Answer lost"), "orange"),
    AttemptStatus.THROTTLED: Word(_("Asked to wait"), "yellow"),
    AttemptStatus.UNAVAILABLE: Word(_("Provider unavailable"), "orange"),
    AttemptStatus.REJECTED: Word(_("Refused"), "red"),
    AttemptStatus.ABSENT: Word(_("Never got there"), "orange"),
    AttemptStatus.SENT: Word(_("Sent"), "blue"),
    AttemptStatus.UNDELIVERED: Word(_("Undelivered"), "red"),
    AttemptStatus.DELIVERED: Word(_("Delivered"), "green"),
    AttemptStatus.READ: Word(_("Read"), "green"),
}

EVENTS: dict[str, Word] = {
    "accepted": Word(_("Accepted"), "azure"),
    "calling": Word(_("Handing over to the provider"), "blue"),
    "handed_over": Word(_("The provider took it"), "blue"),
    "unknown": Word(_("No clear answer from the provider"), "orange"),
    "throttled": Word(_("The provider asked to wait"), "yellow"),
    "unavailable": Word(_("The provider was unavailable"), "orange"),
    "rejected": Word(_("The provider refused it"), "red"),
    "absent": Word(_("The provider never got it"), "orange"),
    "sent": Word(_("The provider sent it on"), "blue"),
    "delivered": Word(_("Delivered to the phone"), "green"),
    "read": Word(_("The person opened it"), "green"),
    "undelivered": Word(_("The provider could not deliver it"), "red"),
    "expired": Word(_("The deadline passed"), "orange"),
    "failed": Word(_("Given up: no provider took it"), "red"),
    "cancelled": Word(_("Cancelled"), "secondary"),
    "suppressed": Word(_("Held back"), "yellow"),
    "unconfirmed": Word(_("Given up waiting for a receipt"), "orange"),
}
"""The kinds of a timeline. `accepted` of a provider reads like the one of ours: it has the message."""

HELD_BACK: dict[str, LazyString] = {
    Verdict.SUPPRESSED: _("Held back: this address must not be written to"),
    Verdict.NO_CONSENT: _("Held back: the person has not agreed"),
    Verdict.SPEND_CEILING: _("Held back: the spend ceiling is reached"),
}
"""What `suppressed` says, by its reason."""
ONLY_SIMULATOR = _(
    "It was sent with a live key, and the workspace has only a simulator account: make a test key, or add a live"
    " account."
)

REASONS: dict[str, Reason] = {
    Fault.ADDRESS_INVALID: Reason(
        _("No such number"),
        _("The provider says that there is no such number."),
        _("Check the number with the person. It was put on the suppression list and is not written to again."),
    ),
    Fault.OPTED_OUT: Reason(
        _("Opted out"),
        _("The person asked not to be written to."),
        _("Respect it. Nothing is sent to this number until the person asks for it again."),
    ),
    Fault.UNREACHABLE: Reason(
        _("Out of reach"),
        _("The person could not be reached: switched off, out of range, or no answer."),
        _("Try again later, or reach the person some other way."),
    ),
    Fault.BLOCKED: Reason(
        _("Blocked"),
        _("The network or the person blocks this sender."),
        _("Try another sender, and ask the provider whether the sender is registered in this country."),
    ),
    Fault.CONTENT_REFUSED: Reason(
        _("Text refused"),
        _("The provider or the network refused the text."),
        _("Change the text: links, prices and capital letters are often taken for spam."),
    ),
    Fault.SENDER_REFUSED: Reason(
        _("Sender refused"),
        _("The provider does not let this sender write to this address."),
        _("Check the sender of the provider account; some countries want it registered."),
    ),
    Fault.ACCOUNT_REFUSED: Reason(
        _("Account refused"),
        _("The provider does not accept this account: credentials, balance or suspension."),
        _("Check the credentials and the balance of the provider account, then send it again."),
    ),
    Fault.REQUEST_REFUSED: Reason(
        _("Request refused"),
        _("The provider found a mistake in the request."),
        _("Look the provider's code up in its documentation; it may be the sender or the number."),
    ),
    Fault.THROTTLED: Reason(
        _("Too fast"),
        _("The provider asked to send more slowly."),
        _("Nothing to do: it is tried again until the deadline."),
    ),
    Fault.PROVIDER_FAILURE: Reason(
        _("Provider failure"),
        _("The provider failed."),
        _("Send it again later. If it goes on, ask the provider."),
    ),
    Fault.UNKNOWN: Reason(
        _("Unknown reason"),
        _("The provider gave a reason that is not known here; see its code."),
        _("Look the provider's code up in its documentation."),
    ),
    Verdict.DEADLINE_PASSED: Reason(
        _("Too late"),
        _("The deadline passed before a provider took the message."),
        _("If it still matters, send it again. Check that the provider accounts work."),
    ),
    Verdict.CANCELLED: Reason(
        _("Cancelled"), _("The message was cancelled."), _("Nothing was sent. Write a new one if it was a mistake.")
    ),
    Verdict.SUPPRESSED: Reason(
        _("Suppression"),
        _("This address must not be written to."),
        _("The person opted out, or the number is dead. Reach them some other way."),
    ),
    Verdict.NO_CONSENT: Reason(
        _("No consent"),
        _("The person has not agreed to messages of this purpose."),
        _("Ask for consent first, or send it as transactional if it really is."),
    ),
    Verdict.NO_PROVIDER_ACCOUNT: Reason(
        _("No account"),
        _("No provider account of this workspace can send this."),
        _("Add a provider account for this channel, or resume one that is held."),
    ),
    Verdict.SPEND_CEILING: Reason(
        _("Spend ceiling"),
        _("This month's spend has reached the ceiling of the provider account or of the API key."),
        _("Raise the ceiling, use another provider account, or wait for the first day of the next month."),
    ),
    Verdict.NO_RECEIPT: Reason(
        _("No receipt"),
        _("A provider took the message and never said what became of it."),
        _("Check that the provider calls back: its account page shows the address to give to the provider."),
    ),
    Verdict.OUTCOME_UNKNOWN: Reason(
        _("Outcome unknown"),
        _("The provider's answer was lost and nothing proved whether it took the message."),
        _("It may have arrived, so it was not sent twice. Ask the person before you send it again."),
    ),
}

PURPOSES: dict[str, LazyString] = {
    Purpose.TRANSACTIONAL: _("Transactional"),
    Purpose.MARKETING: _("Marketing"),
}


def reason(code: str | None) -> Reason | None:
    """Return a reason in words; one that has none yet is told by its code alone."""
    if code is None:
        return None
    unknown = REASONS[Fault.UNKNOWN]
    return REASONS.get(code, Reason(code, unknown.text, unknown.advice))
