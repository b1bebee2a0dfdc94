"""What holds for every file: pages that say what is true, modules that can be read in one sitting."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from bot.domain import guards
from bot.settings import read_settings

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "bot").rglob("*.py"))
LINES = 320

LONGER: dict[str, str] = {
    "bot/store/tables.py": "the schema, which is looked up and not read",
    "bot/store/migrations/versions/0001_first_tables.py": "the same, as Alembic writes it",
}
"""Modules that splitting would make harder to follow, and why."""

# In parts, so that this file names none of them.
INDEX_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
    )
)
"""A lock file or a script that names one would not work behind somebody's mirror."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is in git, or is about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.splitlines())
    return tuple(path for path in paths if path.is_file())


@cache
def texts() -> dict[str, str]:
    found = {named(path): path.read_bytes() for path in tracked()}
    return {name: content.decode("utf-8") for name, content in found.items() if b"\0" not in content}


@pytest.mark.parametrize("host", INDEX_HOSTS)
def test_no_file_names_a_package_index(host: str):
    assert [name for name, text in texts().items() if host in text] == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on():
    here = f"{ROOT}/"
    if len(ROOT.parts) < 3:
        pytest.skip("a path of one name, such as /app, is in many files for good reasons")

    assert [name for name, text in texts().items() if here in text] == []


def test_every_module_says_what_it_is_for():
    trees = {named(path): ast.parse(path.read_text("utf-8")) for path in MODULES}

    assert [name for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_every_module_can_be_read_in_one_sitting():
    lines = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}

    assert {name: count for name, count in lines.items() if count > LINES and name not in LONGER} == {}


def test_the_security_page_names_every_guard():
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    every = (*guards.AT_REQUEST, *guards.AT_DECISION, *guards.AT_DENIAL)

    assert [guard.name for guard in every if f"`{guard.name}`" not in page] == []


def test_the_settings_in_the_readme_are_settings(tmp_path: Path):
    """Every key is one that exists: an unknown one is an error."""
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    file = tmp_path / "support-role.toml"
    file.write_text(example.replace("…", "an-external-id"), "utf-8")

    settings = read_settings(file, environ={}, directory=tmp_path)

    assert settings.aws.organization.enabled
    assert settings.remediation.mode == "dry-run"
    missing = {problem.name for problem in settings.problems_for_serving()}
    assert missing == {"slack.bot_token", "slack.app_token"}


def test_what_changes_next_has_a_place_in_the_changelog():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE)
