import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from bot import cli
from bot.cli import COMMANDS, EXIT_UNEXPECTED, support_role
from bot.cli.common import Invocation, door

Call = Callable[..., Any]
HEAVY = (
    "pydantic",
    "boto3",
    "botocore",
    "aiohttp",
    "rich",
    "slack_sdk",
    "sqlalchemy",
    "dbos",
    "bot.settings",
)


def test_help_lists_every_command_with_what_it_does(call: Call) -> None:
    ended = call("--help")

    assert ended.code == 0
    assert all(f"  {name} " in ended.out for name in COMMANDS)


def test_help_imports_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys; from bot.cli import run; run(['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_takes_the_common_options(call: Call, name: str) -> None:
    command = support_role.get_command(click.Context(support_role), name)

    ended = call(name, "--help")

    assert ended.code == 0
    assert command is not None
    members = command.commands.values() if isinstance(command, click.Group) else []
    for member in (command, *members):
        options = {option for parameter in member.params for option in parameter.opts}
        assert {"--config", "--log-level", "--log-format"} <= options


@pytest.mark.parametrize("line", [["chek"], ["check", "--frmat", "json"], ["check", "--format", "xml"]])
def test_bad_usage_is_exit_code_2_and_says_what_there_is(call: Call, line: list[str]) -> None:
    ended = call(*line)

    assert ended.code == 2
    assert "Error: " in ended.err
    assert ended.out == ""


def test_the_version_is_told(call: Call) -> None:
    assert call("--version").out.startswith("support-role, version ")


@pytest.mark.parametrize(
    "line",
    [
        ["--config", "bad.toml", "check"],
        ["check", "--config", "bad.toml"],
        ["--config", "other.toml", "check", "--config", "bad.toml"],
    ],
)
def test_the_common_options_count_before_and_after_the_command(
    call: Call, empty_folder: Path, line: list[str]
) -> None:
    (empty_folder / "bad.toml").write_text('[aws]\nscan_rol = "x"\npartition = "mars"\n', "utf-8")

    ended = call(*line)

    assert ended.code == 2
    assert ended.err.splitlines()[0] == "There are 2 problems in the configuration:"
    assert "aws.partition" in ended.err
    assert "did you mean aws.scan_role?" in ended.err


@pytest.mark.parametrize(
    "line",
    [
        ["--config", "bad.toml", "audit", "verify"],
        ["audit", "--config", "bad.toml", "verify"],
        ["audit", "verify", "--config", "bad.toml"],
        ["--config", "other.toml", "audit", "--config", "bad.toml", "verify"],
        ["audit", "--config", "other.toml", "verify", "--config", "bad.toml"],
    ],
)
def test_they_count_between_the_words_of_a_command_that_has_two(
    call: Call, empty_folder: Path, line: list[str]
) -> None:
    (empty_folder / "bad.toml").write_text('[aws]\npartition = "mars"\n', "utf-8")

    ended = call(*line)

    assert ended.code == 2
    assert "aws.partition" in ended.err


def test_a_child_process_is_given_the_same_options() -> None:
    assert Invocation(Path("x.toml"), "info", "json").as_arguments() == [
        *("--config", "x.toml"),
        *("--log-level", "info"),
        *("--log-format", "json"),
    ]


def test_python_dash_m_bot_is_the_same_program(empty_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "manifest"],
        capture_output=True,
        text=True,
        check=True,
        cwd=empty_folder,
    )

    assert "command: /support-role" in done.stdout


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command("manifest")
    @door()
    def command(invocation: Invocation) -> None:
        logging.getLogger("bot").info("started at level %s", invocation.log_level)
        raise ZeroDivisionError("with xoxb-1234567890-secret")

    monkeypatch.setattr("bot.cli.manifest.command", command)


@pytest.mark.usefixtures("broken")
def test_an_unforeseen_fault_is_no_finding_and_bears_the_reference_of_its_log(call: Call) -> None:
    ended = call("--log-format", "json", "manifest", "--log-level", "info")

    started, fault, told = ended.err.splitlines()
    assert ended.code == EXIT_UNEXPECTED
    assert json.loads(started)["text"] == "started at level info"
    assert json.loads(fault)["reference"] in told
    assert "ZeroDivisionError" in json.loads(fault)["error"]
    assert "xoxb-1234567890" not in ended.err


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    program = f"{sys.executable} -m bot iam --format json | head -c 10"

    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == '{\n  "membe'
    assert done.stderr == ""


def test_the_aws_lines_of_dotenv_reach_the_aws_libraries(
    call: Call, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_PROFILE", "x")
    monkeypatch.delenv("AWS_PROFILE")
    (empty_folder / ".env").write_text("AWS_PROFILE=from-dotenv\nAWS_REGION=us-east-1\n", "utf-8")

    call("iam")

    assert cli.os.environ["AWS_PROFILE"] == "from-dotenv"
    assert cli.os.environ["AWS_REGION"] == "eu-central-1"
