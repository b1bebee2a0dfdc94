"""Where a command's words go, and what happens when they cannot."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cli import EXIT_BROKEN_PIPE, EXIT_OUTPUT

Call = Callable[..., Any]
BOT = [sys.executable, "-m", "bot"]


def told(*arguments: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BOT, *arguments], stderr=subprocess.PIPE, text=True, check=False, **streams)


@pytest.fixture
def nobody_reads() -> Any:
    """The writing end of a pipe whose reader has left, as `head` does."""
    reads, writes = os.pipe()
    os.close(reads)
    yield writes
    os.close(writes)


def test_a_reader_that_has_left_is_neither_a_finding_nor_a_fault(nobody_reads: int) -> None:
    """Exit code 1 would say of a check that an account fails."""
    done = told("iam", stdout=nobody_reads)

    assert (done.returncode, done.stderr) == (EXIT_BROKEN_PIPE, "")


def test_that_is_so_for_a_table_too(aws: Any, settings: Any, nobody_reads: int) -> None:
    settings(aws.accounts("pass"))

    done = told("check", stdout=nobody_reads)

    assert (done.returncode, done.stderr) == (EXIT_BROKEN_PIPE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_in_words() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = told("manifest", stdout=full)

    assert done.returncode == EXIT_OUTPUT
    assert done.stderr == (
        "The output could not be written: No space left on device. Make room, or write it elsewhere.\n"
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_from_the_start_is_no_fault(closed: str) -> None:
    done = subprocess.run(["bash", "-c", f"{' '.join(BOT)} manifest {closed}"], check=False, text=True)

    assert done.returncode == 0


def test_a_device_is_written_to_and_never_replaced(
    call: Call, aws: Any, settings: Any, empty_folder: Path
) -> None:
    """As root, a file that is moved over /dev/null would take its place for the whole machine."""
    settings(aws.accounts("pass"))
    pipe = empty_folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    ended = call("check", "--format", "json", "--output", "pipe")

    report = json.loads(os.read(reader, 65536))
    os.close(reader)
    assert ended.code == 0
    assert report["schema"] == "support-role/check/1"
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_and_what_it_leads_to_is_written(
    call: Call, aws: Any, settings: Any, empty_folder: Path
) -> None:
    settings(aws.accounts("pass"))
    (empty_folder / "reports").mkdir()
    link = empty_folder / "latest.json"
    link.symlink_to("reports/today.json")

    call("check", "--format", "json", "--output", "latest.json")

    assert link.is_symlink()
    assert json.loads((empty_folder / "reports/today.json").read_text("utf-8"))["summary"]["PASS"] == 1


@pytest.mark.parametrize("name", ["x" * 300, "no/such/folder/x", "."])
def test_a_file_that_could_not_be_made_is_refused_at_once_with_why(
    call: Call, empty_folder: Path, name: str
) -> None:
    ended = call("check", "--output", name)

    assert (ended.code, ended.out) == (2, "")
    assert "cannot be written there: " in ended.err
    assert list(empty_folder.iterdir()) == []
