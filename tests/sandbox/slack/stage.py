"""A real Bolt app over real Socket Mode against a LocalSlack, both in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import LocalSlack, Person, RateLimits

UNLIMITED = RateLimits(enabled=False)


@dataclass(frozen=True, slots=True)
class Stage:
    slack: LocalSlack
    client: AsyncWebClient

    def person(self, user_id: str) -> Person:
        return Person(self.slack.url, user_id)

    async def error_of(self, call: Awaitable[Any]) -> str:
        """The code with which a call is refused."""
        return str((await self.refusal_of(call))["error"])

    async def refusal_of(self, call: Awaitable[Any]) -> dict[str, Any]:
        with pytest.raises(SlackApiError) as refused:
            await call
        return dict(refused.value.response.data)


Story = Callable[[Stage], Awaitable[None]]
Play = Callable[..., None]


def perform(story: Story, app: Callable[[AsyncApp], None] | None = None, **options: Any) -> None:
    """Run a story. `app` registers an app's listeners; without it no app is connected."""

    async def all_of_it() -> None:
        async with _stage(app, options) as stage:
            await story(stage)

    asyncio.run(all_of_it())


@asynccontextmanager
async def _stage(
    register: Callable[[AsyncApp], None] | None, options: dict[str, Any]
) -> AsyncIterator[Stage]:
    async with (
        # Its time stands still unless a test moves it: no trigger goes stale on a slow machine.
        LocalSlack(**({"limits": UNLIMITED, "clock": FakeClock()} | options)) as slack,
        aiohttp.ClientSession() as session,
    ):
        bot = slack.workspace.bot
        client = AsyncWebClient(token=bot.token, base_url=slack.api_url, session=session)
        stage = Stage(slack, client)
        if register is None:
            yield stage
            return
        app = AsyncApp(client=client, signing_secret=bot.signing_secret, process_before_response=True)
        register(app)
        handler = AsyncSocketModeHandler(app, bot.app_token)
        await handler.connect_async()
        await slack.wait_for_app()
        try:
            yield stage
        finally:
            await handler.close_async()


class FakeClock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now
