"""A fresh database for each test, on SQLite and on a real PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters.postgres import Postgres, running_postgres
from sqlalchemy import Engine

from bot.store.engine import build_engine
from bot.store.schema import migrate

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "bot.db"
    engine = build_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_file(tmp_path: Path, migrated_file: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "bot.db"))


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty, migrated database."""
    if request.param == "postgres":
        engine = request.getfixturevalue("postgres").emptied_database()
    else:
        engine = build_engine(f"sqlite:///{request.getfixturevalue('sqlite_file')}")
    yield engine
    engine.dispose()


@pytest.fixture(params=BOTH)
def bare_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "postgres":
        engine = request.getfixturevalue("postgres").bare_database()
    else:
        engine = build_engine(f"sqlite:///{tmp_path / 'bare.db'}")
    yield engine
    engine.dispose()
