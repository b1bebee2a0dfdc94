"""`support-role serve` as it is run: real processes, a local Slack, and no way to AWS."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp

from bot.sandbox.bot_process import _child_of
from bot.sandbox.slack import (
    ANA,
    APPROVALS,
    CLOUD_AUDIT,
    CLOUD_SECURITY,
    RILEY,
    LocalSlack,
    Person,
    default_workspace,
)

T = TypeVar("T")
SECONDS = 60.0

SETTINGS = f"""
[aws]
scan_role = ""
accounts = [{{ id = "111122223333", name = "payments" }}]
[remediation]
approvers = ["{ANA}"]
approval_channel = "{APPROVALS}"
audit_channel = "{CLOUD_AUDIT}"
[slack]
team_ids = ["{default_workspace().team_id}"]
"""


class Serving:
    def __init__(self, process: asyncio.subprocess.Process, ops_port: int) -> None:
        self.process = process
        self._ops = f"http://127.0.0.1:{ops_port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    async def worker(self, *, besides: int = 0) -> int:
        """The worker's process, once there is one."""

        async def found() -> int:
            pid = await _child_of(self.pid)
            return pid if pid != besides else 0

        return await until(found, "a worker runs")

    async def ready(self) -> tuple[int, dict[str, str]]:
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.get(f"{self._ops}/readyz") as answer,
        ):
            return answer.status, (await answer.json())["checks"]

    async def metrics(self) -> str:
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            session.get(f"{self._ops}/metrics") as answer,
        ):
            assert answer.status == 200
            return await answer.text()

    async def end(self) -> int:
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()


async def until(look: Callable[[], Awaitable[T]], what: str) -> T:
    try:
        async with asyncio.timeout(SECONDS):
            while not (found := await look()):  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(0.02)
            return found
    except TimeoutError:
        raise AssertionError(f"not within {SECONDS:.0f} s: {what}") from None


@asynccontextmanager
async def serving(folder: Path, *options: str, **environment: str) -> AsyncIterator[Serving]:
    """The process, which is ended with the block if it has not ended by itself."""
    port = free_port()
    config = folder / "settings.toml"
    config.write_text(SETTINGS + f'[store]\nurl = "sqlite:///{folder / "store.db"}"\n')
    command = ("-m", "bot", "serve", "--config", str(config), "--ops-port", str(port), *options)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *command),
            env={**clean(folder), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield Serving(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def clean(folder: Path) -> dict[str, str]:
    """No credentials: AWS is refused before anything is sent."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def slack_elsewhere() -> dict[str, str]:
    """The environment for a Slack that nobody has started."""
    return {**LocalSlack().environment, "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/"}


async def aws_alone_is_missing(bot: Serving) -> bool:
    status, checks = await bot.ready()
    return status == 503 and [name for name, said in checks.items() if said != "ok"] == ["aws"]


async def help_is_given(slack: LocalSlack, answers: int) -> None:
    async with Person(slack.url, RILEY) as riley:
        await riley.command("/support-role help", CLOUD_SECURITY)
        await riley.wait_for(lambda screen: len(screen.messages(CLOUD_SECURITY)) == answers)


def test_it_serves_outlives_its_worker_and_stops_with_nothing_left(tmp_path: Path):
    async def go() -> None:
        async with LocalSlack() as slack, serving(tmp_path, **slack.environment) as bot:
            await slack.wait_for_app(SECONDS)
            await help_is_given(slack, 1)

            async def aws_is_named() -> bool:
                return await aws_alone_is_missing(bot)

            await until(aws_is_named, "/readyz names what keeps the worker from AWS, and nothing else")

            first = await bot.worker()
            os.kill(first, signal.SIGKILL)
            second = await bot.worker(besides=first)
            await until(aws_is_named, "the second worker is heard of")
            await help_is_given(slack, 2)

            bot.process.send_signal(signal.SIGTERM)
            assert await bot.end() == 0
            assert not is_there(first)
            assert not is_there(second)

    asyncio.run(go())


def test_over_http_it_needs_no_app_token_serves_is_measured_and_stops(tmp_path: Path):
    async def go() -> None:
        port = free_port()
        async with LocalSlack(request_url=f"http://127.0.0.1:{port}/slack/events") as slack:
            environment = slack.environment
            del environment["SLACK_APP_TOKEN"]
            async with serving(tmp_path, "--http", "--port", str(port), **environment) as bot:

                async def aws_is_named() -> bool:
                    return (tmp_path / "log").read_text().count("ready") > 0 and await aws_alone_is_missing(
                        bot
                    )

                await until(aws_is_named, "/readyz names what keeps the worker from AWS, and nothing else")
                await help_is_given(slack, 1)
                page = await bot.metrics()
                assert 'support_role_ack_seconds_count{kind="slash_commands"} 1.0' in page
                assert "support_role_workers_without_aws 1.0" in page
                assert "support_role_slack_ready 1.0" in page

                async with Person(slack.url, RILEY) as riley:
                    await riley.command("/support-role help", CLOUD_SECURITY)
                    bot.process.send_signal(signal.SIGTERM)
                    assert await bot.end() == 0
                    # What was acked a moment before the end is answered.
                    assert len(await riley.messages(CLOUD_SECURITY)) == 2
                assert "Traceback" not in (tmp_path / "log").read_text()

    asyncio.run(go())


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(tmp_path: Path):
    async def go() -> int:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            async with serving(tmp_path, "--http", "--port", port, **slack_elsewhere()) as bot:
                return await bot.end()

    code = asyncio.run(go())

    said = (tmp_path / "log").read_text().splitlines()
    assert code == 2
    assert "Traceback" not in "\n".join(said)
    assert [line for line in said if "Cannot" in line] == [said[-1]]
    assert "Give another --port or --host." in said[-1]


def test_a_worker_whose_parent_was_killed_ends_by_itself(tmp_path: Path):
    """At whatever moment: this one has only just been started."""

    async def go() -> None:
        async with LocalSlack() as slack, serving(tmp_path, **slack.environment) as bot:
            worker = await bot.worker()
            bot.process.kill()
            await bot.end()

            async def is_gone() -> bool:
                return not is_running(worker)

            await until(is_gone, "the worker has ended")

    asyncio.run(go())


def is_running(pid: int) -> bool:
    """A zombie is not: whether the orphan is reaped is up to this machine's init."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return Path("/proc/self").exists() is False and is_there(pid)
    return state != "Z"


def test_it_stops_when_asked_while_slack_cannot_be_reached(tmp_path: Path):
    async def go() -> None:
        async with serving(tmp_path, **slack_elsewhere()) as bot:

            async def is_trying() -> bool:
                return b"Slack does not answer" in (tmp_path / "log").read_bytes()

            await until(is_trying, "it tries to connect")
            bot.process.send_signal(signal.SIGTERM)

            assert await bot.end() == 0

    asyncio.run(go())


def test_everything_that_is_missing_is_listed_at_once(tmp_path: Path):
    async def go() -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"),
            env=clean(tmp_path),
            cwd=tmp_path,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        return process.returncode, said.decode()

    code, said = asyncio.run(go())

    assert code == 2
    for name in (
        "slack.bot_token",
        "slack.app_token",
        "slack.team_ids",
        "remediation.approval_channel",
        "remediation.audit_channel",
        "remediation.approvers",
    ):
        assert name in said
    assert "Traceback" not in said
