"""What one may do: the scopes of an API key, and the permissions that a person's role is made of."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission."""

    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    MESSAGES_TEST = "messages:test"  # send to oneself, to see what it looks like
    EVENTS_READ = "events:read"
    PROVIDER_ACCOUNTS_READ = "provider_accounts:read"
    PROVIDER_ACCOUNTS_WRITE = "provider_accounts:write"
    PERSONAL_DATA_READ = "personal_data:read"  # addresses and texts in full
    PERSONAL_DATA_REVEAL = "personal_data:reveal"  # one at a time, and each is written down
    EXPORTS_WRITE = "exports:write"
    AUDIT_READ = "audit:read"
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    SETTINGS_WRITE = "settings:write"
    METRICS_READ = "metrics:read"  # the whole hub's figures: for its operator, never given by default


WORKSPACE_SCOPES = tuple(scope for scope in Scope if scope is not Scope.METRICS_READ)
KEY_SCOPES = (Scope.MESSAGES_READ, Scope.MESSAGES_WRITE, Scope.EVENTS_READ)
"""What a key may do if nothing else is said: a key that leaks must not make keys or people, nor touch providers."""


class Purpose(StrEnum):
    """Why a message is sent. What a person allowed is kept per purpose."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
