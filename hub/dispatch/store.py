"""SQL of handing messages over: load what was claimed, mark what is called now."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from hub.accounts.scopes import Purpose
from hub.core.db import Database
from hub.core.outbox import Claimed, Topic
from hub.messages.ledger_store import dump
from hub.messages.reasons import Verdict
from hub.routing.spend import ACCOUNTS_AT_CEILING, KEYS_AT_CEILING
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus, Status

LOAD = text(
    """
    SELECT m.workspace_id, m.id, m.channel, m.lane, m.test, m.purpose, m.status, m.final, m.to_index, m.sealed,
           m.created_at, m.deadline_at, m.reference, m.reason_code, m.provider_code, m.api_key_id,
           CAST(m.route -> 0 ->> 'provider_account' AS uuid) AS pinned_account_id,
           a.number, a.status AS attempt_status, a.marked_at, a.provider_account_id, a.provider_message_id, a.sender
    FROM json_to_recordset(CAST(:keys AS json)) AS k(workspace_id uuid, id uuid)
    JOIN messages m ON m.workspace_id = k.workspace_id AND m.id = k.id
    LEFT JOIN LATERAL (
        SELECT * FROM attempts a WHERE a.workspace_id = m.workspace_id AND a.message_id = m.id
        ORDER BY a.number DESC LIMIT 1
    ) a ON true
    """
)

AT_CEILING: Final = f"""
    at_ceiling AS MATERIALIZED (
        {ACCOUNTS_AT_CEILING} AND (p.workspace_id, p.id) IN (SELECT workspace_id, provider_account_id FROM wanted)
        UNION ALL
        {KEYS_AT_CEILING} AND (k.workspace_id, k.id) IN (SELECT workspace_id, api_key_id FROM wanted)
    )
"""  # noqa: S608 - constants
"""The accounts and API keys of `wanted` that may cost nothing more this month, looked up once per wave."""

MARK: Final = f"""
    WITH wanted AS (
        SELECT * FROM json_to_recordset(CAST(%(rows)s AS json)) AS w(
            workspace_id uuid, id uuid, claim uuid, number smallint, provider text, provider_account_id uuid,
            sender text, indexes text[], api_key_id uuid)
    ),
    {AT_CEILING},
    allowed AS (
        SELECT m.workspace_id, m.id, m.channel, w.number, w.provider, w.provider_account_id, w.sender
        FROM wanted w
        JOIN messages m ON m.workspace_id = w.workspace_id AND m.id = w.id
        JOIN workspaces s ON s.id = w.workspace_id
        WHERE m.status < %(sent)s AND m.deadline_at > now()
          AND (m.purpose = %(transactional)s OR m.purpose = ANY(s.opt_out_purposes))
          AND EXISTS (
              SELECT FROM outbox o WHERE o.workspace_id = w.workspace_id AND o.topic = %(topic)s AND o.key = w.id
              AND o.claim = w.claim AND o.due_at > now())
          AND NOT EXISTS (
              SELECT FROM suppressions p WHERE p.workspace_id = w.workspace_id AND p.channel = m.channel
              AND p.address_index = ANY(SELECT decode(i, 'hex') FROM unnest(w.indexes) AS i)
              AND (p.expires_at IS NULL OR p.expires_at > now()))
          AND NOT EXISTS (
              SELECT FROM attempts a WHERE a.workspace_id = w.workspace_id AND a.message_id = w.id
              AND a.status = ANY(%(taken_or_in_doubt)s))
          AND NOT EXISTS (
              SELECT FROM at_ceiling c WHERE c.workspace_id = w.workspace_id
              AND c.id IN (w.provider_account_id, w.api_key_id))
          AND NOT EXISTS (SELECT FROM installation WHERE held_since IS NOT NULL)
        ORDER BY m.id FOR UPDATE OF m
    ),
    sending AS (
        UPDATE messages m SET status = %(sending)s FROM allowed a
        WHERE m.workspace_id = a.workspace_id AND m.id = a.id AND m.status < %(sent)s
        RETURNING m.workspace_id, m.id
    )
    INSERT INTO attempts (workspace_id, message_id, number, channel, provider, provider_account_id, sender, status,
                          marked_at)
    SELECT a.workspace_id, a.id, a.number, a.channel, a.provider, a.provider_account_id, a.sender, %(calling)s, now()
    FROM allowed a JOIN sending s ON s.workspace_id = a.workspace_id AND s.id = a.id
    ON CONFLICT DO NOTHING
    RETURNING message_id
    """  # noqa: S608 - constants
"""The statement that starts provider calls: whoever is not in its answer is not called.

