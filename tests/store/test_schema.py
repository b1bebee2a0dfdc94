"""Migrations make exactly the tables that the code knows, and can be taken back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from building.racing import at_once
from building.values import NOW
from sqlalchemy import Engine, insert, inspect, select

from bot.domain.audit import GENESIS
from bot.domain.errors import StoreError
from bot.store import schema
from bot.store.audit import read_head
from bot.store.engine import build_engine
from bot.store.schema import HEAD, migrate
from bot.store.tables import deliveries, metadata


def config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    return config


def run(engine: Engine, step: str, to: str) -> None:
    configuration = config()
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        getattr(command, step)(configuration, to)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_the_newest_revision_is_the_one_that_alembic_knows():
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def test_migrations_make_exactly_the_tables_of_the_code(engine: Engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_chain_starts_empty(bare_engine: Engine):
    migrate(bare_engine)

    with bare_engine.connect() as connection:
        assert read_head(connection) == (0, GENESIS)


def test_a_migration_can_be_taken_back_and_made_again(bare_engine: Engine):
    migrate(bare_engine)

    run(bare_engine, "downgrade", "base")
    assert tables(bare_engine) == set()

    run(bare_engine, "upgrade", "head")
    assert tables(bare_engine) == set(metadata.tables)


def test_migrating_twice_keeps_what_is_there(bare_engine: Engine):
    migrate(bare_engine)
    with bare_engine.begin() as connection:
        connection.execute(insert(deliveries).values(key="k", at=NOW))

    migrate(bare_engine)

    with bare_engine.connect() as connection:
        assert connection.execute(select(deliveries.c.at)).scalar() == NOW


def test_workers_that_start_at_once_migrate_once(bare_engine: Engine):
    at_once(4, lambda _: migrate(bare_engine))

    assert tables(bare_engine) == set(metadata.tables)


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://bot:hunter2@127.0.0.1:1/bot"]
)
def test_a_database_that_cannot_be_opened_is_a_fault_with_a_way_out(url: str):
    with pytest.raises(StoreError, match=r"Check store\.url") as fault:
        migrate(build_engine(url))

    assert "hunter2" not in str(fault.value)


def test_a_file_that_is_no_database_is_a_fault_with_a_way_out(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be taken for one" * 50)
    engine = build_engine(f"sqlite:///{path}")

    with pytest.raises(StoreError, match="Cannot open or upgrade"):
        migrate(engine)
    engine.dispose()
