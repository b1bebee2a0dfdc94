"""A sandbox that runs: the local Slack, the local AWS and the unchanged bot, and what can be done to them."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from bot.domain.errors import SupportRoleError
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.bot_process import BotProcess
from bot.sandbox.clock import SandboxClock
from bot.sandbox.configuration import (
    CONFIG_FILE,
    aws_environment,
    clean_environment,
    clock_environment,
    clock_file,
    settings_toml,
    store_file,
    store_url,
)
from bot.sandbox.panel import PANEL, NothingToDoError, panel_routes
from bot.sandbox.slack import ANA, PRIYA, SAM, LocalSlack, Person, RateLimits, Workspace
from bot.sandbox.tasks import first_of
from bot.sandbox.trail import Trail
from bot.sandbox.workspace import TIPS, sandbox_workspace
from bot.sandbox.world import STORIES, sandbox_world

START_SECONDS = 60.0
GONE_SECONDS = 10.0
LOG_FILE = "bot.log"
ATTACH = "iam:AttachRolePolicy"
LOOK_SECONDS = 0.1


class SandboxError(SupportRoleError):
    """The sandbox could not open, or had to close; the text says why and what to do."""


class Sandbox:
    """Everything on loopback, in a temporary folder: `async with Sandbox(port=0) as sandbox`.

    Once entered, the bot is connected. Nothing of it is left when the block ends, however it ends.
    `on_loud` hears the warnings and errors of the bot's log, line by line.
    """

    def __init__(
        self,
        port: int = 0,
        accounts: int = STORIES,
        *,
        rate_limited: bool = True,
        workspace: Workspace | None = None,
        on_loud: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._port = port
        self._accounts = accounts
        self._on_loud = on_loud
        self._open = AsyncExitStack()
        self._bot: BotProcess | None = None
        self._ambush: asyncio.Task[None] | None = None
        self._out_until = 0.0
        self.trail: Trail | None = None
        """The bot's audit chain, once the bot is there."""
        self.clock = SandboxClock()
        self.world = sandbox_world(accounts)
        self.slack = LocalSlack(
            workspace or sandbox_workspace(),
            limits=RateLimits(enabled=rate_limited),
            clock=self.clock.time,
            extra_routes=panel_routes(self),
            panels=(PANEL,),
            tips=TIPS,
        )
        self.aws_url = ""
        self.folder = Path()

    @property
    def url(self) -> str:
        """The page of the Slack workspace."""
        return self.slack.url

    @property
    def workspace(self) -> Workspace:
        return self.slack.workspace

    @property
    def aws(self) -> AwsSwitches:
        """What is in AWS, what was called there, and the switches."""
        return AwsSwitches(self.aws_url)

    @property
    def store_url(self) -> str:
        return store_url(self.folder)

    @property
    def config(self) -> Path:
        """The bot's support-role.toml."""
        return self.folder / CONFIG_FILE

    @property
    def log(self) -> Path:
        """What the bot said."""
        return self.folder / LOG_FILE

    @property
    def environment(self) -> Mapping[str, str]:
        """The whole environment for a command against this sandbox: `support-role check --config …`."""
        environment = {**clean_environment(), **aws_environment(self.aws_url), **self.slack.environment}
        return environment | clock_environment(self.folder)

    @property
    def bot(self) -> BotProcess:
        if self._bot is None:
            raise RuntimeError("the sandbox is not open: use it in `async with`")
        return self._bot

    # --- what can be done to it ---

    async def move_clock(self, by: timedelta) -> datetime:
        """Move the time that everything shows forward, and return it; ValueError for anything else.

        The machine's time goes on from there. A pretended outage of Slack lasts as long as it was to.
        """
        now = self.clock.move(by)
        if (left := self.slack_is_out_for) > 0:
            await self.cut_slack_off(left)
        await asyncio.to_thread(self.aws.move_clock, self.clock.ahead.total_seconds())
        self.slack.clock_moved()
        return now

    @property
    def slack_is_out_for(self) -> float:
        """Seconds until Slack answers the bot again; 0 while it does."""
        return max(0.0, self._out_until - time.monotonic())

    async def cut_slack_off(self, seconds: float = 10.0) -> None:
        """Let Slack be down for the bot: 503 on every call, and no sockets. 0 ends it."""
        self._out_until = time.monotonic() + seconds
        async with Person(self.url, PRIYA) as anybody:
            await anybody.outage(seconds)

    async def approve_twice(self) -> None:
        """Two approvers press Approve on the newest question at the same moment. NothingToDoError."""
        async with Person(self.url, ANA) as ana, Person(self.url, SAM) as sam:
            found = [
                (message, label)
                for message in await ana.messages("approvals")
                for label in message.buttons
                if label.startswith("Approve")
            ]
            if not found:
                raise NothingToDoError("Nothing waits in #approvals. Ask for a fix first.")
            message, label = found[-1]
            await asyncio.gather(*(person.click(message, label) for person in (ana, sam)))

    async def worker_pid(self) -> int:
        """The process that works in AWS; 0 while there is none, as between a death and the next start."""
        return await self.bot.worker_pid()

    async def kill_worker(self) -> int:
        """End the worker at once, as a crash would, and return its process id when it is gone.

        The bot starts another by itself.
        """
        pid = await self.worker_pid()
        if not pid:
            raise NothingToDoError("There is no worker at the moment: the bot is just starting one.")
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(GONE_SECONDS):
            while is_running(pid):  # noqa: ASYNC110 - another process's end is nobody's event
                await asyncio.sleep(0.02)
        return pid

    @property
    def will_kill_worker(self) -> bool:
        """Whether the next fix will cost the worker its life."""
        return self._ambush is not None and not self._ambush.done()

    async def kill_worker_in_next_fix(self) -> None:
        """The next role to be made costs the worker its life, before the policy is attached to it."""
        if not self.will_kill_worker:
            await asyncio.to_thread(self.aws.pause, ATTACH)
            self._ambush = asyncio.create_task(self._lie_in_wait())

    async def spare_worker(self) -> None:
        """Take `kill_worker_in_next_fix` back."""
        if self.will_kill_worker and self._ambush is not None:
            self._ambush.cancel()
            await asyncio.wait([self._ambush])
            await asyncio.to_thread(self.aws.release)

    async def _lie_in_wait(self) -> None:
        while ATTACH not in await asyncio.to_thread(self.aws.paused):  # noqa: ASYNC110 - another process's state is nobody's event
            await asyncio.sleep(LOOK_SECONDS)
        with suppress(NothingToDoError):
            await self.kill_worker()
        await asyncio.to_thread(self.aws.release)

    # --- opening and closing ---

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _start(self) -> None:
        folder = self._open.enter_context(tempfile.TemporaryDirectory(prefix="support-role-sandbox-"))
        self.folder = Path(folder)
        self.clock.keep_in(clock_file(self.folder))
        # Slack first: a port that is taken is the likeliest trouble, and is told at once.
        await self._start_slack()
        self.aws_url = await self._start_aws()
        self.config.write_text(settings_toml(self.world, self.slack.workspace, self.folder), "utf-8")
        self._bot = BotProcess(self.config, self.environment, self.log, self._on_loud)
        self._open.push_async_callback(self._bot.stop)
        await self._bot.start()
        await self._until_connected(self._bot)
        self.trail = self._open.enter_context(Trail(store_file(self.folder)))
        self._open.push_async_callback(self.spare_worker)

    async def _start_slack(self) -> None:
        try:
            await self.slack.start(self._port)
        except OSError as error:
            raise SandboxError(
                f"Port {self._port} on 127.0.0.1 cannot be used: {error.strerror}. "
                f"Choose another: support-role sandbox --port {self._port + 1} (0 takes any free one)."
            ) from error
        self._open.push_async_callback(self.slack.stop)

    async def _start_aws(self) -> str:
        aws = start_aws(self._accounts)
        url = await asyncio.to_thread(aws.__enter__)
        self._open.push_async_callback(asyncio.to_thread, aws.__exit__, None, None, None)
        return url

    async def _until_connected(self, bot: BotProcess) -> None:
        connected = asyncio.create_task(self.slack.wait_for_app(START_SECONDS))
        ended = asyncio.create_task(bot.wait())
        await first_of(connected, ended)
        if not ended.cancelled():
            raise bot_ended(bot, ended.result())
        try:
            await connected
        except TimeoutError:
            raise SandboxError(f"The bot did not connect in time. It said:\n{bot.last_lines}") from None


def is_running(pid: int) -> bool:
    """False once it has ended and its parent knows: only then are its connections closed for sure."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def bot_ended(bot: BotProcess, status: int) -> SandboxError:
    return SandboxError(f"The bot ended by itself (status {status}). It said at last:\n{bot.last_lines}")
