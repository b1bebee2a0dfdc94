"""The worker child, with a stand-in for the worker: a shell script that waits until its stdin ends."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from building.values import NOW
from sqlalchemy import Engine

from bot.serve import child as module
from bot.serve.child import WorkerChild
from bot.store import operations
from bot.store.engine import build_engine
from bot.store.schema import migrate

WAITS = "#!/bin/sh\nread nothing\n"
DEAF = "#!/bin/sh\ntrap '' TERM\necho ready >> {folder}/ready\nread nothing\n"

Play = Callable[[WorkerChild, "asyncio.Queue[str]"], Awaitable[None]]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = build_engine(f"sqlite:///{tmp_path / 'store.db'}")
    migrate(engine)
    return engine


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = WAITS) -> Path:
    """What is run in place of Python."""
    script = folder / "stand-in"
    script.write_text(text.format(folder=folder))
    script.chmod(0o700)
    monkeypatch.setattr(module, "sys", SimpleNamespace(executable=str(script)))
    return script


def play(engine: Engine, act: Play) -> WorkerChild:
    """Run a child while `act` does something; the queue has the executor id of each start."""

    async def go() -> WorkerChild:
        child, starts = WorkerChild(engine, []), asyncio.Queue[str]()
        running = asyncio.create_task(child.run(starts.put_nowait))
        async with asyncio.timeout(60):
            try:
                await act(child, starts)
            finally:
                await child.stop()
            await running
        return child

    child = asyncio.run(go())
    engine.dispose()
    return child


async def until(holds: Callable[[], bool]) -> None:
    """Within the deadline of `play`."""
    while not holds():  # noqa: ASYNC110 - another process has no event to wait for
        await asyncio.sleep(0.005)


def seen(engine: Engine) -> dict[str, bool]:
    """Whether each executor is taken for alive."""
    with engine.connect() as connection:
        alive = {worker.id for worker in operations.read_alive(connection, since=NOW)}
        dead = operations.read_silent(connection, since=NOW)
    return dict.fromkeys(alive, True) | dict.fromkeys(dead, False)


def test_a_worker_that_dies_is_marked_silent_and_started_again_under_another_id(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stand_in(tmp_path, monkeypatch)
    known: dict[str, bool] = {}

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        first = await starts.get()
        with engine.begin() as connection:
            operations.beat(connection, first, problem="", now=NOW)
        os.kill(child.pid or 0, signal.SIGKILL)
        second = await starts.get()
        assert second != first
        known.update(seen(engine))
        assert known == {first: False}

    play(engine, act)

    assert known


def test_a_database_that_is_away_does_not_keep_the_next_worker_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A restart of PostgreSQL can end the worker, and is not over when the end is noticed."""
    stand_in(tmp_path, monkeypatch)
    without_tables = build_engine(f"sqlite:///{tmp_path / 'away.db'}")
    lives: list[str] = []

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        lives.append(await starts.get())
        os.kill(child.pid or 0, signal.SIGKILL)
        lives.append(await starts.get())

    play(without_tables, act)

    assert len(set(lives)) == 2


def test_a_worker_that_cannot_be_started_is_tried_again(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    script = stand_in(tmp_path, monkeypatch)
    script.chmod(0o600)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        await until(lambda: any("Permission denied" in str(vars(each)) for each in caplog.records))
        script.chmod(0o700)
        await starts.get()
        assert child.pid

    play(engine, act)


def test_stopping_ends_the_worker(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stand_in(tmp_path, monkeypatch)
    pids: list[int] = []

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        await starts.get()
        pids.append(child.pid or 0)

    child = play(engine, act)

    assert child.pid is None
    assert_gone(pids[0])


def test_a_worker_that_does_not_stop_in_time_is_killed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stand_in(tmp_path, monkeypatch, DEAF)
    monkeypatch.setattr(module, "STOP_SECONDS", 0.05)
    pids: list[int] = []

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        await starts.get()
        await until((tmp_path / "ready").exists)
        pids.append(child.pid or 0)

    play(engine, act)

    assert_gone(pids[0])


def test_stopping_does_not_wait_for_the_next_start(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """The pause before it can be half a minute long."""
    stand_in(tmp_path, monkeypatch, "#!/bin/sh\nexit 3\n")
    monkeypatch.setattr(module, "FIRST_PAUSE", 60.0)

    async def act(child: WorkerChild, starts: "asyncio.Queue[str]") -> None:
        await starts.get()
        await until(lambda: "starting it again" in caplog.text)

    child = play(engine, act)

    assert child.pid is None


def assert_gone(pid: int) -> None:
    """Ended, and no zombie either."""
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
