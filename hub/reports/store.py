"""SQL of the home screen. Messages are never counted here, only rollups read; attempts are read up to a limit.

Plans are generic: a partial index is used only where the statement has the index's own condition, word for word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.core import ids
from hub.messages.reasons import Verdict
from tracking.delivery import Status

MOST_FAILED = 1000
"""More failures of an account than this are told as "more than"."""
MOST_RECENT = 1000
"""Of how many attempts at most a share is taken."""

COUNTS = text(
    """
    SELECT hour, channel, outcome, sum(count) AS total
    FROM unnest(CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])) AS span(since, until)
    JOIN message_rollups ON workspace_id = :workspace AND hour >= span.since AND hour < span.until
    GROUP BY hour, channel, outcome HAVING sum(count) <> 0
    """
)
WEEKDAYS = text(
    """
    SELECT CAST(extract(isodow FROM at) AS int) AS weekday, CAST(extract(hour FROM at) AS int) AS hour,
           CAST(sum(total) AS bigint) AS total
    FROM (
        SELECT hour AT TIME ZONE :zone AS at, sum(count) AS total FROM message_rollups
        WHERE workspace_id = :workspace AND hour >= :since AND hour < :until AND outcome IN (40, 60, 70, 80, 90)
        GROUP BY hour
    ) AS hours
    GROUP BY 1, 2
    """
)
HAS_MESSAGES = text("SELECT EXISTS (SELECT FROM messages WHERE workspace_id = :workspace)")
FAILED = text(
    """
    SELECT p.id, f.total, f.last_at
    FROM provider_accounts p CROSS JOIN LATERAL (
        SELECT count(*) AS total, max(marked_at) AS last_at FROM (
            SELECT marked_at FROM attempts a
            WHERE a.workspace_id = p.workspace_id AND a.provider_account_id = p.id AND a.message_id >= :first
              AND a.status IN (31, 32, 70)
            ORDER BY a.message_id DESC LIMIT :most
        ) AS recent
    ) AS f
    WHERE p.workspace_id = :workspace AND f.total > 0
    """
)
RECENT = text(
    """
    SELECT provider_account_id AS id, count(*) AS total, count(*) FILTER (WHERE status IN (31, 32, 70)) AS failed,
           count(*) FILTER (WHERE status IN (40, 80, 90)) AS taken
    FROM (
        SELECT provider_account_id, status FROM attempts
        WHERE workspace_id = :workspace AND message_id >= :first ORDER BY message_id DESC LIMIT :most
    ) AS recent
    GROUP BY 1
    """
)
NOT_SENT = text(
    """
    SELECT channel, test, count(*) AS total, max(finished_at) AS last_at FROM (
        SELECT channel, test, finished_at, reason_code FROM messages
        WHERE workspace_id = :workspace AND status IN (50, 51, 52, 53, 60, 70) AND status = :failed AND id >= :first
        ORDER BY id DESC LIMIT :most
    ) AS recent
    WHERE reason_code = :reason GROUP BY channel, test ORDER BY channel, test
    """
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages accepted within an hour have an outcome now."""

    hour: datetime
    channel: str
    outcome: Status
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What an account's recent attempts came to. `failed` are of an hour, the rest of the workspace's last attempts."""

    failed: int = 0
    last_failed_at: datetime | None = None
    recent: int = 0
    recent_failed: int = 0
    recent_taken: int = 0


@dataclass(frozen=True, slots=True)
class NotSent:
    """Messages of a channel that no provider account could send."""

    channel: str
    test: bool
    count: int
    last_at: datetime


def counts(session: Session, workspace_id: UUID, spans: Sequence[tuple[datetime, datetime]]) -> list[Count]:
    """Return what became of the messages accepted in these hours; the spans do not overlap."""
    since, until = ([span[end] for span in spans] for end in (0, 1))
    rows = session.execute(COUNTS, {"workspace": workspace_id, "since": since, "until": until})
    return [Count(row.hour, row.channel, Status(row.outcome), int(row.total)) for row in rows]


def weekdays(
    session: Session, workspace_id: UUID, zone: str, since: datetime, until: datetime
) -> dict[tuple[int, int], int]:
    """Return how many messages were handed over by (weekday, hour) of a zone's clock; Monday is 1."""
    parameters = {"workspace": workspace_id, "zone": zone, "since": since, "until": until}
    return {(row.weekday, row.hour): row.total for row in session.execute(WEEKDAYS, parameters)}


def has_messages(session: Session, workspace_id: UUID) -> bool:
    """Tell whether anything was ever asked for."""
    return bool(session.scalar(HAS_MESSAGES, {"workspace": workspace_id}))


def tries(session: Session, workspace_id: UUID, since: datetime) -> dict[UUID, Tries]:
    """Return what the attempts of messages accepted since then came to, by provider account."""
    first = {"workspace": workspace_id, "first": ids.first_of(since)}
    recent = {row.id: row for row in session.execute(RECENT, first | {"most": MOST_RECENT})}
    failed = {row.id: row for row in session.execute(FAILED, first | {"most": MOST_FAILED + 1})}
    return {
        account: Tries(
            failed=failed[account].total if account in failed else 0,
            last_failed_at=failed[account].last_at if account in failed else None,
            recent=recent[account].total if account in recent else 0,
            recent_failed=recent[account].failed if account in recent else 0,
            recent_taken=recent[account].taken if account in recent else 0,
        )
        for account in recent.keys() | failed.keys()
    }


def not_sent(session: Session, workspace_id: UUID, since: datetime) -> Sequence[NotSent]:
    """Return for which channels there was no provider account since then."""
    parameters = {
        "workspace": workspace_id,
        "first": ids.first_of(since),
        "failed": Status.FAILED.value,
        "reason": Verdict.NO_PROVIDER_ACCOUNT.value,
        "most": MOST_FAILED,
    }
    return [NotSent(row.channel, row.test, row.total, row.last_at) for row in session.execute(NOT_SENT, parameters)]
