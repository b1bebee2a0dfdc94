"""The door to localhost: a Slack in the browser, an AWS organization, and the unchanged bot between them."""

import asyncio
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.panel import Panel as Frame
from rich.text import Text

from bot.domain.errors import SupportRoleError
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.aws_page import PATH, aws_routes
from bot.sandbox.bot_process import BotProcess
from bot.sandbox.configuration import (
    CONFIG_FILE,
    aws_environment,
    clean_environment,
    settings_toml,
    store_url,
)
from bot.sandbox.slack import (
    LocalSlack,
    Panel,
    RateLimits,
    Tip,
    Workspace,
    bot_from_manifest,
    default_workspace,
)
from bot.sandbox.world import STORIES, sandbox_world

START_SECONDS = 60.0
GONE_SECONDS = 10.0
LOG_FILE = "bot.log"

TIPS = (
    Tip(
        "Check every account",
        "/support-role status",
        "as Riley, in #cloud-security: thirteen accounts, each with its verdict and the reason",
        "cloud-security",
    ),
    Tip(
        "Fix payments-prod",
        "/support-role fix payments-prod",
        "as Riley; then switch to Ana and approve in #approvals, and see the role being made",
        "cloud-security",
    ),
    Tip(
        "Try to get round it",
        "/support-role fix mobile-backend",
        "approve your own request, or as Gus: refused, with the reason; #cloud-audit has it all",
        "cloud-security",
    ),
)


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
        on_loud: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._port = port
        self._accounts = accounts
        self._on_loud = on_loud
        self._open = AsyncExitStack()
        self._bot: BotProcess | None = None
        self.world = sandbox_world(accounts)
        self.slack = LocalSlack(
            _workspace(),
            limits=RateLimits(enabled=rate_limited),
            extra_routes=aws_routes(self.world, lambda: self.aws),
            panels=(Panel("AWS", PATH, "The accounts, their roles, and the calls that were made"),),
            tips=TIPS,
        )
        self.aws_url = ""
        self.folder = Path()

    @property
    def url(self) -> str:
        """The page of the Slack workspace."""
        return self.slack.url

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
        return {**clean_environment(), **aws_environment(self.aws_url), **self.slack.environment}

    @property
    def bot(self) -> BotProcess:
        if self._bot is None:
            raise RuntimeError("the sandbox is not open: use it in `async with`")
        return self._bot

    async def worker_pid(self) -> int:
        """The process that works in AWS; 0 while there is none, as between a death and the next start."""
        return await self.bot.worker_pid()

    async def kill_worker(self) -> int:
        """End the worker at once, as a crash would, and return its process id when it is gone.

        The bot starts another by itself.
        """
        pid = await self.worker_pid()
        if not pid:
            raise RuntimeError("there is no worker at the moment")
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(GONE_SECONDS):
            while is_running(pid):  # noqa: ASYNC110 - another process's end is nobody's event
                await asyncio.sleep(0.02)
        return pid

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
        # Slack first: a port that is taken is the likeliest trouble, and is told at once.
        await self._start_slack()
        self.aws_url = await self._start_aws()
        self.config.write_text(settings_toml(self.world, self.slack.workspace, self.folder), "utf-8")
        self._bot = BotProcess(self.config, self.environment, self.log, self._on_loud)
        self._open.push_async_callback(self._bot.stop)
        await self._bot.start()
        await self._until_connected(self._bot)

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
        await _first_of(connected, ended)
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


def run_sandbox(port: int, *, open_browser: bool, accounts: int) -> None:
    """Open the sandbox, say where it is, and keep it until Ctrl-C, SIGTERM or SIGHUP. SandboxError."""
    asyncio.run(_run(port, open_browser=open_browser, accounts=accounts))


async def _run(port: int, *, open_browser: bool, accounts: int) -> None:
    console = Console(highlight=False)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as closing:
        sandbox = Sandbox(port, accounts, on_loud=lambda line: console.print(Text(line, style="yellow")))
        with console.status("Opening the sandbox…"):
            is_open = await _open(sandbox, stop)
        if is_open:
            closing.push_async_exit(sandbox)
            console.print(welcome(sandbox))
            if open_browser and has_browser(os.environ, sys.platform):
                await asyncio.to_thread(webbrowser.open, sandbox.url)
            await until_it_ends(sandbox, stop)
    console.print("Closed. Nothing is left behind.")


async def _open(sandbox: Sandbox, stop: asyncio.Event) -> bool:
    """Enter the sandbox, unless told to stop before it is open: it is closed again then, and False."""
    opening = asyncio.create_task(sandbox.__aenter__())
    await _first_of(opening, asyncio.create_task(stop.wait()))
    if opening.cancelled():
        return False
    await opening
    return True


async def until_it_ends(sandbox: Sandbox, stop: asyncio.Event) -> None:
    """Wait until told to stop; SandboxError when the bot ends by itself."""
    ended = asyncio.create_task(sandbox.bot.wait())
    await _first_of(ended, asyncio.create_task(stop.wait()))
    if not ended.cancelled():
        raise bot_ended(sandbox.bot, ended.result())


async def _first_of(*tasks: "asyncio.Task[Any]") -> None:
    """Wait for one of the tasks, and cancel the others."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def welcome(sandbox: Sandbox) -> Frame:
    """What stands in the terminal while the sandbox is open."""
    accounts = f"{len(sandbox.world.stories)} accounts, nothing real; see AWS in the sidebar"
    lines = [
        f"Slack   {sandbox.url}",
        f"AWS     {sandbox.aws_url}  ({accounts})",
        f"Logs    {sandbox.log}",
        "",
        "Three things to try:",
        "  1. As Riley, in #cloud-security:  /support-role status",
        "  2. /support-role fix payments-prod, then switch to Ana and approve it in #approvals",
        "  3. Try to approve your own request, and read #cloud-audit: every refusal is there too",
        "",
        "Ctrl-C ends it; nothing is left behind.",
    ]
    return Frame(Text("\n".join(lines)), title="support-role sandbox", expand=False)


def has_browser(environment: Mapping[str, str], platform: str) -> bool:
    """Whether there is somebody in front of a screen, as far as that can be told."""
    if environment.get("CI"):
        return False
    has_screen = bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))
    return platform == "darwin" or has_screen


def _workspace() -> Workspace:
    manifest = _manifest()
    return default_workspace(bot_from_manifest(manifest) if manifest else None)


def _manifest() -> Path | None:
    """The app's manifest: in the package when installed, beside it in a checkout."""
    places = (Path(__file__).parents[1] / "manifest.yml", Path(__file__).parents[2] / "manifest.yml")
    return next((place for place in places if place.is_file()), None)
