"""What the journeys of a module share: a sandbox, a browser, and accounts of which each takes its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from journeys.browser.chromium import a_browser
from journeys.browser.window import Window
from playwright.async_api import Browser

from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person
from bot.sandbox.world import STORIES, Story

ACCOUNTS = 140
MINUTE = 60.0


@dataclass(slots=True)
class Stage:
    sandbox: Sandbox
    browser: Browser
    unused: Iterator[Story]
    windows: list[Window] = field(default_factory=list)
    """Those of the journey that is under way."""

    def account(self) -> Story:
        """An account that a fix would mend, and that no other journey has had."""
        return next(self.unused)

    async def open(self, who: str, where: str = "cloud-security", *, url: str = "", **look: Any) -> Window:
        """A window in which somebody sits, at the address of another sandbox if one is given."""
        window = await Window.open(self.browser, url or self.sandbox.url, who, where, **look)
        self.windows.append(window)
        return window

    async def run(self, journey: "Journey") -> None:
        """Go through a journey; no window's console may complain."""
        try:
            async with asyncio.timeout(MINUTE):
                await journey(self)
            assert [complaint for window in self.windows for complaint in window.complaints] == []
        finally:
            for window in self.windows:
                await window.close()
            self.windows.clear()


Journey = Callable[[Stage], Awaitable[None]]


@asynccontextmanager
async def a_stage(chromium: str) -> AsyncIterator[Stage]:
    """A sandbox whose accounts have been read once, and a browser."""
    async with Sandbox(accounts=ACCOUNTS, rate_limited=False) as sandbox, a_browser(chromium) as browser:
        await _read_all(sandbox)
        failing = [each for each in sandbox.world.members[STORIES:] if each.verdict is Verdict.FAIL]
        yield Stage(sandbox, browser, iter(failing))


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
