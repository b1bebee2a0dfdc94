"""`make block-types`: every block the bot can send, checked by tsc against Slack's own types from npm.

Without node, or without a way to npm's registry, it says so in one line and is content; in CI (CI=1) what
fails with node at hand is a failure.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.slack.blocks.samples import homes, messages, modals
from tests.slack.blocks.types.typescript import UNKNOWN, Json, typescript

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".package-lock.json"
"""What npm writes last: as old as what is installed."""
BLOCKS = HERE / "blocks.ts"
TSC = HERE / "node_modules" / "typescript" / "bin" / "tsc"
NPM_CI = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
IMPATIENT = ("--fetch-retries=0", "--fetch-timeout=20000")
UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONN\w+|E\w*TIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET")
FAULT = re.compile(r"blocks\.ts\((\d+),")
SHOWN_FAULTS = 20


def main() -> int:
    """The process's exit status."""
    if not (shutil.which("node") and shutil.which("npm")):
        return _skipped("node and npm are not installed")
    if problem := _install():
        is_away = UNREACHABLE.search(problem) and not os.environ.get("CI")
        return _skipped("npm's registry cannot be reached") if is_away else _failed(problem)
    BLOCKS.write_text(typescript(_all_blocks(), _all_views()), "utf-8")
    faults = _faults()
    return _failed("\n".join(faults)) if faults else _passed()


def _install() -> str:
    """Install what the lock says, unless it is there; what npm said if it failed."""
    if INSTALLED.is_file() and INSTALLED.stat().st_mtime >= LOCK.stat().st_mtime:
        return ""
    patience = () if os.environ.get("CI") else IMPATIENT
    done = subprocess.run([*NPM_CI, *patience], cwd=HERE, capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout or "npm ci failed") if done.returncode else ""


def _faults() -> list[str]:
    """What tsc says, each line with the sample it is about."""
    done = subprocess.run(
        ["node", TSC, "--pretty", "false", "-p", "."], cwd=HERE, capture_output=True, text=True, check=False
    )
    lines = BLOCKS.read_text("utf-8").splitlines()
    said = [_located(line, lines) for line in done.stdout.splitlines()]
    return said or ([f"tsc ended with {done.returncode}: {done.stderr}"] if done.returncode else [])


def _located(fault: str, lines: list[str]) -> str:
    at = FAULT.match(fault)
    return f"{lines[int(at[1]) - 2].removeprefix('// ')}: {fault}" if at else fault


def _all_blocks() -> Iterator[tuple[str, Json]]:
    for name, message in messages():
        yield from ((name, block) for block in message.blocks)
    for name, view in _all_views():
        yield from ((name, block) for block in view["blocks"])


def _all_views() -> Iterator[tuple[str, Json]]:
    return ((name, view.body) for name, view in [*modals(), *homes()])


def _passed() -> int:
    count = BLOCKS.read_text("utf-8").count("\nexport const _")
    left_out = ", ".join(sorted(UNKNOWN))
    _say(f"{count} shapes of blocks and views are as @slack/types has them ({left_out}: not known to it).")
    return 0


def _failed(what: str) -> int:
    lines = what.strip().splitlines()
    more = [f"... and {len(lines) - SHOWN_FAULTS} more"] if len(lines) > SHOWN_FAULTS else []
    _say("\n".join([*lines[:SHOWN_FAULTS], *more]))
    return 1


def _skipped(why: str) -> int:
    _say(f"Skipped: {why}. Blocks are checked by this project's own lint alone.")
    return 0


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    sys.exit(main())
