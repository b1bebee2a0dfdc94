"""The command line for tests: in this process, in an empty folder, against the benchmarks' AWS."""

import csv
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli import run

BENCH = Path(__file__).parents[2] / "bench" / "fake_aws.py"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Commands run where no settings lie about, and leave the logs of this process as they were."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    root.handlers[:], root.level = before


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command line and see its exit code, stdout and stderr."""

    def call_with(*arguments: str) -> Ended:
        code = run(arguments)
        shown = capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    return call_with


@dataclass(frozen=True)
class FakeAws:
    url: str
    kinds: dict[str, list[str]]
    """Account ids by the kind of account that they are; see bench/fake_aws.py."""

    def accounts(self, *kinds: str) -> str:
        """Settings with the first account of each kind; `pass:2` for the first two."""
        words = [kind.partition(":") for kind in kinds]
        ids = [each for kind, _, count in words for each in self.kinds[kind][: int(count or 1)]]
        return "".join(f'[[aws.accounts]]\nid = "{each}"\nname = "n{each[-4:]}"\n' for each in ids)


@pytest.fixture(scope="session")
def fake_aws_process() -> Iterator[FakeAws]:
    command = [sys.executable, str(BENCH), "serve", "--port", "0", "--accounts", "1000", "--no-uvloop"]
    expected = subprocess.run(
        [sys.executable, str(BENCH), "expected", "--accounts", "1000"],
        capture_output=True,
        text=True,
        check=True,
    )
    kinds: dict[str, list[str]] = {}
    for row in csv.reader(expected.stdout.splitlines()):
        kinds.setdefault(row[1], []).append(row[0])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield FakeAws(process.stdout.readline().split()[1], kinds)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def aws(fake_aws_process: FakeAws, monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    monkeypatch.setenv("AWS_ENDPOINT_URL", fake_aws_process.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-bot")
    return fake_aws_process


@pytest.fixture
def settings(empty_folder: Path) -> Callable[[str], None]:
    """Write support-role.toml."""

    def write(text: str) -> None:
        (empty_folder / "support-role.toml").write_text(text, "utf-8")

    return write
