"""What the journeys share: a sandbox with the bot, and accounts of which each takes its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from journeys.browser.room import MINUTE, Room
from playwright.async_api import Browser

from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person
from bot.sandbox.world import STORIES, Story

ACCOUNTS = 140


class Stage(Room):
    def __init__(self, browser: Browser, sandbox: Sandbox) -> None:
        super().__init__(browser, sandbox.url)
        self.sandbox = sandbox
        failing = [each for each in sandbox.world.members[STORIES:] if each.verdict is Verdict.FAIL]
        self._unused: Iterator[Story] = iter(failing)

    def account(self) -> Story:
        """An account that a fix would mend, and that no other journey has had."""
        return next(self._unused)


Journey = Callable[[Stage], Awaitable[None]]


@asynccontextmanager
async def a_stage(browser: Browser) -> AsyncIterator[Stage]:
    """A sandbox whose accounts have been read once."""
    async with Sandbox(accounts=ACCOUNTS, rate_limited=False) as sandbox:
        await _read_all(sandbox)
        yield Stage(browser, sandbox)


async def _read_all(sandbox: Sandbox) -> None:
    async with Person(sandbox.url, RILEY) as riley:
        await riley.command("/support-role status", "cloud-security")
        await riley.wait_for(
            lambda screen: [m for m in screen.messages("cloud-security") if "Re-check" in m.buttons], MINUTE
        )


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something in another process, of which nobody tells; TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(0.02)
