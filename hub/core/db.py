"""PostgreSQL: two pools, one role each.

`hub_app` sees one workspace at a time: row-level security compares every row with the transaction's setting.
`hub_jobs` works across workspaces: claims, receipts, timers. Both come from the one account in `DATABASE_URL`,
which owns the tables and is itself used by migrations and operators' commands only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, MetaData, create_engine, text
from sqlalchemy.orm import Session

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA: Final = MetaData(naming_convention=NAMES)

APP_ROLE = "hub_app"
JOBS_ROLE = "hub_jobs"
TENANT = "hub.workspace_id"
SET_TENANT = text(f"SELECT set_config('{TENANT}', :workspace, true)")
LIMITS = "-c statement_timeout=15000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000 -c timezone=UTC"


class Database:
    """Opens transactions. Safe to share between threads; not between processes."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self._app = _engine(url, APP_ROLE, pool_size)
        self._jobs = _engine(url, JOBS_ROLE, pool_size)
        self._owner = _engine(url, None, 1)
        self._single = self._app.execution_options(isolation_level="AUTOCOMMIT")
        self._single_job = self._jobs.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self, workspace_id: UUID) -> Iterator[Session]:
        """Open a transaction that sees and writes one workspace; commit at the end, roll back on an exception."""
        with Session(self._app) as session, session.begin():
            session.execute(SET_TENANT, {"workspace": str(workspace_id)})
            yield session

    @contextmanager
    def across_workspaces(self) -> Iterator[Session]:
        """Open a transaction over all workspaces, for jobs and for identity (whose key is this?)."""
        with Session(self._jobs) as session, session.begin():
            yield session

    @contextmanager
    def as_owner(self) -> Iterator[Session]:
        """Open a transaction with all rights, for operators' commands: even the audit log is resealed with new keys."""
        with Session(self._owner) as session, session.begin():
            yield session

    @contextmanager
    def single_statement(self) -> Iterator[Connection]:
        """Give a connection for one statement that is its own transaction: one round trip, no BEGIN, no COMMIT.

        The statement must name its workspace through `set_config` itself, or row-level security refuses its rows.
        """
        with self._single.connect() as connection:
            yield connection

    @contextmanager
    def single_job_statement(self) -> Iterator[Connection]:
        """Do the same across workspaces."""
        with self._single_job.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._app.dispose()
        self._jobs.dispose()
        self._owner.dispose()


def sqlalchemy_url(url: str) -> str:
    """Turn a libpq URL into one that names the psycopg 3 driver."""
    return "postgresql+psycopg" + url[url.index("://") :]


def _engine(url: str, role: str | None, pool_size: int) -> Engine:
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=False,  # a check on every checkout would be a second round trip; dropped connections answer 503
        connect_args={"options": f"{LIMITS} -c role={role}" if role else LIMITS, "connect_timeout": 5},
    )
