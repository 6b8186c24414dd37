"""PostgreSQL: two pools, one role each.

`hub_app` sees one workspace at a time: row-level security compares every row with the transaction's setting.
`hub_jobs` works across workspaces: claims, receipts, timers. Both come from the one account in `DATABASE_URL`,
which owns the tables and is itself used by migrations and operators' commands only.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
import psycopg_pool
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool
from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SqlalchemyTimeout
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
OPTIONS = (
    "-c timezone=UTC -c statement_timeout=15000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000"
    # Planning anew costs several times what most of our statements cost to run.
    " -c plan_cache_mode=force_generic_plan"
)
BY_KEY = (
    # Jobs look rows up by key, a batch at a time. A plan made while the tables were small must not scan them later.
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)

TROUBLE: Final = (DBAPIError, SqlalchemyTimeout, psycopg.Error, psycopg_pool.PoolTimeout)
"""Whatever a transaction raises when PostgreSQL is away, busy or unwilling: worth another try later."""


def is_passing(error: Exception) -> bool:
    """Tell trouble that ends by itself (PostgreSQL is away or busy) from what it refuses for good."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError | SqlalchemyTimeout)


class Database:
    """Opens transactions. Safe to share between threads; not between processes."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self._app = _engine(url, APP_ROLE, pool_size)
        self._jobs = _engine(url, JOBS_ROLE, pool_size)
        self._owner = _engine(url, None, 1)
        self._direct_app = _direct(url, APP_ROLE, pool_size)
        self._direct_jobs = _direct(url, JOBS_ROLE, pool_size)

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

    def execute_once(self, statement: LiteralString, parameters: Mapping[str, Any]) -> None:
        """Run one statement that is its own transaction: one round trip, no BEGIN, no COMMIT.

        It must name its workspace through `set_config` itself, or row-level security refuses its rows. It goes past
        SQLAlchemy, which would cost as much again as the statement. Raises `psycopg.Error`, `psycopg_pool.PoolTimeout`.
        """
        with _connection(self._direct_app) as connection:
            connection.execute(statement, parameters)

    def execute_once_across(self, statement: LiteralString, parameters: Mapping[str, Any]) -> list[TupleRow]:
        """Run one such statement over all workspaces and return its rows."""
        with _connection(self._direct_jobs) as connection:
            return connection.execute(statement, parameters).fetchall()

    def close(self) -> None:
        """Close every connection."""
        self._app.dispose()
        self._jobs.dispose()
        self._owner.dispose()
        for pool in (self._direct_app, self._direct_jobs):
            pool.close()


def sqlalchemy_url(url: str) -> str:
    """Turn a libpq URL into one that names the psycopg 3 driver."""
    return "postgresql+psycopg" + url[url.index("://") :]


def rows_of(result: Any) -> int:  # noqa: ANN401 - a cursor's result
    """Return how many rows a statement changed."""
    return int(result.rowcount)


def _direct(url: str, role: str, pool_size: int) -> ConnectionPool:
    """Make a pool that opens when it is first used and keeps no connection before."""
    options = {"autocommit": True, "options": _options(role), "connect_timeout": 5}
    return ConnectionPool(url, min_size=0, max_size=pool_size, kwargs=options, timeout=5, open=False)


@contextmanager
def _connection(pool: ConnectionPool) -> Iterator[psycopg.Connection]:
    """Lend a connection; when it turns out to be broken, look at all the others before they are lent."""
    if pool.closed:
        pool.open()
    try:
        with pool.connection() as connection:
            yield connection
    except psycopg.OperationalError:
        pool.check()
        raise


def _engine(url: str, role: str | None, pool_size: int) -> Engine:
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=False,  # a check on every checkout would be a second round trip; dropped connections answer 503
        connect_args={"options": _options(role), "connect_timeout": 5},
    )


def _options(role: str | None) -> str:
    return OPTIONS + (f" -c role={role}" if role else "") + (BY_KEY if role == JOBS_ROLE else "")
