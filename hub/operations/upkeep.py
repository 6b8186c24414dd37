"""Housekeeping, every minute on one machine: partitions ahead, expired rows away."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hub.accounts import sessions_store
from hub.core import clock, feed, idempotency
from hub.core.db import sqlalchemy_url
from hub.core.migrate import make_partitions
from hub.core.runtime import Runtime
from hub.inbound import store as inbound
from hub.messages import store as messages
from hub.operations import backup

EVERY_SECONDS = 60.0
AT_ONCE = 10_000
ROUNDS = 20
FEED_KEPT = timedelta(days=30)
ORPHANS_KEPT = timedelta(days=30)
PROVIDER_IDS_KEPT = timedelta(days=45)
"""Longer than a message can wait, its deadline and a late receipt after it."""
LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
LOCK_NUMBER = 0x74_72_75_6E_6C


def run(hub: Runtime) -> None:
    """Keep the house. Safe to run from several relays: of each sweep one does it, the others pass."""
    now = clock.now()
    engine = create_engine(sqlalchemy_url(hub.settings.database_url), poolclass=NullPool)
    with engine.connect() as connection:
        make_partitions(connection, now)
    engine.dispose()
    _sweep(hub, backup.release_if_reconciled)
    for sweep, before in (
        (sessions_store.sweep, now),
        (idempotency.sweep, now - idempotency.LIFETIME),
        (feed.sweep, now - FEED_KEPT),
        (inbound.sweep_orphans, now - ORPHANS_KEPT),
        (messages.sweep_provider_ids, now - PROVIDER_IDS_KEPT),
    ):
        for _ in range(ROUNDS):
            if not _sweep(hub, lambda session, do=sweep, when=before: do(session, when, AT_ONCE)):  # type: ignore[misc] # bound at once
                break


def _sweep(hub: Runtime, work: Callable[[Session], int]) -> bool:
    """Do one bounded piece in a transaction of its own; return whether there is more of it."""
    with hub.db.across_workspaces() as session:
        if not session.scalar(LOCK, {"lock": LOCK_NUMBER}):
            return False
        return work(session) >= AT_ONCE
