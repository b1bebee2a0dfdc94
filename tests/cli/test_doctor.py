"""`support-role doctor` against the sandbox's AWS, a local Slack and a database of its own."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.doctor import CHECKS
from bot.sandbox.aws.process import start_aws
from bot.sandbox.configuration import aws_environment, settings_toml, slack_environment
from bot.sandbox.slack import Bot, LocalSlack, RateLimits, default_workspace
from bot.sandbox.world import sandbox_world
from bot.slack.doctor import OPTIONAL_SCOPES, SCOPES
from bot.store.engine import build_engine
from bot.store.schema import migrate

Call = Callable[..., Any]
WORKSPACE = default_workspace(Bot(scopes=(*SCOPES, *OPTIONAL_SCOPES)))


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws() as url:
        yield url


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    """In a thread of its own: commands run in this one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    local = LocalSlack(WORKSPACE, limits=RateLimits(enabled=False))
    try:
        asyncio.run_coroutine_threadsafe(local.start(), loop).result(10)
        yield local
        asyncio.run_coroutine_threadsafe(local.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def installed(
    aws_url: str, slack: LocalSlack, empty_folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """All that an installation has, in the folder where commands run; its bot is not running."""
    variables = aws_environment(aws_url) | slack_environment(slack.api_url, WORKSPACE)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings(settings_toml(sandbox_world(), WORKSPACE, empty_folder))
    engine = build_engine(f"sqlite:///{empty_folder}/support-role.db")
    migrate(engine)
    engine.dispose()
    return empty_folder


@pytest.mark.usefixtures("installed")
def test_json_is_the_documented_report(call: Call) -> None:
    ended = call("doctor", "--format", "json")

    report = json.loads(ended.out)
    assert ended.code == 1
    assert report["schema"] == "support-role/doctor/1"
    assert {each["id"] for each in report["checks"]} == set(CHECKS)
    assert set(report["checks"][0]) == {"id", "area", "state", "text", "next_step", "about"}
    assert report["summary"]["ok"] == len([each for each in report["checks"] if each["state"] == "ok"])
    wrong = {(each["id"], *each["about"]) for each in report["checks"] if each["state"] == "wrong"}
    assert wrong == {
        ("aws.scan-role", "acquired-robotics (345634563456)"),
        ("aws.remediation-role", "acquired-robotics (345634563456)"),
        ("aws.principals", "partner-portal (234523452345)"),
    }


@pytest.mark.usefixtures("installed")
def test_the_table_tells_problems_first_and_whole_each_with_its_next_step(call: Call) -> None:
    ended = call("doctor", "--accounts", "0")

    lines = ended.out.splitlines()
    assert ended.code == 0
    assert lines[0].startswith("2 warnings · ")
    assert lines[2].startswith("WARNING  store.worker")
    assert lines[3] == "    The bot has not run on this database yet."
    assert lines[4] == "    → Start it: support-role serve."
    areas = [line for line in lines[5:] if line[:1].isupper() and not line.startswith("WARNING")]
    assert areas == ["Settings", "Database", "Slack", "AWS"]
    assert "  ok        slack.channel.approval  The bot is a member of #approvals" in ended.out
    assert ended.err == ""


def test_what_was_not_looked_at_for_one_reason_shares_a_line(call: Call) -> None:
    ended = call("doctor", "--aws")

    reason = "Not looked at, since aws.credentials comes first. (clock, partition, organization, accounts, "
    assert f"  skipped   8 checks                {reason}" in ended.out


def test_nothing_is_written(call: Call, installed: Path) -> None:
    before = {each.name: each.read_bytes() for each in installed.iterdir()}

    call("doctor", "--accounts", "0")

    assert {each.name: each.read_bytes() for each in installed.iterdir()} == before


def test_aws_alone_needs_neither_slack_nor_a_database(
    call: Call, aws_url: str, empty_folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws_environment(aws_url).items():
        monkeypatch.setenv(name, value)
    settings('[aws]\nexternal_id = "northwind-support-role-7d1f"\n[[aws.accounts]]\nid = "111122223333"\n')

    ended = call("doctor", "--aws", "--format", "json")

    report = json.loads(ended.out)
    assert ended.code == 0
    assert {each["area"] for each in report["checks"]} == {"settings", "aws"}
    assert [each.name for each in empty_folder.iterdir()] == ["support-role.toml"]


def test_settings_that_cannot_be_read_are_configuration_and_every_mistake_is_told(
    call: Call, settings: Any
) -> None:
    settings('[aws]\nscan_rol = "x"\npartition = "mars"\n')

    ended = call("doctor", "--format", "json")

    report = json.loads(ended.out)
    assert ended.code == 2
    wrong = [each["text"] for each in report["checks"] if each["state"] == "wrong"]
    assert len(wrong) == 2
    assert any("did you mean aws.scan_role?" in text for text in wrong)
    assert {each["id"] for each in report["checks"]} == set(CHECKS)


def test_before_anything_is_configured_it_says_what_to_begin_with(call: Call, empty_folder: Path) -> None:
    ended = call("doctor")

    assert ended.code == 1
    assert "slack.bot_token is needed (or SLACK_BOT_TOKEN)." in ended.out
    assert "Set AWS_PROFILE" in ended.out
    assert list(empty_folder.iterdir()) == []


def test_a_secret_that_cannot_be_fetched_shuts_its_area_alone(call: Call, settings: Any) -> None:
    settings('[slack]\nbot_token = "aws-sm://support-role#bot"\n')

    checks = json.loads(call("doctor", "--format", "json").out)["checks"]

    states = {each["id"]: each["state"] for each in checks}
    assert states["settings.secrets"] == "wrong"
    assert states["slack.token"] == "skipped"
    assert states["store.reach"] == "warning"
    assert states["aws.credentials"] == "wrong"


@pytest.mark.parametrize("line", [["--accounts", "-1"], ["--format", "xml"]])
def test_bad_usage_is_exit_code_2(call: Call, line: list[str]) -> None:
    assert call("doctor", *line).code == 2


def test_aws_alone_loads_nothing_of_slack_or_the_store(empty_folder: Path) -> None:
    program = (
        "import sys; from bot.cli import run; run(['doctor', '--aws']); "
        "print([name for name in ('slack_sdk', 'sqlalchemy', 'dbos') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=empty_folder,
        env=os.environ,
    )

    assert done.stdout.splitlines()[-1] == "[]"
