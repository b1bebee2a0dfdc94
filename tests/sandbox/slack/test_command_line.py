"""The local Slack as a program: it says where it is, and goes when it is told to."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

COMMAND = [sys.executable, "-m", "bot.sandbox.slack"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_when_told(number: signal.Signals):
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(7)]
        said = "".join(lines)
        url = re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
        with urlopen(url, timeout=60) as page:
            assert page.status == 200
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_URL"):
        assert f"export {name}=" in said


def test_a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr


def test_a_manifest_that_cannot_be_read_is_an_answer_not_a_traceback(tmp_path: Path):
    missing = str(tmp_path / "none.yml")
    done = subprocess.run(
        [*COMMAND, "--manifest", missing], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Cannot read the manifest")
