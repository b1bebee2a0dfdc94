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


@pytest.fixture(scope="session")
def prepared_postgres(postgres: Postgres) -> Postgres:
    """A server in whose database the durable engine was started once."""
    engine = postgres.emptied_database()
    durable.prepare_engine(engine, "first")
    durable.launch(AT_ONCE)
    durable.stop(seconds=0)
    engine.dispose()
    return postgres


@pytest.fixture
def postgres_engine(prepared_postgres: Postgres) -> Iterator[Engine]:
    """A database as if it were new."""
    engine = prepared_postgres.emptied_database()
    # Work that nobody has taken from the queues was another test's.
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM dbos.workflow_status"))
    yield engine
    engine.dispose()


@pytest.fixture
def database_file(tmp_path: Path, prepared_file: Path) -> Path:
    return Path(shutil.copy(prepared_file, tmp_path / "bot.db"))


@pytest.fixture
def sqlite_engine(database_file: Path) -> Iterator[Engine]:
    engine = build_engine(f"sqlite:///{database_file}")
    yield engine
    engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Engine:
    """SQLite, or what `ON_BOTH` says."""
    engine: Engine = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_engine")
    return engine


@pytest.fixture
def world(database: Engine) -> Iterator[World]:
    yield World(database)
    durable.stop(seconds=0)


@pytest.fixture
def working_world(world: World) -> World:
    """A world whose queues are worked off by the real durable engine."""
    world.start()
    return world
