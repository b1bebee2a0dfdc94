"""The whole bot as people meet it: start, acks while it scans, the first answer to `status`, and a fix.

    python bench/live.py --accounts 10000 --latency-ms 20

`support-role serve` as it is shipped, two processes, between a local Slack and bench/fake_aws.py; the fix in
the sandbox, whose AWS is moto. An ack is counted as the local Slack sees it, its own work included.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from bot.sandbox.configuration import clean_environment
from bot.sandbox.door import Sandbox
from bot.sandbox.slack import (
    ANA,
    APPROVALS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    RILEY,
    LocalSlack,
    Person,
    RateLimits,
    Screen,
    Seen,
)

FAKE = Path(__file__).with_name("fake_aws.py")
OPS_PORT = 19464
SCAN_SECONDS = 300.0
Row = tuple[str, str]


def settings(folder: Path, team: str, concurrency: int) -> str:
    return f"""
[aws.organization]
enabled = true
[check]
concurrency = {concurrency}
[remediation]
approvers = ["{ANA}"]
approval_channel = "{APPROVALS}"
audit_channel = "{CLOUD_AUDIT}"
[slack]
team_ids = ["{team}"]
[store]
url = "sqlite:///{folder / "bench.db"}"
"""


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        env={**clean_environment(), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.terminate()
        await started.wait()


async def until_ready(serve: asyncio.subprocess.Process) -> None:
    """Until /readyz says that Slack, the database and a worker are there; STS is asked after that."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        while serve.returncode is None:
            try:
                async with session.get(f"http://127.0.0.1:{OPS_PORT}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.01)
    raise SystemExit("The bot ended by itself: run `support-role serve` to see why.")


async def ack_of(person: Person) -> float:
    """Milliseconds from typing a command to its ack."""
    began = time.perf_counter()
    command = {"channel": CLOUD_SECURITY, "text": "/support-role help"}
    await person._do("message", command)  # noqa: SLF001 - `command` would look at the screen first
    return (time.perf_counter() - began) * 1000


def told(milliseconds: list[float]) -> str:
    cuts = statistics.quantiles(milliseconds, n=100)
    return f"{cuts[49]:.1f} / {cuts[98]:.1f} ms ({len(milliseconds)})"


def finished(after: int) -> Callable[[Screen], Seen | None]:
    def look(screen: Screen) -> Seen | None:
        messages = screen.messages("cloud-security")[after:]
        return next((message for message in messages if "Re-check" in message.buttons), None)

    return look


async def acks_during_scan(person: Person, other: Person) -> tuple[list[float], float, float]:
    """Acks at 16 a second while a scan runs; the seconds to its first answer, and of the whole scan.

    The commands are somebody else's, whose screen nobody looks at: drawing it would cost more than the bot.
    """
    before = len(await person.messages("cloud-security"))
    began = time.perf_counter()
    await person.command("/support-role status", "cloud-security")
    await person.wait_for(lambda screen: len(screen.messages("cloud-security")) > before or None)
    first = time.perf_counter() - began
    scan = asyncio.create_task(person.wait_for(finished(before), SCAN_SECONDS))
    pending: list[asyncio.Task[float]] = []
    while not scan.done():
        pending.append(asyncio.create_task(ack_of(other)))
        await asyncio.sleep(1 / 16)
    await scan
    return list(await asyncio.gather(*pending)), first, time.perf_counter() - began


async def measure_serving(options: argparse.Namespace, folder: Path) -> list[Row]:
    accounts, latency = str(options.accounts), str(options.latency_ms)
    fake = (
        str(FAKE),
        "serve",
        "--port",
        "0",
        "--accounts",
        accounts,
        "--latency-ms",
        latency,
        "--rate-sts",
        "600",
    )
    async with AsyncExitStack() as closing:
        aws = await closing.enter_async_context(process(*fake))
        url = (await aws.stdout.readline()).decode().split()[1]
        slack = await closing.enter_async_context(LocalSlack(limits=RateLimits(enabled=False)))
        config = folder / "support-role.toml"
        config.write_text(settings(folder, slack.workspace.team_id, options.concurrency), "utf-8")
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIAFAKE",
            "AWS_SECRET_ACCESS_KEY": "fake",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **slack.environment,
        }
        serve = ("-m", "bot", "serve", "--config", str(config), "--ops-port", str(OPS_PORT))
        began = time.perf_counter()
        await until_ready(await closing.enter_async_context(process(*serve, **environment)))
        start = time.perf_counter() - began
        riley = await closing.enter_async_context(Person(slack.url, RILEY))
        ana = await closing.enter_async_context(Person(slack.url, ANA))
        await acks_during_scan(riley, ana)  # the first scan waits for the list of accounts: not measured
        idle = [await ack_of(ana) for _ in range(100)]
        during, first, scan = await acks_during_scan(riley, ana)
    return [
        ("start to ready", f"{start:.1f} s"),
        ("ack of a command, idle: p50 / p99", told(idle)),
        ("ack during a scan, 16 a second: p50 / p99", told(during)),
        (f"first answer to `status`, {options.accounts:,} accounts", f"{first * 1000:.0f} ms"),
        ("that scan, its messages included", f"{scan:.1f} s"),
    ]


async def measure_fix() -> list[Row]:
    async with Sandbox(rate_limited=False) as sandbox, AsyncExitStack() as closing:
        riley = await closing.enter_async_context(Person(sandbox.url, RILEY))
        ana = await closing.enter_async_context(Person(sandbox.url, ANA))
        await riley.command("/support-role status", "cloud-security")
        await riley.wait_for(finished(0), 30)
        await riley.command("/support-role fix payments-prod", "cloud-security")
        modal = await riley.wait_for_modal("Fix an account")
        await riley.submit(modal, {"fix.reason": "a benchmark asks for it"})
        question = await ana.wait_for_message("approvals", "Approval needed")
        began = time.perf_counter()
        await ana.click(question, "Approve")
        await ana.wait_for_message("approvals", "is in place", 20)
        took = time.perf_counter() - began
    return [("click on Approve to the record that it was read back", f"{took * 1000:.0f} ms")]


async def measure(options: argparse.Namespace) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return [*await measure_serving(options, Path(folder)), *await measure_fix()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=float, default=20)
    parser.add_argument("--concurrency", type=int, default=96)
    options = parser.parse_args()
    rows = asyncio.run(measure(options))
    table = Table(
        title=f"{options.accounts:,} accounts, {options.latency_ms:g} ms a call, {os.cpu_count()} cores"
    )
    table.add_column("what")
    table.add_column("seen", justify="right")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
