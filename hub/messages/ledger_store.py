"""SQL of what happens to messages after they were accepted. Every statement works on a batch.

Lists go over as one JSON text each: `json_to_recordset` costs a third of array parameters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from channels.types import Cost
from hub.core.outbox import Lane
from tracking.delivery import AttemptStatus, Status
from tracking.spend import Bill
from tracking.steps import Try

LOCK = text(
    """
    SELECT m.workspace_id, m.id, coalesce(m.api_key_id, m.user_id) AS spender_id, m.status, m.final, m.channel, m.lane,
           m.reference, m.created_at, m.send_at, m.deadline_at
    FROM messages m JOIN json_to_recordset(CAST(:keys AS json)) AS k(workspace_id uuid, id uuid)
      ON m.workspace_id = k.workspace_id AND m.id = k.id
    ORDER BY m.id FOR UPDATE OF m
    """
)
TRIES = text(
    """
    SELECT a.message_id, a.number, a.status, a.marked_at, a.provider_account_id, a.provider_message_id,
           a.reason_code, a.provider_code, a.segments, a.cost_micros, a.cost_currency, a.counted_micros,
           a.counted_currency, p.segment_price_micros, p.currency
    FROM attempts a JOIN json_to_recordset(CAST(:keys AS json)) AS k(workspace_id uuid, id uuid)
      ON a.workspace_id = k.workspace_id AND a.message_id = k.id
    JOIN provider_accounts p ON p.workspace_id = a.workspace_id AND p.id = a.provider_account_id
    ORDER BY a.message_id, a.number
    """
)
CHANGE_ATTEMPTS = text(
    """
    UPDATE attempts a SET
        status = n.status,
        finished_at = coalesce(a.finished_at, n.at),
        provider_message_id = coalesce(a.provider_message_id, n.provider_message_id),
        segments = coalesce(n.segments, a.segments),
        cost_micros = coalesce(n.cost_micros, a.cost_micros),
        cost_currency = coalesce(n.cost_currency, a.cost_currency),
        counted_micros = n.counted_micros,
        counted_currency = n.counted_currency,
        reason_code = n.reason_code,
        provider_code = n.provider_code,
        sealed = coalesce(convert_to(n.sealed, 'UTF8'), a.sealed)
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, message_id uuid, number smallint, status smallint, at timestamptz, provider_message_id text,
        segments smallint, cost_micros bigint, cost_currency text, counted_micros bigint, counted_currency text,
        reason_code text, provider_code text, sealed text)
    WHERE a.workspace_id = n.workspace_id AND a.message_id = n.message_id AND a.number = n.number
    """
)
HOLD_PROVIDER_IDS = text(
    """
    INSERT INTO provider_ids (workspace_id, provider_account_id, provider_message_id, message_id, number, created_at)
    SELECT n.workspace_id, n.provider_account_id, n.provider_message_id, n.message_id, n.number, :now
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, provider_account_id uuid, provider_message_id text, message_id uuid, number smallint)
    ORDER BY n.workspace_id, n.provider_account_id, n.provider_message_id
    ON CONFLICT DO NOTHING RETURNING message_id, number
    """
)
CHANGE_MESSAGES = text(
    """
    UPDATE messages m SET status = n.status, final = n.final, reason_code = n.reason_code,
        provider_code = n.provider_code, finished_at = CASE WHEN n.final THEN coalesce(m.finished_at, :now) END
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, id uuid, status smallint, final boolean, reason_code text, provider_code text)
    WHERE m.workspace_id = n.workspace_id AND m.id = n.id AND m.status / 10 < n.status / 10
    """
)
COUNT = text(
    """
    INSERT INTO message_rollups AS r (workspace_id, hour, channel, outcome, slot, count)
    SELECT n.workspace_id, n.hour, n.channel, n.outcome, :slot, n.change
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, hour timestamptz, channel text, outcome smallint, change bigint)
    ORDER BY n.workspace_id, n.hour, n.channel, n.outcome
    ON CONFLICT (workspace_id, hour, channel, outcome, slot) DO UPDATE SET count = r.count + excluded.count
    """
)
ADD_EVENTS = text(
    """
    INSERT INTO events (workspace_id, message_id, digest, number, kind, occurred_at, received_at, reason_code,
                        provider_code)
    SELECT n.workspace_id, n.message_id, decode(n.digest, 'hex'), n.number, n.kind, n.occurred_at, n.received_at,
           n.reason_code, n.provider_code
    FROM json_to_recordset(CAST(:rows AS json)) AS n(
        workspace_id uuid, message_id uuid, digest text, number smallint, kind text, occurred_at timestamptz,
        received_at timestamptz, reason_code text, provider_code text)
    ON CONFLICT DO NOTHING RETURNING message_id, digest
    """
)
SEALED = text(
    """
    SELECT m.id, m.sealed
    FROM messages m JOIN json_to_recordset(CAST(:keys AS json)) AS k(workspace_id uuid, id uuid)
      ON m.workspace_id = k.workspace_id AND m.id = k.id
    """
)

Key = tuple[UUID, UUID]
"""(workspace, message)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A message that this transaction alone may change."""

    workspace_id: UUID
    id: UUID
    spender_id: UUID
    status: Status
    final: bool
    channel: str
    lane: Lane
    reference: str | None
    created_at: datetime
    send_at: datetime | None
    deadline_at: datetime

    @property
    def key(self) -> Key:
        """Return the message's key."""
        return self.workspace_id, self.id


