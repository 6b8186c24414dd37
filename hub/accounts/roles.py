"""Roles: named sets of permissions that people have in a workspace."""

from enum import StrEnum
from typing import Final

from hub.accounts.scopes import WORKSPACE_SCOPES, Scope


class Role(StrEnum):
    """What a person is in one workspace."""

    OWNER = "owner"  # everything; only an owner makes or unmakes owners
    ADMIN = "admin"  # everything else
    MARKETER = "marketer"  # writes to people without seeing who they are
    AGENT = "agent"  # talks to people
    ANALYST = "analyst"  # sees figures, no persons
    AUDITOR = "auditor"  # sees who did what, changes nothing


LOOK = frozenset({Scope.MESSAGES_READ, Scope.EVENTS_READ, Scope.PROVIDER_ACCOUNTS_READ})
SCOPES_OF: Final[dict[Role, frozenset[Scope]]] = {
    Role.OWNER: frozenset(WORKSPACE_SCOPES),
    Role.ADMIN: frozenset(WORKSPACE_SCOPES),
    Role.MARKETER: LOOK | {Scope.MESSAGES_WRITE, Scope.MESSAGES_TEST, Scope.PERSONAL_DATA_REVEAL, Scope.EXPORTS_WRITE},
    Role.AGENT: LOOK | {Scope.MESSAGES_WRITE, Scope.MESSAGES_TEST, Scope.PERSONAL_DATA_READ},
    Role.ANALYST: LOOK | {Scope.EXPORTS_WRITE},
    Role.AUDITOR: LOOK | {Scope.AUDIT_READ, Scope.API_KEYS_READ, Scope.USERS_READ, Scope.EXPORTS_WRITE},
}
