"""The process: it comes up, says why when it does not, and leaves with whoever started it."""

import socket
import subprocess
import sys

import pytest

from bot.sandbox.aws.process import AwsStartError, start_aws
from bot.sandbox.configuration import clean_environment


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(AwsStartError, match=r"did not start: .*in use"), start_aws(port=port):
            pass


def test_it_ends_with_its_parent() -> None:
    """A parent that was killed cannot say goodbye: the pipe that it held closes."""
    command = [sys.executable, "-m", "bot.sandbox.aws", "--child"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment(), text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith("READY http://127.0.0.1:")

        process.stdin.close()

        assert process.wait(60) == 0
