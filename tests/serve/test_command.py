"""What `support-role serve` and `worker` ask for, before anything is started."""

from pathlib import Path

import pytest

from bot.cli import run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(words) == 2
    return capsys.readouterr().err


def test_http_mode_needs_the_signing_secret_and_no_app_token(capsys: pytest.CaptureFixture[str]):
    said = told(capsys, "serve", "--http")

    assert "slack.signing_secret is needed with --http" in said
    assert "slack.app_token" not in said


def test_a_worker_needs_neither_for_slacks_requests_do_not_come_to_it(capsys: pytest.CaptureFixture[str]):
    said = told(capsys, "worker")

    assert "slack.bot_token" in said
    assert "slack.signing_secret" not in said
    assert "slack.app_token" not in said


@pytest.mark.parametrize("option", [("--port", "3000"), ("--host", "0.0.0.0")])
def test_a_port_for_slack_without_http_is_a_mistake(
    capsys: pytest.CaptureFixture[str], option: tuple[str, str]
):
    assert f"{option[0]} is of use with --http alone" in told(capsys, "serve", *option)
