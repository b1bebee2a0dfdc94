"""The door to localhost: a Slack in the browser, an AWS organization, and the unchanged bot between them."""

import asyncio
import os
import signal
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import AsyncExitStack

from rich.console import Console
from rich.panel import Panel as Frame
from rich.text import Text

from bot.sandbox.running import Sandbox, SandboxError, bot_ended, is_running
from bot.sandbox.tasks import first_of

__all__ = ["Sandbox", "SandboxError", "has_browser", "is_running", "run_sandbox", "until_it_ends", "welcome"]


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
    await first_of(opening, asyncio.create_task(stop.wait()))
    if opening.cancelled():
        return False
    await opening
    return True


async def until_it_ends(sandbox: Sandbox, stop: asyncio.Event) -> None:
    """Wait until told to stop; SandboxError when the bot ends by itself."""
    ended = asyncio.create_task(sandbox.bot.wait())
    await first_of(ended, asyncio.create_task(stop.wait()))
    if not ended.cancelled():
        raise bot_ended(sandbox.bot, ended.result())


def welcome(sandbox: Sandbox) -> Frame:
    """What stands in the terminal while the sandbox is open."""
    accounts = f"{len(sandbox.world.stories)} accounts, nothing real"
    lines = [
        f"Slack   {sandbox.url}",
        f"AWS     {sandbox.aws_url}  ({accounts})",
        f"Logs    {sandbox.log}",
        "",
        "Three things to try:",
        "  1. As Riley, in #cloud-security:  /support-role status",
        "  2. /support-role fix payments-prod, then become Ana and approve it",
        "  3. Approve your own request: refused, and on record in #cloud-audit",
        "",
        "Behind the scenes, in the sidebar: AWS's calls, the audit chain, a clock",
        "that can be moved, and switches that break things on purpose.",
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