def lock(session: Session, keys: Iterable[Key]) -> list[Locked]:
    """Lock messages, in the order of their ids, so that no two transactions wait for each other."""
    rows = session.execute(LOCK, {"keys": _keys(keys)}).mappings()
    return [Locked(**dict(row) | {"status": Status(row["status"]), "lane": Lane(row["lane"])}) for row in rows]


def tries(session: Session, keys: Iterable[Key]) -> dict[UUID, list[Try]]:
    """Return the attempts of messages. Ask after `lock`: a row that waited for a lock must not see an older state."""
    found: dict[UUID, list[Try]] = {}
    for row in session.execute(TRIES, {"keys": _keys(keys)}):
        attempt = Try(
            number=row.number,
            status=AttemptStatus(row.status),
            marked_at=row.marked_at,
            provider_account_id=row.provider_account_id,
            provider_message_id=row.provider_message_id,
            reason_code=row.reason_code,
            provider_code=row.provider_code,
            bill=_bill(row),
        )
        found.setdefault(row.message_id, []).append(attempt)
    return found


def change_attempts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write what became of attempts. Provider ids and costs are kept once known."""
    if rows:
        session.execute(CHANGE_ATTEMPTS, {"rows": dump(rows)})


def hold_provider_ids(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> set[tuple[UUID, int]]:
    """Claim providers' ids for attempts; return those (message, number) that got theirs."""
    if not rows:
        return set()
    held = session.execute(HOLD_PROVIDER_IDS, {"rows": dump(rows), "now": now})
    return {(row.message_id, row.number) for row in held}


def change_messages(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Write the new statuses; none goes backward."""
    if rows:
        session.execute(CHANGE_MESSAGES, {"rows": dump(rows), "now": now})


def count(session: Session, rows: Sequence[dict[str, Any]], slot: int) -> None:
    """Move messages from one outcome to another in the rollup."""
    if rows:
        session.execute(COUNT, {"rows": dump(rows), "slot": slot})


def add_events(session: Session, rows: Sequence[dict[str, Any]]) -> set[tuple[UUID, bytes]]:
    """Append to the ledger; return those (message, digest) that were new."""
    if not rows:
        return set()
    return {(row.message_id, bytes(row.digest)) for row in session.execute(ADD_EVENTS, {"rows": dump(rows)})}


def sealed(session: Session, keys: Iterable[Key]) -> dict[UUID, bytes]:
    """Return the sealed part of messages."""
    return {row.id: bytes(row.sealed) for row in session.execute(SEALED, {"keys": _keys(keys)})}


def dump(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as the JSON text that the statements read."""
    return orjson.dumps(rows).decode()


def _bill(row: Row[Any]) -> Bill:
    return Bill(
        cost=_cost(row.cost_micros, row.cost_currency),
        segments=row.segments,
        segment_price=_cost(row.segment_price_micros, row.currency),
        counted=_cost(row.counted_micros, row.counted_currency),
    )


def _cost(micros: int | None, currency: str | None) -> Cost | None:
    return None if micros is None or currency is None else Cost(micros=micros, currency=currency)


def _keys(keys: Iterable[Key]) -> str:
    return dump([{"workspace_id": workspace_id, "id": message_id} for workspace_id, message_id in keys])
