"""Bring the database to this release: schema, partitions of the coming months, the keys it is bound to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from hub.core import clock, ids, installation
from hub.core.crypto import Vault
from hub.core.db import APP_ROLE, JOBS_ROLE, sqlalchemy_url
from hub.core.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
LOCK = 0x74_72_75_6E_6B  # any number, the same in every process that migrates
MONTHS_AHEAD = 1  # each partition costs every plan a little
PARTITIONED = ("messages", "attempts", "events")

log = structlog.get_logger()


def upgrade(settings: Settings) -> None:
    """Migrate to the newest revision. Safe to run from several machines at once: one migrates, the others wait."""
    engine = create_engine(sqlalchemy_url(settings.database_url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        ensure_roles(connection)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        make_partitions(connection, clock.now())
        vault = Vault(settings.secret_keys, settings.index_keys)
        with Session(connection) as session:
            installation.claim_keys(session, vault.fingerprints)
            session.commit()
    engine.dispose()
    log.info("database.migrated")


def ensure_roles(connection: Connection) -> None:
    """Make the two roles if this server does not have them from another database of ours."""
    for role in (APP_ROLE, JOBS_ROLE):
        if not connection.scalar(text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)"), {"role": role}):
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
    connection.commit()


def alembic_config() -> Config:
    """Return Alembic's configuration; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def is_migrated(session: Session) -> bool:
    """Tell whether the database has the newest revision."""
    from_disk = max(path.stem.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    return bool(session.scalar(text("SELECT version_num FROM alembic_version")) == from_disk)


def make_partitions(connection: Connection, now: datetime) -> None:
    """Create the partitions of this month and the next ones, where they do not exist yet."""
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(MONTHS_AHEAD + 1):
        following = (month + timedelta(days=32)).replace(day=1)
        for table in PARTITIONED:
            name = f"{table}_{month:%Y_%m}"
            bounds = f"FROM ('{ids.first_of(month)}') TO ('{ids.first_of(following)}')"
            connection.execute(text(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES {bounds}"))
        month = following
    connection.commit()
