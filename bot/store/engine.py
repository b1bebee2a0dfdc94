"""Engines for SQLite and PostgreSQL, set up so that two processes can share one database."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BUSY_TIMEOUT_MS = 30_000


def build_engine(url: str) -> Engine:
    """An engine for `sqlite:///file.db` or `postgresql+psycopg://…`; opens nothing yet."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)


def is_outage(fault: BaseException) -> bool:
    """Whether the database could not be reached or was locked, so that the same again may succeed.

    The driver has other words than an operational error for a connection that broke in the middle of a call.
    """
    is_broken = isinstance(fault, DBAPIError) and fault.connection_invalidated
    return is_broken or isinstance(fault, OperationalError | PoolTimeout)


def _sqlite(url: str) -> Engine:
    # IMMEDIATE: a transaction that will write takes its lock at once, instead of failing half-way when two
    # processes read first and write later.
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": "IMMEDIATE"},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # An approval or an audit event must survive a power cut, not only a crash of ours.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
    if sqlite3.sqlite_version_info < (3, 42):
        # The durable engine asks for unixepoch('subsec'), which older libraries answer with NULL.
        connection.create_function("unixepoch", -1, _unixepoch)


def _unixepoch(*words: str) -> float | int:
    now = time.time()
    return now if "subsec" in words else int(now)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection to which the database stands still, whatever others write meanwhile. For reading alone."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            # Python's sqlite3 begins a transaction for writes alone: each SELECT would see a newer database.
            connection.exec_driver_sql("BEGIN")
        yield connection
