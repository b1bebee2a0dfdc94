"""The Slack side's process: connect, serve, watch the worker, and stop in good order."""

import asyncio
import logging
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from sqlalchemy import Engine

from bot import __version__
from bot.flows.desk import Desk
from bot.serve.address import Address
from bot.serve.child import WorkerChild
from bot.serve.errors import StartError
from bot.serve.http_mode import HttpMode
from bot.serve.metrics import Meters, Metrics, Page
from bot.serve.ops import start_ops
from bot.serve.readiness import WORKER_SILENT, Readiness, read_readiness
from bot.serve.socket_mode import SocketMode
from bot.serve.stories import Stories, keep_stories
from bot.settings import Settings
from bot.store import operations
from bot.store.metrics import Measures, read_measures
from bot.store.schema import migrate
from bot.wiring.clock import utc_now
from bot.wiring.desk import build_desk, open_store
from bot.wiring.slack_side import build_slack_app

log = logging.getLogger(__name__)

START_SECONDS = 60.0
STORY_SECONDS = 10.0
"""How long a stop waits for what was acked and not answered yet."""


class Way(Protocol):
    """How Slack's requests come in."""

    async def connect(self, app: AsyncApp) -> None:
        """Let them in. Raises StartError when Slack does not take what it is shown."""

    async def problem(self) -> str:
        """What keeps them out; empty when nothing does."""

    async def disconnect(self) -> None:
        """Let no more in, and ack those that are."""


@dataclass(slots=True)
class SlackProcess:
    """With `http`, an address that a proxy forwards Slack's requests to; without, over Socket Mode."""

    settings: Settings
    worker_arguments: Sequence[str]
    ops: Address
    http: Address | None = None
    _meters: Meters = field(default_factory=Meters)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _executor_id: str = ""
    _stories: Stories | None = None
    _ops: web.AppRunner | None = None

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises StartError, ListenError, or what wiring raises."""
        log.info("starting", extra={"version": __version__})
        engine = open_store(self.settings)
        self._listen_for_signals()
        way = self._choose_way()
        child = WorkerChild(engine, self.worker_arguments)
        # First of all: it takes a second to come to life, and what else there is to do is done meanwhile.
        watch = asyncio.create_task(child.run(self._on_start))
        try:
            await self._serve(engine, way)
        finally:
            log.info("stopping")
            # Both at once: Ctrl-C reaches the worker too, which must not be taken for dead and started again.
            ends = await asyncio.gather(self._disconnect(way), child.stop(), return_exceptions=True)
            for fault in filter(None, ends):
                log.warning("did not stop in good order", exc_info=fault)
            await watch
            if self._ops is not None:
                await self._ops.cleanup()
            engine.dispose()

    async def _serve(self, engine: Engine, way: Way) -> None:
        await asyncio.to_thread(migrate, engine)
        desk = build_desk(self.settings, engine)
        self._ops = await self._start_ops(desk, way)
        app = build_slack_app(self.settings, desk)
        await self._until_worker_is_there(engine)
        await self._unless_stopped(self._connect(app, way))
        await self._stop.wait()

    def _on_start(self, executor_id: str) -> None:
        self._executor_id = executor_id
        self._meters.worker_started()

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    def _choose_way(self) -> Way:
        if self.http is None:
            return SocketMode(self.settings, self._meters)
        return HttpMode(self.settings, self.http, self._meters)

    async def _start_ops(self, desk: Desk, way: Way) -> web.AppRunner:
        def read() -> Measures:
            with desk.engine.connect() as connection:
                return read_measures(connection, now=desk.clock(), alive_since=utc_now() - WORKER_SILENT)

        async def look() -> Readiness:
            channel = desk.digest.channel if desk.digest else ""
            problem = await way.problem()
            return await asyncio.to_thread(read_readiness, desk.engine, slack=problem, digest_channel=channel)

        async def measure(accept: str) -> Page:
            return await metrics.page(accept, slack_ready=not await way.problem())

        metrics = Metrics(self._meters, read, desk.clock)
        return await start_ops(self.ops, look, measure)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, or drop it when the process is to stop: Slack is waited for without end."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
        finally:
            stop.cancel()
            task.cancel()

    async def _connect(self, app: AsyncApp, way: Way) -> None:
        self._stories = keep_stories(app)
        await way.connect(app)
        log.info("ready", extra={"mode": self.settings.remediation.mode})

    async def _disconnect(self, way: Way) -> None:
        try:
            await way.disconnect()
        finally:
            if self._stories is not None:
                await self._stories.finish(seconds=STORY_SECONDS)

    async def _until_worker_is_there(self, engine: Engine) -> None:
        """A click needs the engine's tables, which the worker makes: no connection to Slack before that."""
        loop = asyncio.get_running_loop()
        end = loop.time() + START_SECONDS
        while not self._stop.is_set():
            if await asyncio.to_thread(self._worker_is_there, engine):
                return
            if loop.time() > end:
                raise StartError("The worker did not start within a minute. Its own messages say why.")
            await asyncio.sleep(0.05)

    def _worker_is_there(self, engine: Engine) -> bool:
        with engine.connect() as connection:
            alive = operations.read_alive(connection, since=utc_now() - WORKER_SILENT)
        return self._executor_id in {worker.id for worker in alive}
