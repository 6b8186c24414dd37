"""Why a message ended as it did: our code, and the sentence a person reads."""

from enum import StrEnum

from channels.types import Fault


class Verdict(StrEnum):
    """Reasons of our own; those of providers are `channels.types.Fault`."""

    DEADLINE_PASSED = "deadline_passed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    NO_PROVIDER_ACCOUNT = "no_provider_account"
    SPEND_CEILING = "spend_ceiling"
    NO_RECEIPT = "no_receipt"
    OUTCOME_UNKNOWN = "outcome_unknown"


REASONS: dict[str, str] = {
    Fault.ADDRESS_INVALID: "The provider says that nobody can be reached at this address.",
    Fault.OPTED_OUT: "The person asked not to be written to.",
    Fault.UNREACHABLE: "The person could not be reached: switched off, out of range, or no answer.",
    Fault.BLOCKED: "The network or the person blocks this sender.",
    Fault.CONTENT_REFUSED: "The provider or the network refused the text.",
    Fault.SENDER_REFUSED: "The provider does not let this sender write to this address.",
    Fault.ACCOUNT_REFUSED: "The provider does not accept this account: credentials, balance or suspension.",
    Fault.REQUEST_REFUSED: "The provider found a mistake in the request.",
    Fault.THROTTLED: "The provider asked to send more slowly.",
    Fault.PROVIDER_FAILURE: "The provider failed.",
    Fault.UNKNOWN: "The provider gave a reason that is not known here; see its code.",
    Verdict.DEADLINE_PASSED: "The deadline passed before a provider took the message.",
    Verdict.CANCELLED: "The message was cancelled.",
    Verdict.SUPPRESSED: "This address must not be written to.",
    Verdict.NO_CONSENT: "The person has not agreed to messages of this purpose.",
    Verdict.NO_PROVIDER_ACCOUNT: "No provider account of this workspace can send this.",
    Verdict.SPEND_CEILING: "This month's spend has reached the ceiling of the provider account or of the API key.",
    Verdict.NO_RECEIPT: "A provider took the message and never said what became of it.",
    Verdict.OUTCOME_UNKNOWN: "The provider's answer was lost and nothing proved whether it took the message.",
}
