"""The unchanged bot as a child of the sandbox: started, listened to, and stopped."""

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

LOUD = re.compile(r"\d\d:\d\d:\d\d (?:WARNING|ERROR|CRITICAL) ")
ANY_ENTRY = re.compile(r"\d\d:\d\d:\d\d [A-Z]+ ")
LAST_LINES = 20
STOP_SECONDS = 15.0


class BotProcess:
    """`python -m bot serve`, with its log in a file; warnings and errors go to `on_loud`, line by line."""

    def __init__(
        self, config: Path, environment: Mapping[str, str], log: Path, on_loud: Callable[[str], None]
    ) -> None:
        self._config = config
        self._environment = environment
        self._log = log
        self._on_loud = on_loud
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._process.pid if self._process and self._process.returncode is None else 0

    @property
    def last_lines(self) -> str:
        return "\n".join(self._last)

    async def start(self) -> None:
        # A session of its own: Ctrl-C in a terminal reaches the sandbox, which stops it in good order.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve", "--config", str(self._config), "--ops-port", "0"),
            cwd=self._config.parent,
            env={**self._environment, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def wait(self) -> int:
        """Its exit status, once it has ended and all it said was heard."""
        if self._process is None or self._listening is None:
            raise RuntimeError("the bot was not started")
        await asyncio.shield(self._listening)
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, worker and all; end what is left of it when that takes too long."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._on_loud("The bot did not stop in time and was ended.")
        _end_session(process.pid)
        await self.wait()

    async def worker_pid(self) -> int:
        """The process that works for it in AWS; 0 while there is none."""
        return await _child_of(self.pid) if self.pid else 0

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise AssertionError("it was started with a pipe")
        loud = False
        with self._log.open("ab") as log:
            async for raw in process.stdout:
                log.write(raw)
                log.flush()
                line = raw.decode(errors="replace").rstrip()
                self._last.append(line)
                # A traceback follows the entry that it belongs to.
                loud = LOUD.match(line) is not None or (loud and not ANY_ENTRY.match(line))
                if loud:
                    self._on_loud(line)


def _end_session(leader: int) -> None:
    """End whatever is left in the session that a child led."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


async def _child_of(pid: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *("ps", "-A", "-o", "pid=,ppid=,args="), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    rows = (line.split(None, 2) for line in output.decode(errors="replace").splitlines())
    children = (row for row in rows if len(row) == 3 and row[1] == str(pid) and " worker" in row[2])
    return next((int(row[0]) for row in children), 0)
