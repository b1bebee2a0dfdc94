import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.logs import HIDDEN, configure_logs, escaped, redact

SECRETS = [
    "xoxb-1234567890-abcdefABCDEF",
    "xoxe.xoxp-1-Mi0yLTk",
    "xapp-1-A0123-4567-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "IQoJb3JpZ2luX2VjE" + "a" * 60,
    "FwoGZXIvYXdzE" + "b/+" * 30,
    "A1b2" * 30,
]


@pytest.fixture
def logged() -> Iterator[Callable[..., str]]:
    """What a log call writes, in one of the two forms."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def write(form: Any, message: str, *values: object, level: int = logging.WARNING, **more: Any) -> str:
        stream = io.StringIO()
        configure_logs("info", form, stream)
        logging.getLogger("bot.test").log(level, message, *values, **more)
        return stream.getvalue()

    yield write
    root.handlers[:], root.level = before


@pytest.mark.parametrize("form", ["pretty", "json"])
@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_shows_a_token_or_a_key(logged: Callable[..., str], form: str, secret: str) -> None:
    line = logged(form, "called with %s", secret, extra={"header": f"Bearer {secret}"})

    assert secret not in line
    assert HIDDEN in line


@pytest.mark.parametrize("form", ["pretty", "json"])
def test_a_secret_in_an_exception_is_hidden_too(logged: Callable[..., str], form: str) -> None:
    line = logged(form, "failed", exc_info=ValueError(f"bad token {SECRETS[0]}"))

    assert "ValueError" in line
    assert SECRETS[0] not in line


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql+psycopg://bot:hunter2@db/bot", "hunter2"),
        ("postgresql+psycopg://bot:at@home/hunter2@db/bot", "hunter2"),
        ("wss://wss-primary.slack.com/link/?ticket=a1b2-c3&app_id=4", "a1b2-c3"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("{'SecretAccessKey': 'wJalrXUtnFEMI'}", "wJalrXUtnFEMI"),
        ("external_id=shared-with-payments", "shared-with"),
    ],
)
def test_secrets_with_a_name_are_hidden(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::111122223333:role/aws-support-access",
        "plan 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Assume SupportRoleScanner in payments (111122223333): AccessDenied",
        "https://sts.us-east-1.amazonaws.com/",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_json_logs_are_one_object_a_line_with_what_was_added(logged: Callable[..., str]) -> None:
    text = logged("json", "read %d\naccounts", 3, extra={"account_id": "111122223333"})

    entry = json.loads(text)
    assert text.count("\n") == 1
    assert (entry["level"], entry["logger"], entry["text"]) == ("warning", "bot.test", "read 3\naccounts")
    assert entry["account_id"] == "111122223333"
    assert entry["at"].endswith("Z")


def test_a_name_from_aws_cannot_forge_a_line_of_a_pretty_log(logged: Callable[..., str]) -> None:
    text = logged("pretty", "read %s", "payments\n12:00:00 INFO bot: approved\x1b[2K\u202e")

    assert text.count("\n") == 1
    assert "\\n12:00:00" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_what_is_below_the_level_is_not_written(logged: Callable[..., str]) -> None:
    assert logged("pretty", "details", level=logging.DEBUG) == ""


def test_the_http_libraries_never_show_their_requests() -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logs("debug", "pretty", io.StringIO())
    try:
        assert not logging.getLogger("botocore.endpoint").isEnabledFor(logging.INFO)
    finally:
        root.handlers[:], root.level = before


def test_printable_text_is_left_alone() -> None:
    assert escaped("Zürich · 東京 [red]") == "Zürich · 東京 [red]"
