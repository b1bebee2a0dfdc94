"""What the panel needs of a running sandbox."""

from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.errors import SupportRoleError
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.clock import SandboxClock
from bot.sandbox.slack import Workspace
from bot.sandbox.trail import Trail
from bot.sandbox.world import World


class NothingToDoError(SupportRoleError):
    """What was to be done cannot be done at the moment; the text says what to do first."""


class Stage(Protocol):
    world: World
    clock: SandboxClock
    trail: Trail | None
    """None until the bot is there."""

    @property
    def aws(self) -> AwsSwitches: ...

    @property
    def workspace(self) -> Workspace: ...

    @property
    def url(self) -> str: ...

    @property
    def slack_is_out_for(self) -> float: ...

    @property
    def will_kill_worker(self) -> bool: ...

    async def move_clock(self, by: timedelta) -> datetime: ...

    async def cut_slack_off(self, seconds: float = 10.0) -> None: ...

    async def approve_twice(self) -> None: ...

    async def kill_worker(self) -> int: ...

    async def kill_worker_in_next_fix(self) -> None: ...

    async def spare_worker(self) -> None: ...
