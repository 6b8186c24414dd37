"""COPY from Python objects, row by row, committed every 1 000: the raw limit of storing rows."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from benchmarks import measuring

COMMIT_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Copied:
    """How fast rows were stored: rows/s, and CPU in ms each, PostgreSQL's and ours."""

    rate: float
    cpu: float


class Twin:
    """A table like one of the hub's, with the same columns, constraints and indexes but no partitions."""

    def __init__(self, connection: psycopg.Connection[Any], table: str, key: str) -> None:
        """Make the table; `key` are the columns by which a row is recognised, as SQL writes them."""
        self._connection = connection
        self._names = {"source": sql.Identifier(table), "twin": sql.Identifier(f"bare_{table}"), "key": sql.SQL(key)}
        connection.execute(self._statement("CREATE TABLE {twin} (LIKE {source} INCLUDING ALL)"))

    def missing(self) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the hub's table that the twin does not have, as Python objects."""
        found = self._connection.execute(
            self._statement("SELECT * FROM {source} WHERE ({key}) NOT IN (SELECT {key} FROM {twin}) ORDER BY {key}")
        )
        return [tuple(Jsonb(value) if isinstance(value, list) else value for value in row) for row in found]

    def copy(self, rows: Sequence[tuple[Any, ...]], *servers: int) -> Copied:
        """Store rows and measure it; `servers` are the processes of PostgreSQL."""
        statement = self._statement("COPY {twin} FROM STDIN")
        cpu = time.process_time() + measuring.cpu_seconds(*servers)
        began = time.perf_counter()
        for start in range(0, len(rows), COMMIT_EVERY):
            with self._connection.cursor().copy(statement) as copy:
                for row in rows[start : start + COMMIT_EVERY]:
                    copy.write_row(row)
        seconds = time.perf_counter() - began
        cpu = time.process_time() + measuring.cpu_seconds(*servers) - cpu
        return Copied(len(rows) / seconds, measuring.millis(cpu, len(rows)))

    def _statement(self, text: str) -> sql.Composed:
        return sql.SQL(text).format(**self._names)
