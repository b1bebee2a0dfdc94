"""The sandbox's AWS as a process of its own: started, and ended with whoever started it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from bot.domain.errors import SupportRoleError
from bot.sandbox.configuration import clean_environment
from bot.sandbox.world import STORIES

STOP_SECONDS = 5.0


class AwsStartError(SupportRoleError):
    """The sandbox's AWS did not start; the text says why."""


@contextmanager
def start_aws(accounts: int = STORIES, port: int = 0) -> Iterator[str]:
    """Start it, give its URL once it listens, and end it; AwsStartError when it does not come up."""
    command = [sys.executable, "-m", "bot.sandbox.aws", "--child"]
    command += ["--accounts", str(accounts), "--port", str(port)]
    # A session of its own: Ctrl-C in a terminal must end the bot first, then its AWS.
    with (
        TemporaryFile("w+") as complaints,
        subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=clean_environment(),
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield _url_when_ready(process, complaints)
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _url_when_ready(process: "subprocess.Popen[str]", complaints: IO[str]) -> str:
    if process.stdout is None:
        raise AssertionError("it was started with a pipe")
    word, _, url = process.stdout.readline().strip().partition(" ")
    if word != "READY":
        process.wait()
        complaints.seek(0)
        why = ([*complaints] or ["no reason given"])[-1].strip()
        hint = (
            " Install its extra: pip install 'support-role-bot[sandbox]'" if "No module named" in why else ""
        )
        raise AwsStartError(f"The sandbox's AWS did not start: {why}{hint}")
    return url
