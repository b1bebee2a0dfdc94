"""What the journeys share: a sandbox with the bot, and accounts of which each takes its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser

from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person
from bot.sandbox.world import STORIES, Story
from journeys.browser.room import Room
from journeys.people import settled
from journeys.town import BusySandbox

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
    async with BusySandbox(ACCOUNTS) as sandbox:
        async with Person(sandbox.url, RILEY) as riley:
            await settled(riley, riley.command("/support-role status", "cloud-security"))
        yield Stage(browser, sandbox)
