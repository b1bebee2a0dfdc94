"""What each process and command loads, and which way imports run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOK = """
import json, sys, {module}
print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))
"""


def loaded_by(module: str) -> set[str]:
    """The top-level packages that are there once a fresh interpreter has imported a module."""
    found = subprocess.run(
        [sys.executable, "-c", LOOK.format(module=module)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(found.stdout))


@pytest.mark.parametrize("module", ["bot.serve.slack_process", "bot.cli.serve"])
def test_the_slack_side_loads_nothing_of_aws(module: str):
    """boto3's threads and imports beside the listeners cost acks."""
    assert not loaded_by(module) & {"boto3", "botocore", "s3transfer", "moto"}


def test_the_command_line_answers_without_loading_what_its_commands_need():
    heavy = {
        "sqlalchemy",
        "dbos",
        "slack_bolt",
        "slack_sdk",
        "boto3",
        "botocore",
        "aiohttp",
        "pydantic",
        "alembic",
    }

    assert not loaded_by("bot.cli") & heavy


def test_a_check_loads_nothing_of_slack_or_the_store():
    assert not loaded_by("bot.cli.check") & {"slack_bolt", "slack_sdk", "sqlalchemy", "dbos", "alembic"}


def test_imports_run_downwards_and_libraries_stay_in_their_rooms():
    run = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

    found = subprocess.run([sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", found.stdout)
