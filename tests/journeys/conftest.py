"""One sandbox for each journey, or one for all of a module: real processes on loopback."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import RILEY, Person
from bot.sandbox.world import STORIES, Story

ACCOUNTS = 100
"""Nine of them fail with nothing in a fix's way."""
MINUTE = 60.0

Journey = Callable[[Sandbox], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Shared:
    """A sandbox whose accounts have been read once; each journey takes accounts of its own."""

    sandbox: Sandbox
    unused: Iterator[Story]

    def account(self) -> Story:
        """An account that a fix would mend, and that no other journey has had."""
        return next(self.unused)


SharedJourney = Callable[[Shared], Awaitable[None]]


@pytest.fixture
def travel(clean_environment: None) -> Callable[[Journey], None]:
    """Run a journey through a sandbox of its own."""

    def run(journey: Journey) -> None:
        async def inside() -> None:
            async with Sandbox(rate_limited=False) as sandbox:
                await journey(sandbox)

        asyncio.run(inside())

    return run


@pytest.fixture(scope="module")
def together() -> Iterator[Callable[[SharedJourney], None]]:
    """Run a journey through the module's sandbox, after those before it: the clock may be far ahead."""
    with asyncio.Runner() as runner:
        sandbox = runner.run(_opened())
        failing = [each for each in sandbox.world.members[STORIES:] if each.verdict is Verdict.FAIL]
        shared = Shared(sandbox, iter(failing))

        async def within_a_minute(journey: SharedJourney) -> None:
            async with asyncio.timeout(MINUTE):
                await journey(shared)

        try:
            yield lambda journey: runner.run(within_a_minute(journey))
        finally:
            runner.run(sandbox.__aexit__(None, None, None))


async def _opened() -> Sandbox:
    sandbox = await Sandbox(accounts=ACCOUNTS, rate_limited=False).__aenter__()
    async with Person(sandbox.url, RILEY) as riley:
        await riley.command("/support-role status", "cloud-security")
        await riley.wait_for(
            lambda screen: [m for m in screen.messages("cloud-security") if "Re-check" in m.buttons], MINUTE
        )
    return sandbox
