"""The Slack side's process: connect, serve, watch the worker, and stop in good order."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import SupportRoleError
from bot.serve.child import WorkerChild
from bot.serve.ops import Readiness, start_ops
from bot.settings import Settings
from bot.slack.client import build_async_client
from bot.slack.faults import code_of
from bot.store import operations
from bot.store.schema import migrate
from bot.wiring.desk import build_desk, open_store, utc_now
from bot.wiring.slack_side import build_slack_app

log = logging.getLogger(__name__)

_FAULTS = (SlackClientError, aiohttp.ClientError, OSError)
"""What Slack's clients raise: their own errors, and those of the connection underneath."""

WORKER_SILENT = timedelta(seconds=15)
START_SECONDS = 60.0


class StartError(SupportRoleError):
    """The bot could not start; the text says why."""


@dataclass(slots=True)
class SlackProcess:
    settings: Settings
    worker_arguments: Sequence[str]
    ops_host: str
    ops_port: int
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _executor_id: str = ""
    _handler: AsyncSocketModeHandler | None = None

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises StartError, or what wiring raises, when it cannot start."""
        engine = open_store(self.settings)
        await asyncio.to_thread(migrate, engine)
        self._listen_for_signals()
        child = WorkerChild(engine, self.worker_arguments)
        watch = asyncio.create_task(child.run(self._on_start))
        ops = await start_ops(self.ops_host, self.ops_port, lambda: self._look(engine))
        try:
            await self._until_worker_is_there(engine)
            if not self._stop.is_set():
                await self._connect(engine)
            await self._stop.wait()
        finally:
            log.info("stopping")
            # Both at once: Ctrl-C reaches the worker too, which must not be taken for dead and started again.
            await asyncio.gather(self._disconnect(), child.stop(), return_exceptions=True)
            await watch
            await ops.cleanup()
            engine.dispose()

    def _on_start(self, executor_id: str) -> None:
        self._executor_id = executor_id

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _connect(self, engine: Engine) -> None:
        await self._check_token()
        app = build_slack_app(self.settings, build_desk(self.settings, engine))
        self._handler = AsyncSocketModeHandler(app, self.settings.slack.app_token.get_secret_value())
        try:
            await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's adapter has no types
        except _FAULTS as fault:
            raise StartError(
                f"Cannot connect to Slack ({_word(fault)}). "
                "Check slack.app_token: xapp-…, with the scope connections:write.",
            ) from fault
        log.info("ready", extra={"mode": self.settings.remediation.mode})

    async def _check_token(self) -> None:
        """Better now than at the first click."""
        slack = self.settings.slack
        try:
            await build_async_client(slack.bot_token.get_secret_value(), slack.api_url).auth_test()
        except _FAULTS as fault:
            raise StartError(
                f"Slack does not take the bot token ({_word(fault)}). "
                "Check slack.bot_token and slack.api_url.",
            ) from fault

    async def _disconnect(self) -> None:
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]  # as above

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

    async def _look(self, engine: Engine) -> Readiness:
        client = self._handler.client if self._handler is not None else None
        connected = client is not None and await client.is_connected()
        return await asyncio.to_thread(self._readiness, engine, connected=connected)

    def _readiness(self, engine: Engine, *, connected: bool) -> Readiness:
        slack = "" if connected else "not connected"
        try:
            with engine.connect() as connection:
                workers = operations.read_alive(connection, since=utc_now() - WORKER_SILENT)
        except SQLAlchemyError as fault:
            return Readiness((("slack", slack), ("database", type(fault).__name__)))
        problem = workers[0].problem if workers else ""
        worker = "" if workers else "no worker has been heard of lately"
        return Readiness((("slack", slack), ("database", ""), ("worker", worker), ("aws", problem)))


def _word(fault: Exception) -> str:
    return code_of(fault) if isinstance(fault, SlackApiError) else type(fault).__name__
