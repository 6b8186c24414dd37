"""Backup and restore, by PostgreSQL's own tools.

A backup holds no keys: keep DATA_DIR/secrets apart from it. What was sent after the backup was made is not in it, so
a restored hub sends nothing until each open message has been looked for at its provider.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hub.core import clock, installation, migrate, runtime
from hub.core.db import sqlalchemy_url
from hub.core.runtime import Runtime
from hub.core.settings import Settings
from hub.embedded.engines import find_postgres_tool
from hub.embedded.servers import running_servers
from tracking.delivery import IN_DOUBT, TAKEN, AttemptStatus

RESTORED = "restored"

DOUBT = text(
    """
    WITH open AS (
        SELECT m.workspace_id, m.id, m.channel, m.created_at, p.id AS account_id, p.provider, p.sender,
               coalesce((SELECT max(number) FROM attempts a
                         WHERE a.workspace_id = m.workspace_id AND a.message_id = m.id), 0) + 1 AS number
        FROM messages m JOIN LATERAL (
            SELECT id, provider, sender FROM provider_accounts p
            WHERE p.workspace_id = m.workspace_id AND p.channel = m.channel AND p.test = m.test
            ORDER BY held, id LIMIT 1
        ) p ON true
        WHERE NOT m.final AND coalesce(m.send_at, m.created_at) <= now() AND NOT EXISTS (
            SELECT FROM attempts a WHERE a.workspace_id = m.workspace_id AND a.message_id = m.id
            AND a.status = ANY(:taken_or_in_doubt))
    ),
    doubted AS (
        INSERT INTO attempts (workspace_id, message_id, number, channel, provider, provider_account_id, sender, status,
                              marked_at)
        SELECT workspace_id, id, number, channel, provider, account_id, sender, :unknown, created_at FROM open
        RETURNING workspace_id, message_id
    )
    UPDATE outbox o SET topic = 'follow_up', lane = 'follow_up', claim = NULL,
        due_at = now() + make_interval(secs => :settle)
    FROM doubted d WHERE o.workspace_id = d.workspace_id AND o.topic = 'send' AND o.key = d.message_id
    """
)
IS_FILLED = text("SELECT to_regclass('workspaces') IS NOT NULL")
IN_DOUBT_COUNT = text("SELECT count(*) FROM attempts WHERE status = ANY(:in_doubt)")

log = structlog.get_logger()


class BackupFailed(Exception):
    """PostgreSQL's tool failed. The text is its own."""


def backup(settings: Settings, path: Path) -> None:
    """Write the whole database to a new file (pg_dump, custom format), readable by its owner only."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupFailed(f"{path} cannot be made: {error.strerror}.") from error
    _run(settings, "pg_dump", ["--format=custom", f"--file={path}", f"--dbname={settings.database_url}"])
    log.info("backup.written", bytes=path.stat().st_size)


def restore(settings: Settings, path: Path) -> None:
    """Fill an empty database from a backup and hold all sending. The hub must not be running.

    Raises `BackupFailed` if the database is not empty, `WrongKeys` if it was sealed with keys that are not here.
    """
    own = running_servers(settings.data_dir, keep=True) if settings.embeds_postgres else nullcontext()
    with own:
        _restore(settings, path)


def _restore(settings: Settings, path: Path) -> None:
    engine = create_engine(sqlalchemy_url(settings.database_url), poolclass=NullPool)
    with engine.connect() as connection:
        if connection.scalar(IS_FILLED):
            raise BackupFailed("The database is not empty. Restore into a new DATA_DIR, or an empty database.")
        migrate.ensure_roles(connection)
    engine.dispose()
    arguments = ["--exit-on-error", "--no-owner", "--single-transaction", f"--dbname={settings.database_url}"]
    _run(settings, "pg_restore", [*arguments, str(path)])
    migrate.upgrade(settings)
    hub = runtime.build(settings, pool_size=1)
    doubt_everything(hub)
    hub.db.close()
    log.info("backup.restored")


def doubt_everything(hub: Runtime) -> None:
    """Hold sending, and look for every open message at its provider before it may be sent.

    A message whose `send_at` is still to come cannot have been sent and needs no look.
    """
    with hub.db.across_workspaces() as session:
        installation.hold(session, clock.now(), RESTORED)
        session.execute(
            DOUBT,
            {
                "taken_or_in_doubt": [status.value for status in TAKEN | IN_DOUBT],
                "unknown": AttemptStatus.UNKNOWN.value,
                "settle": hub.settings.settle_seconds,
            },
        )


def release_if_reconciled(session: Session) -> int:
    """End the hold of a restore once nothing is in doubt; return how many attempts still are."""
    if installation.held_because(session) != RESTORED:
        return 0
    left = session.scalar(IN_DOUBT_COUNT, {"in_doubt": [status.value for status in IN_DOUBT]}) or 0
    if not left:
        installation.release(session)
        log.info("sending.released", because=RESTORED)
    return int(left)


def _run(settings: Settings, tool: str, arguments: Sequence[str]) -> None:
    program = find_postgres_tool(settings.data_dir, tool)
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, arguments of ours
        [program, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"{tool}: {done.stderr.strip()}")
