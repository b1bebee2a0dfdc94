"""A fresh SQLite database for each test, with fakes around the flows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters.postgres import Postgres, running_postgres
from building.world import World, prepare_file
from sqlalchemy import Engine, text

from bot.flows import engine as durable
from bot.flows.worker import AT_ONCE
from bot.store.engine import build_engine


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "bot.db"
    prepare_file(path)
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_engine(postgres: Postgres) -> Iterator[Engine]:
    """An empty database in which the durable engine was started once."""
    engine = postgres.emptied_database()
    durable.prepare_engine(engine, "first")
    durable.launch(AT_ONCE)
    durable.stop(seconds=0)
    yield engine
    # Work that nobody has taken from the queues is not the next test's.
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM dbos.workflow_status"))
    engine.dispose()


@pytest.fixture
def database_file(tmp_path: Path, prepared_file: Path) -> Path:
    return Path(shutil.copy(prepared_file, tmp_path / "bot.db"))


@pytest.fixture
def world(database_file: Path) -> Iterator[World]:
    engine = build_engine(f"sqlite:///{database_file}")
    yield World(engine)
    durable.stop(seconds=0)
    engine.dispose()


@pytest.fixture
def working_world(world: World) -> World:
    """A world whose queues are worked off by the real durable engine."""
    world.start()
    return world
