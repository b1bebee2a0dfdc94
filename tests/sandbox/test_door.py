"""The door: it opens on loopback alone, says what is wrong, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot.sandbox.configuration import clean_environment, settings_toml, slack_environment
from bot.sandbox.door import Sandbox, SandboxError, has_browser, is_running, until_it_ends
from bot.sandbox.slack import default_workspace
from bot.sandbox.world import sandbox_world
from bot.settings import read_settings


def test_the_settings_are_all_that_serving_needs(tmp_path: Path) -> None:
    workspace = default_workspace()
    config = tmp_path / "support-role.toml"
    config.write_text(settings_toml(sandbox_world(), workspace, tmp_path), "utf-8")

    settings = read_settings(
        config, environ=slack_environment("http://127.0.0.1:1/api/", workspace), directory=tmp_path
    )

    assert settings.problems_for_serving() == ()
    assert settings.remediation.mode == "apply"


def test_children_see_nothing_of_the_environment_outside() -> None:
    outside = {
        "PATH": "/bin",
        "AWS_PROFILE": "production",
        "HTTPS_PROXY": "http://proxy",
        "SLACK_BOT_TOKEN": "xoxb-real",
        "SUPPORT_ROLE_AWS__SCAN_ROLE": "Other",
    }

    assert clean_environment(outside) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("environment", "platform", "there"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", False),
        ({"CI": "1"}, "darwin", False),
    ],
)
def test_a_browser_needs_somebody_to_look_at_it(
    environment: dict[str, str], platform: str, *, there: bool
) -> None:
    assert has_browser(environment, platform) is there


def test_a_taken_port_is_told_with_the_way_out() -> None:
    async def open_it(port: int) -> None:
        async with Sandbox(port):
            pass

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SandboxError, match=rf"Port {port} .* --port {port + 1}"):
            asyncio.run(open_it(port))


def test_a_killed_worker_comes_back_and_nothing_is_left_behind() -> None:
    async def open_and_close() -> tuple[Path, list[int]]:
        async with Sandbox() as sandbox:
            assert sandbox.slack.connections
            killed = await sandbox.kill_worker()
            async with asyncio.timeout(60):
                while not (worker := await sandbox.worker_pid()):  # noqa: ASYNC110 - another process's start
                    await asyncio.sleep(0.05)
            assert worker != killed
            return sandbox.folder, [sandbox.bot.pid, worker]

    folder, pids = asyncio.run(open_and_close())

    assert not folder.exists()
    assert not any(is_running(pid) for pid in pids)


def test_a_bot_that_dies_closes_the_sandbox_with_its_last_words() -> None:
    async def kill_the_bot() -> None:
        async with Sandbox() as sandbox:
            os.kill(sandbox.bot.pid, signal.SIGKILL)
            await until_it_ends(sandbox, asyncio.Event())

    with pytest.raises(SandboxError, match=r"ended by itself \(status -9\)[\s\S]*INFO"):
        asyncio.run(kill_the_bot())


def test_a_signal_closes_it_in_good_order() -> None:
    command = [sys.executable, "-m", "bot", "sandbox", "--port", "0", "--no-browser"]
    environment = {**clean_environment(), "COLUMNS": "200"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        opened = ""
        while "Ctrl-C ends it" not in opened:
            line = process.stdout.readline()
            assert line, opened
            opened += line
        folder = Path(opened.partition("Logs")[2].split()[0]).parent
        assert folder.is_dir()

        process.terminate()

        assert "Nothing is left behind" in process.stdout.read()
        assert process.wait(60) == 0
    assert not folder.exists()
