"""The Slack side's process: connect, serve, watch the worker, and stop in good order."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot import __version__
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

T = TypeVar("T")

PASSING = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""What Slack answers when it is not the token's fault."""

TOKENS = {
    "slack.bot_token": "Copy the token that starts with xoxb- from OAuth & Permissions.",
    "slack.app_token": "Make an app-level token (xapp-…) with connections:write under Basic Information.",
}
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
        log.info("starting", extra={"version": __version__})
        engine = open_store(self.settings)
        await asyncio.to_thread(migrate, engine)
        self._listen_for_signals()
        ops = await self._start_ops(engine)
        child = WorkerChild(engine, self.worker_arguments)
        watch = asyncio.create_task(child.run(self._on_start))
        try:
            await self._until_worker_is_there(engine)
            await self._unless_stopped(self._connect(engine))
            await self._stop.wait()
        finally:
            log.info("stopping")
            # Both at once: Ctrl-C reaches the worker too, which must not be taken for dead and started again.
            ends = await asyncio.gather(self._disconnect(), child.stop(), return_exceptions=True)
            for fault in filter(None, ends):
                log.warning("did not stop in good order", exc_info=fault)
            await watch
            await ops.cleanup()
            engine.dispose()

    def _on_start(self, executor_id: str) -> None:
        self._executor_id = executor_id

    def _listen_for_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _start_ops(self, engine: Engine) -> web.AppRunner:
        try:
            return await start_ops(self.ops_host, self.ops_port, lambda: self._look(engine))
        except OSError as fault:
            at = f"{self.ops_host}:{self.ops_port}"
            raise StartError(
                f"Cannot serve /healthz and /readyz on {at}: {fault.strerror}. Give another --ops-port."
            ) from fault

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, or drop it when the process is to stop: Slack's client tries to connect for ever."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
        finally:
            stop.cancel()
            task.cancel()

    async def _connect(self, engine: Engine) -> None:
        slack = self.settings.slack
        client = build_async_client(slack.bot_token.get_secret_value(), slack.api_url)
        await _accepted(client.auth_test(), "slack.bot_token")
        app = build_slack_app(self.settings, build_desk(self.settings, engine))
        self._handler = AsyncSocketModeHandler(app, slack.app_token.get_secret_value())
        socket = self._handler.client
        socket.wss_uri = await _accepted(socket.issue_new_wss_url(), "slack.app_token")
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's adapter has no types
        log.info("ready", extra={"mode": self.settings.remediation.mode})

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


async def _accepted(call: Awaitable[T], setting: str) -> T | None:
    """What Slack answers to a call with a token; None while it cannot be reached, which may pass.

    Raises StartError for a token that it does not take: better now than at the first click.
    """
    try:
        return await call
    except SlackApiError as fault:
        code = code_of(fault)
        if code in PASSING or code.startswith("http_"):
            log.warning("Slack cannot serve just now", extra={"problem": code})
            return None
        raise StartError(f"Slack does not take {setting}: {code}. {TOKENS[setting]}") from fault
    except (SlackClientError, aiohttp.ClientError, OSError) as fault:
        log.warning("Slack does not answer", extra={"problem": type(fault).__name__})
        return None
