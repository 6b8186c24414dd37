"""Callbacks of providers: verify the raw bytes, keep them, answer; read them later."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from channels.errors import BadSignature
from channels.types import EventKind, ProviderEvent, WebhookRequest
from hub.core import clock, ids, metrics, outbox
from hub.core.outbox import Claimed, Lane, Later, Topic
from hub.core.problems import Forbidden
from hub.core.runtime import Runtime
from hub.inbound import store
from hub.messages import ledger
from hub.messages.ledger import Heard, News
from hub.routing.directory import Directory
from hub.routing.store import ProviderAccount
from tracking.delivery import EVIDENCE

LEASE_SECONDS = 60
CLAIM_AT_ONCE = 500
FEW = 50
GATHER_SECONDS = 0.05
"""A trickle of call-backs is gathered this long: one transaction for ten costs little more than for one."""
PLACE_WITHIN = timedelta(minutes=10)
"""A receipt may come before its attempt is known under the provider's id; after this long it never will."""
PLACE_AGAIN = timedelta(seconds=15)
DIGEST_BYTES = 16

log = structlog.get_logger()


def keep(hub: Runtime, directory: Directory, account: ProviderAccount, request: WebhookRequest) -> None:
    """Store a callback durably, or raise `Forbidden` if its provider did not sign it."""
    try:
        directory.adapter(account).verify(request)
    except BadSignature as error:
        metrics.RECEIPTS.labels(provider=account.provider, result="forged").inc()
        raise Forbidden("The signature does not fit.") from error
    content = f"{account.id}\0{request.kind}\0{request.url}\0".encode() + request.body
    key = UUID(bytes=hashlib.sha256(content).digest()[:DIGEST_BYTES])
    sealed = hub.vault.seal(
        {
            "account": str(account.id),
            "kind": request.kind,
            "url": request.url,
            "type": request.headers.get("Content-Type", ""),
            "body": request.body.decode("latin-1"),
            "at": clock.now().isoformat(),
        }
    )
    store.keep(hub.db, workspace_id=account.workspace_id, key=key, sealed=sealed)
    hub.bells.ring(Topic.INBOUND, Lane.RECEIPTS)
    metrics.RECEIPTS.labels(provider=account.provider, result="kept").inc()


