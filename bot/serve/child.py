"""The worker child: started, watched, and started again when it dies."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.flows.engine import new_executor_id
from bot.store import operations

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
HEALTHY_AFTER = 60.0
"""A child that ran for this many seconds starts again without delay."""
STOP_SECONDS = 30.0


class WorkerChild:
    """Keeps one worker running. Each start has an executor id of its own, and takes over from the dead."""

    def __init__(self, engine: Engine, arguments: Sequence[str]) -> None:
        """`arguments` come after `python -m bot worker`; the executor id is added."""
        self._engine = engine
        self._arguments = tuple(arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run(self, on_start: Callable[[str], None]) -> None:
        """Start the child, and again whenever it ends, until `stop`; `on_start` hears each executor id."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = loop.time()
            outcome = await self._live(new_executor_id(), on_start)
            if self._stopping.is_set():
                return
            if loop.time() - started > HEALTHY_AFTER:
                pause = FIRST_PAUSE
            log.error("the worker ended; starting it again", extra={"status": outcome, "pause": pause})
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _live(self, executor_id: str, on_start: Callable[[str], None]) -> int | str:
        """One life of the child: its exit status, or why it could not be started."""
        try:
            self._process = await self._start(executor_id)
        except OSError as fault:  # no memory or no process left just now
            return str(fault)
        if self._stopping.is_set():
            self._process.terminate()
        on_start(executor_id)
        status = await self._process.wait()
        if not self._stopping.is_set():
            await asyncio.to_thread(self._give_up, executor_id)
        return status

    async def _start(self, executor_id: str) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "bot", "worker", "--executor-id", executor_id, "--child")
        # Nothing is ever written to the pipe: that it ends tells the child that we are gone, however we went.
        return await asyncio.create_subprocess_exec(*command, *self._arguments, stdin=asyncio.subprocess.PIPE)

    def _give_up(self, executor_id: str) -> None:
        # We saw it end: whoever is next need not wait until it has been silent for long enough. It may have
        # been the database that ended it: another worker is started all the same.
        try:
            with self._engine.begin() as connection:
                operations.silence(connection, executor_id)
        except SQLAlchemyError as fault:
            log.warning("the ended worker could not be marked", extra={"problem": type(fault).__name__})

    async def stop(self) -> None:
        """Ask the child to finish what it does, and end it when that takes too long; `run` then returns."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            log.warning("the worker did not stop in time")
            process.kill()
            await process.wait()
