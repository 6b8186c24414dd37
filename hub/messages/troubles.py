"""What went wrong at provider accounts lately."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.core import clock, ids
from hub.messages.snapshots import show_reason
from tracking.delivery import AttemptStatus

MOST = 10
LAST_ERRORS = text(
    """
    SELECT failed.* FROM unnest(CAST(:accounts AS uuid[])) AS account(id) CROSS JOIN LATERAL (
        SELECT a.provider_account_id, a.message_id, a.status, a.reason_code, a.provider_code,
               coalesce(a.finished_at, a.marked_at) AS at
        FROM attempts a
        WHERE a.workspace_id = :workspace AND a.provider_account_id = account.id AND a.status IN (31, 32, 70)
        ORDER BY a.message_id DESC LIMIT :most
    ) AS failed
    """
)
"""The statuses stand here literally because the plan is generic and the index of failures is partial."""


def last_errors(session: Session, workspace_id: UUID, accounts: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return the last failed attempts of each account as the API writes them, newest message first."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(LAST_ERRORS, {"workspace": workspace_id, "accounts": list(accounts), "most": MOST}):
        error = {
            "at": clock.show(row.at),
            "message": ids.show("msg", row.message_id),
            "status": AttemptStatus(row.status).word,
            "reason": show_reason(row.reason_code, row.provider_code),
        }
        found[row.provider_account_id].append(error)
    return found
