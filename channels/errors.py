"""How a hand-over can fail. The type carries the policy: routing reads the type, never a provider's code.

ChannelError
├── Rejected         nobody will take it as it is: the step ends
├── Throttled        certainly not taken: the same provider, later
├── Unavailable      certainly not taken: the next provider
└── OutcomeUnknown   may have been taken: wait for evidence, never resend blindly
BadSignature         a callback that its provider did not sign
LookUpFailed         the provider could not be asked; nothing is proved
"""

from channels.types import Fault


class ChannelError(Exception):
    """The provider did not confirm that it took the message."""

    def __init__(self, fault: Fault, provider_code: str | None = None, provider_text: str | None = None) -> None:
        super().__init__(fault.value, provider_code)
        self.fault = fault
        self.provider_code = provider_code
        self.provider_text = provider_text


class Rejected(ChannelError):
    """The provider refused this message for good."""


class Throttled(ChannelError):
    """The provider refused for now; it was certainly not taken."""

    def __init__(
        self, retry_after_seconds: float, provider_code: str | None = None, provider_text: str | None = None
    ) -> None:
        super().__init__(Fault.THROTTLED, provider_code, provider_text)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ChannelError):
    """The provider does not take it and another may; it was certainly not taken.

    `fault` tells the whole account being down (`ACCOUNT_REFUSED`, `PROVIDER_FAILURE`) from one sender's limits.
    """


class OutcomeUnknown(ChannelError):
    """The request left us and no answer proves what became of it."""


class BadSignature(Exception):
    """The callback is not signed by the provider it claims to come from."""


class LookUpFailed(Exception):
    """The provider did not answer a look-up, so the look-up proves nothing."""