Everything that may forbid a call is in its WHERE: claim and lease, deadline, cancellation, consent, suppression, an
earlier attempt that was taken or may have been, a ceiling that is reached, and the hold of the whole hub. What is under
way is not spent yet, so a ceiling is overshot by the calls in flight at the most.
"""

WHY_NOT = text(
    f"""
    WITH wanted AS (
        SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS w(
            workspace_id uuid, id uuid, provider_account_id uuid, indexes text[], api_key_id uuid)
    ),
    {AT_CEILING}
    SELECT m.id, m.deadline_at <= now() AS late,
           EXISTS (
               SELECT FROM attempts a WHERE a.workspace_id = m.workspace_id AND a.message_id = m.id
               AND a.status = ANY(:taken_or_in_doubt)) AS tried,
           NOT (m.purpose = :transactional OR m.purpose = ANY(s.opt_out_purposes)) AS no_consent,
           EXISTS (
               SELECT FROM suppressions p WHERE p.workspace_id = m.workspace_id AND p.channel = m.channel
               AND p.address_index = ANY(SELECT decode(i, 'hex') FROM unnest(w.indexes) AS i)
               AND (p.expires_at IS NULL OR p.expires_at > now())) AS suppressed,
           EXISTS (
               SELECT FROM at_ceiling c WHERE c.workspace_id = m.workspace_id AND c.id = w.provider_account_id
           ) AS account_at_ceiling,
           EXISTS (
               SELECT FROM at_ceiling c WHERE c.workspace_id = m.workspace_id AND c.id = w.api_key_id
           ) AS key_at_ceiling,
           m.route -> 0 ->> 'provider_account' IS NULL AND EXISTS (
               SELECT FROM provider_accounts o
               WHERE o.workspace_id = m.workspace_id AND o.channel = m.channel AND o.test = m.test AND NOT o.held
                 AND (o.workspace_id, o.id) NOT IN ({ACCOUNTS_AT_CEILING} AND p.workspace_id = m.workspace_id)
           ) AS another_fits
    FROM wanted w
    JOIN messages m ON m.workspace_id = w.workspace_id AND m.id = w.id
    JOIN workspaces s ON s.id = w.workspace_id
    """  # noqa: S608 - constants
)

HELD_IDS = text(
    """
    SELECT provider_message_id, message_id FROM provider_ids
    WHERE workspace_id = :workspace AND provider_account_id = :account AND provider_message_id = ANY(:found)
    """
)

BEING_CALLED = text(
    """
    SELECT EXISTS (
        SELECT FROM messages m JOIN attempts a ON a.workspace_id = m.workspace_id AND a.message_id = m.id
        WHERE m.workspace_id = :workspace AND m.to_index = :to_index AND NOT m.final AND m.id <> :message
          AND a.status = :calling)
    """
)


def load(session: Session, claimed: Sequence[Claimed]) -> Sequence[Row[Any]]:
    """Return claimed messages, each with its last attempt (nulls where there is none)."""
    keys = dump([{"workspace_id": row.workspace_id, "id": row.key} for row in claimed])
    return session.execute(LOAD, {"keys": keys}).all()


def mark(db: Database, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Set attempts `calling` where nothing forbids the call, and commit; return the messages that may be called."""
    found = db.execute_once_across(
        MARK,
        {
            "rows": dump(rows),
            "topic": Topic.SEND.value,
            "transactional": Purpose.TRANSACTIONAL.value,
            "sent": Status.SENT.value,
            "sending": Status.SENDING.value,
            "calling": AttemptStatus.CALLING.value,
            "taken_or_in_doubt": [status.value for status in TAKEN | IN_DOUBT],
        },
    )
    return {message_id for (message_id,) in found}


def why_not(session: Session, rows: Sequence[dict[str, Any]]) -> dict[UUID, tuple[Status, Verdict] | None]:
    """Return, for calls that `mark` did not start, the verdict on their message; None where it may be called later."""
    found = session.execute(
        WHY_NOT,
        {
            "rows": dump(rows),
            "transactional": Purpose.TRANSACTIONAL.value,
            "taken_or_in_doubt": [status.value for status in TAKEN | IN_DOUBT],
        },
    )
    verdicts: dict[UUID, tuple[Status, Verdict] | None] = {}
    for row in found:
        verdicts[row.id] = None
        if row.tried:
            continue
        if row.late:
            verdicts[row.id] = Status.EXPIRED, Verdict.DEADLINE_PASSED
        elif row.suppressed:
            verdicts[row.id] = Status.SUPPRESSED, Verdict.SUPPRESSED
        elif row.no_consent:
            verdicts[row.id] = Status.SUPPRESSED, Verdict.NO_CONSENT
        elif row.key_at_ceiling or (row.account_at_ceiling and not row.another_fits):
            verdicts[row.id] = Status.SUPPRESSED, Verdict.SPEND_CEILING
    return verdicts


def held_ids(session: Session, workspace_id: UUID, account_id: UUID, found: Sequence[str]) -> dict[str, UUID]:
    """Return which of a provider's ids belong to messages of ours already."""
    rows = session.execute(HELD_IDS, {"workspace": workspace_id, "account": account_id, "found": list(found)})
    return {row.provider_message_id: row.message_id for row in rows}


def being_called(session: Session, workspace_id: UUID, to_index: bytes, message_id: UUID) -> bool:
    """Tell whether another message to the same address is in a provider call, whose id nobody knows yet."""
    return bool(
        session.scalar(
            BEING_CALLED,
            {
                "workspace": workspace_id,
                "to_index": to_index,
                "message": message_id,
                "calling": AttemptStatus.CALLING.value,
            },
        )
    )
