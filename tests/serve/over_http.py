"""The real app in HTTP mode between a local Slack and a fresh store, in one event loop, without a worker."""

import asyncio
import hashlib
import hmac
import io
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from sqlalchemy import Engine, func, select

from bot.sandbox.slack import LocalSlack, RateLimits
from bot.serve.address import Address
from bot.serve.http_mode import EVENTS_PATH, HttpMode
from bot.serve.metrics import Meters
from bot.serve.stories import Stories, keep_stories
from bot.settings import Settings
from bot.store.tables import requests
from bot.wiring.clock import utc_now
from bot.wiring.slack_side import build_slack_app
from tests.slack.listeners.workplace import a_desk, a_policy, fresh_store

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Replica:
    """One process's worth of the bot."""

    mode: HttpMode
    stories: Stories
    meters: Meters

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.mode.port}{EVENTS_PATH}"

    @property
    def begun(self) -> int:
        """How many HTTP requests have begun to arrive."""
        runner = self.mode._runner
        assert runner is not None
        assert runner.server is not None
        return runner.server.requests_count

    async def post(self, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and body; headers as given and no others of ours."""
        async with (
            aiohttp.ClientSession(trust_env=False, skip_auto_headers=["Content-Type"]) as session,
            session.post(self.url, data=io.BytesIO(body), headers=headers or {}) as answer,
        ):
            return answer.status, await answer.text()

    async def settle(self) -> None:
        await self.stories.finish(seconds=10)


@dataclass(slots=True)
class OverHttp:
    slack: LocalSlack
    engine: Engine
    settings: Settings
    first: Replica
    others: list[Replica] = field(default_factory=list)

    async def another(self) -> Replica:
        """A second replica on the same store."""
        replica = await start(self.settings, self.engine, free_port())
        self.others.append(replica)
        return replica

    def signed(self, body: bytes, *, kind: str = FORM, at: int | None = None) -> dict[str, str]:
        """The headers with which Slack would send it just now."""
        timestamp = int(time.time()) if at is None else at
        secret = self.slack.workspace.bot.signing_secret.encode()
        digest = hmac.new(secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": f"v0={digest}",
        }

    def requests(self) -> int:
        """How many fixes were asked for."""
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(requests)).scalar() or 0)


async def start(settings: Settings, engine: Engine, port: int) -> Replica:
    meters = Meters()
    mode = HttpMode(settings, Address("127.0.0.1", port), meters)
    app = build_slack_app(settings, a_desk(engine, utc_now, a_policy()))
    stories = keep_stories(app)
    await mode.connect(app)
    return Replica(mode, stories, meters)


@asynccontextmanager
async def over_http(folder: Path) -> AsyncIterator[OverHttp]:
    port = free_port()
    url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
    engine = fresh_store(folder)
    async with LocalSlack(limits=RateLimits(enabled=False), request_url=url) as slack:
        settings = settings_for(slack)
        work = OverHttp(slack, engine, settings, await start(settings, engine, port))
        try:
            yield work
        finally:
            for replica in (work.first, *work.others):
                await replica.mode.disconnect()
                await replica.settle()
            engine.dispose()


def settings_for(slack: LocalSlack) -> Settings:
    bot = slack.workspace.bot
    return Settings.model_validate(
        {
            "slack": {
                "bot_token": bot.token,
                "signing_secret": bot.signing_secret,
                "api_url": slack.api_url,
                "team_ids": [slack.workspace.team_id],
            },
        },
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(folder: Path, play: Callable[[OverHttp], Coroutine[Any, Any, T]]) -> T:
    async def go() -> T:
        async with over_http(folder) as work:
            return await play(work)

    return asyncio.run(go())
