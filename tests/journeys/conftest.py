"""One sandbox for each journey: the local Slack, the local AWS and the unchanged bot, all real processes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.sandbox.door import Sandbox

Journey = Callable[[Sandbox], Awaitable[None]]


@pytest.fixture
def travel(clean_environment: None) -> Callable[[Journey], None]:
    """Run a journey through a sandbox of its own."""

    def run(journey: Journey) -> None:
        async def inside() -> None:
            async with Sandbox(rate_limited=False) as sandbox:
                await journey(sandbox)

        asyncio.run(inside())

    return run
