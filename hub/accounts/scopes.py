"""What a key may do. Screens ask the same names."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission."""

    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    EVENTS_READ = "events:read"
    PROVIDER_ACCOUNTS_READ = "provider_accounts:read"
    PROVIDER_ACCOUNTS_WRITE = "provider_accounts:write"
    METRICS_READ = "metrics:read"  # the whole hub's figures: for its operator, never given by default


WORKSPACE_SCOPES = tuple(scope for scope in Scope if scope is not Scope.METRICS_READ)


class Purpose(StrEnum):
    """Why a message is sent. What a person allowed is kept per purpose."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