class InboundJob:
    """Reads what is in the inbox. One per worker process of its lane."""

    def __init__(self, hub: Runtime, directory: Directory, _lane: Lane) -> None:
        self._hub = hub
        self._directory = directory

    def step(self) -> bool:
        """Read some callbacks; return whether there were any."""
        with self._hub.db.across_workspaces() as session:
            claimed = outbox.claim(
                session, Topic.INBOUND, Lane.RECEIPTS, limit=CLAIM_AT_ONCE, lease_seconds=LEASE_SECONDS
            )
        if claimed:
            metrics.CLAIMED.labels(topic=Topic.INBOUND, lane=Lane.RECEIPTS).inc(len(claimed))
            self._apply(claimed)
        if 0 < len(claimed) < FEW:
            time.sleep(GATHER_SECONDS)
        return bool(claimed)

    def finish(self) -> None:
        """Nothing is under way between two steps."""

    def _apply(self, claimed: Sequence[Claimed]) -> None:
        heard, unreadable = [], set()
        for row in claimed:
            try:
                heard += self._parse(row)
            except (InvalidToken, ValueError, KeyError):  # sealed with a lost key, or written by a newer release
                log.exception("callback.unreadable", row=str(row.key))
                unreadable.add(row.key)
        with self._hub.db.across_workspaces() as session:
            unnamed = [
                (row.workspace_id, account.id, event.provider_message_id)
                for row, account, event, _ in heard
                if event.attempt_id is None
            ]
            known = store.whose(session, unnamed)
            placed, lost = [], []
            for row, account, event, at in heard:
                attempt = _attempt_of(event) or known.get((account.id, event.provider_message_id))
                if attempt:
                    placed.append((row, account, event, at, _news(row.workspace_id, account, event, attempt, at)))
                else:
                    lost.append((row, account, event, at))
            settled = ledger.settle(session, self._hub.vault, [item[-1] for item in placed], clock.now())
            strangers = {id(item) for item in settled.strangers}
            lost += [item[:4] for item in placed if id(item[4]) in strangers]
            waiting = self._put_off(session, lost)
            for row in claimed:
                if row.key in unreadable:
                    outbox.give_back(
                        session, Topic.INBOUND, (row.workspace_id, row.key), row.claim, clock.now() + PLACE_WITHIN
                    )
            done = [(row.workspace_id, row.key) for row in claimed if row.key not in waiting | unreadable]
            outbox.complete(session, [Topic.INBOUND], done)
        for lane in settled.lanes:
            self._hub.bells.ring(Topic.SEND, lane)

    def _parse(self, row: Claimed) -> list[tuple[Claimed, ProviderAccount, ProviderEvent, datetime]]:
        kept: dict[str, Any] = self._hub.vault.unseal(row.sealed or b"")
        account = self._directory.find(UUID(kept["account"]))
        if account is None:
            return []
        request = WebhookRequest(
            kind=kept["kind"],
            url=kept["url"],
            headers={"Content-Type": kept["type"]},
            body=kept["body"].encode("latin-1"),
        )
        at = datetime.fromisoformat(kept["at"])
        events = self._directory.adapter(account).parse(request)
        for event in events:
            if event.kind is EventKind.UNKNOWN:
                metrics.RECEIPTS.labels(provider=account.provider, result="unknown").inc()
        return [(row, account, event, at) for event in events]

    def _put_off(
        self,
        session: Session,
        lost: Sequence[tuple[Claimed, ProviderAccount, ProviderEvent, datetime]],
    ) -> set[UUID]:
        """Try young receipts again later, keep old ones as orphans; return the keys that wait."""
        now = clock.now()
        young = [item for item in lost if now - item[3] < PLACE_WITHIN]
        old = [item for item in lost if now - item[3] >= PLACE_WITHIN]
        laters = [
            Later(
                workspace_id=row.workspace_id,
                key=row.key,
                topic=Topic.INBOUND,
                lane=Lane.RECEIPTS,
                due_at=now + PLACE_AGAIN,
            )
            for row, *_ in young
        ]
        outbox.postpone(session, [Topic.INBOUND], laters)
        orphans = [
            store.Orphan(
                workspace_id=row.workspace_id,
                id=ids.new(),
                provider_account_id=account.id,
                provider_message_id=event.provider_message_id,
                kind=event.kind,
                sealed=row.sealed or b"",
                received_at=at,
            )
            for row, account, event, at in old
        ]
        store.add_orphans(session, orphans)
        if orphans:
            log.warning("receipts.unplaced", count=len(orphans))
        return {later.key for later in laters}


def _attempt_of(event: ProviderEvent) -> tuple[UUID, int] | None:
    try:
        return ids.read_attempt(event.attempt_id) if event.attempt_id else None
    except ids.BadId:
        return None


def _news(
    workspace_id: UUID, account: ProviderAccount, event: ProviderEvent, attempt: tuple[UUID, int], at: datetime
) -> News:
    said = f"{event.provider_message_id}\0{event.kind}\0{event.provider_code}"
    return News(
        workspace_id=workspace_id,
        provider_account_id=account.id,
        message_id=attempt[0],
        number=attempt[1],
        status=EVIDENCE[event.kind],
        at=at,
        heard=Heard(
            kind=event.kind,
            digest=hashlib.sha256(said.encode()).digest()[:DIGEST_BYTES],
            occurred_at=event.occurred_at,
        ),
        provider_message_id=event.provider_message_id,
        cost=event.cost,
        reason_code=event.fault.value if event.fault else None,
        provider_code=event.provider_code,
        provider_text=event.provider_text,
    )
