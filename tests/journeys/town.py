"""The sandbox that journeys share: as many accounts, approvers and changes an hour as they need together."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from bot.domain.finding import Verdict
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import (
    APPROVALS,
    CLOUD_AUDIT,
    RILEY,
    Member,
    Person,
    Workspace,
)
from bot.sandbox.workspace import sandbox_workspace
from bot.sandbox.world import STORIES, Story
from journeys.people import PATIENCE, settled

ACCOUNTS = 210
"""Every ninth of them fails with nothing in a fix's way."""
FIFTY = tuple(f"U0CLICK{number:03d}" for number in range(50))
"""Approvers beside the two of every sandbox."""


UNHURRIED = {
    "SUPPORT_ROLE_REMEDIATION__MAX_CHANGES_PER_HOUR": "1000",
    "SUPPORT_ROLE_SLACK__COMMANDS_PER_MINUTE": "1000",
}


class BusySandbox(Sandbox):
    """Nobody has to wait, however many journeys make changes and type commands within an hour."""

    def __init__(self, accounts: int, workspace: Workspace | None = None) -> None:
        super().__init__(accounts=accounts, rate_limited=False, workspace=workspace)

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, **UNHURRIED}


@dataclass(frozen=True, slots=True)
class Shared:
    """A sandbox whose accounts have been read once; each journey takes accounts of its own."""

    sandbox: Sandbox
    unused: Iterator[Story]

    def account(self) -> Story:
        """An account that a fix would mend, and that no other journey has had."""
        return next(self.unused)


Journey = Callable[[Shared], Awaitable[None]]


class Town:
    """Use as `async with Town(busy) as town`. The sandbox is opened for the first journey.

    One in which a journey failed is closed, whatever state it was left in: the next journey gets another.
    """

    def __init__(self, opened: Callable[[], Awaitable[Shared]]) -> None:
        self._opened = opened
        self._shared: Shared | None = None

    async def go(self, journey: Journey) -> None:
        """Go through a journey, after those before it: the clock may be far ahead."""
        self._shared = self._shared or await self._opened()
        try:
            async with asyncio.timeout(PATIENCE):
                await journey(self._shared)
        except BaseException:
            await self._close()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        shared, self._shared = self._shared, None
        if shared is not None:
            await shared.sandbox.__aexit__(None, None, None)


async def small() -> Shared:
    """The stories alone, and no account has been read yet: one journey at most may have them read."""
    return Shared(await Sandbox(rate_limited=False).__aenter__(), iter(()))


async def busy() -> Shared:
    """Many accounts that have been read, and many approvers."""
    sandbox = await BusySandbox(ACCOUNTS, crowded(sandbox_workspace())).__aenter__()
    try:
        async with Person(sandbox.url, RILEY) as riley:
            await settled(riley, riley.command("/support-role status", "cloud-security"))
    except BaseException:
        await sandbox.__aexit__(None, None, None)
        raise
    failing = [each for each in sandbox.world.members[STORIES:] if each.verdict is Verdict.FAIL]
    return Shared(sandbox, iter(failing))


def crowded(workspace: Workspace) -> Workspace:
    """The workspace with fifty more approvers."""
    everyone = (APPROVALS, CLOUD_AUDIT)
    [group] = workspace.user_groups
    return replace(
        workspace,
        people=(*workspace.people, *(Member(user, user.lower(), f"Approver {user}") for user in FIFTY)),
        channels=tuple(
            replace(channel, members=(*channel.members, *FIFTY)) if channel.id in everyone else channel
            for channel in workspace.channels
        ),
        user_groups=(replace(group, users=(*group.users, *FIFTY)),),
    )
