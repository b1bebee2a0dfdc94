from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, read_settings
from bot.settings.reading import aws_variables

Read = Callable[..., Settings]
ROLE = "SUPPORT_ROLE_AWS__SCAN_ROLE"


def test_without_any_source_the_defaults_hold(read: Read) -> None:
    settings = read()

    assert settings.aws.scan_role == "SupportRoleScanner"
    assert settings.aws.remediation_role == "SupportRoleRemediator"
    assert settings.check.concurrency == 32
    assert settings.remediation.mode == "dry-run"
    assert settings.remediation.request_ttl_minutes == 240
    assert settings.remediation.approvers == ()
    assert settings.digest.at == "09:00"
    assert settings.store.url.get_secret_value() == "sqlite:///support-role.db"


@pytest.mark.parametrize(
    ("sources", "winner"),
    [
        ({}, "from-file"),
        ({"dotenv": f"{ROLE}=from-dotenv\n"}, "from-dotenv"),
        ({"dotenv": f"{ROLE}=from-dotenv\n", "environ": {ROLE: "from-environment"}}, "from-environment"),
        ({"environ": {ROLE: "from-environment"}, "flags": {"aws.scan_role": "from-flag"}}, "from-flag"),
        ({"flags": {"aws.scan_role": None}}, "from-file"),
    ],
)
def test_later_sources_win(read: Read, sources: dict[str, Any], winner: str) -> None:
    assert read('[aws]\nscan_role = "from-file"', **sources).aws.scan_role == winner


def test_a_source_only_replaces_what_it_names(read: Read) -> None:
    settings = read('[aws]\nscan_role = "One"\nremediation_role = "Two"', environ={ROLE: "Three"})

    assert (settings.aws.scan_role, settings.aws.remediation_role) == ("Three", "Two")


@pytest.mark.parametrize("text", ["111122223333,444455556666", '["111122223333", "444455556666"]'])
def test_a_list_in_a_variable_is_json_or_has_commas(read: Read, text: str) -> None:
    settings = read(environ={"SUPPORT_ROLE_AWS__TRUSTED_ACCOUNT_IDS": text})

    assert settings.aws.trusted_account_ids == ("111122223333", "444455556666")


def test_tables_in_a_variable_are_json(read: Read) -> None:
    settings = read(environ={"SUPPORT_ROLE_AWS__ACCOUNTS": '[{"id": "111122223333", "name": "payments"}]'})

    assert [account.label for account in settings.accounts()] == ["payments (111122223333)"]


def test_slacks_own_names_work(read: Read) -> None:
    settings = read(
        environ={
            "SLACK_BOT_TOKEN": "xoxb-1-made-up",
            "SLACK_APP_TOKEN": "xapp-1-made-up",
            "SLACK_API_URL": "http://127.0.0.1:8765/api/",
        }
    )

    assert settings.slack.bot_token.get_secret_value() == "xoxb-1-made-up"
    assert settings.slack.app_token.get_secret_value() == "xapp-1-made-up"
    assert settings.slack.api_url == "http://127.0.0.1:8765/api/"


def test_our_own_name_for_a_token_wins_over_slacks(read: Read) -> None:
    environ = {"SUPPORT_ROLE_SLACK__BOT_TOKEN": "xoxb-ours", "SLACK_BOT_TOKEN": "xoxb-theirs"}

    assert read(environ=environ).slack.bot_token.get_secret_value() == "xoxb-ours"


def test_an_empty_slack_variable_is_none_at_all(read: Read) -> None:
    settings = read('[slack]\nbot_token = "xoxb-file"', environ={"SLACK_BOT_TOKEN": ""})

    assert settings.slack.bot_token.get_secret_value() == "xoxb-file"


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN_FILE", "SUPPORT_ROLE_SLACK__BOT_TOKEN_FILE"])
def test_a_secret_may_stand_in_a_file_of_its_own(read: Read, tmp_path: Path, name: str) -> None:
    (tmp_path / "token").write_text("xoxb-from-file\n", "utf-8")

    settings = read(environ={name: str(tmp_path / "token")})

    assert settings.slack.bot_token.get_secret_value() == "xoxb-from-file"


def test_an_accounts_external_id_may_stand_in_a_file_of_its_own(read: Read, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("shared-with-payments\n", "utf-8")

    settings = read(f'[[aws.accounts]]\nid = "111122223333"\nexternal_id_file = "{tmp_path / "id"}"')

    assert settings.accounts()[0].access.external_id == "shared-with-payments"


def test_a_dollar_in_dotenv_is_a_dollar(read: Read) -> None:
    settings = read(dotenv="SLACK_SIGNING_SECRET='abc$HOME{x}$def'\n")

    assert settings.slack.signing_secret.get_secret_value() == "abc$HOME{x}$def"


def test_files_that_begin_with_a_mark_of_their_order_are_read(read: Read) -> None:
    """As editors on Windows write them."""
    settings = read(
        '\ufeff[aws]\nscan_role = "Reader"', dotenv="\ufeffSUPPORT_ROLE_AWS__REMEDIATION_ROLE=Fixer"
    )

    assert (settings.aws.scan_role, settings.aws.remediation_role) == ("Reader", "Fixer")


def test_the_config_variable_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[check]\nconcurrency = 5\n", "utf-8")

    settings = read_settings(
        environ={"SUPPORT_ROLE_CONFIG": str(tmp_path / "other.toml")}, directory=tmp_path
    )

    assert settings.check.concurrency == 5


def test_the_config_option_wins_over_the_variable(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("[check]\nconcurrency = 1\n", "utf-8")
    (tmp_path / "two.toml").write_text("[check]\nconcurrency = 2\n", "utf-8")

    settings = read_settings(
        tmp_path / "one.toml", environ={"SUPPORT_ROLE_CONFIG": str(tmp_path / "two.toml")}, directory=tmp_path
    )

    assert settings.check.concurrency == 1


def test_what_kubernetes_sets_beside_a_service_of_our_name_is_no_setting(read: Read) -> None:
    services = ("SUPPORT_ROLE", "SUPPORT_ROLE_BOT", "SUPPORT_ROLE_STORE", "SUPPORT_ROLE_DIGEST")
    ends = ("PORT", "SERVICE_HOST", "SERVICE_PORT", "PORT_9464_TCP", "PORT_9464_TCP_ADDR")
    environ = {f"{service}_{end}": "tcp://10.0.0.1:9464" for service in services for end in ends}

    assert read(environ=environ) == Settings()


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql+psycopg://bot:pass:word@db:5432/bot", "postgresql+psycopg://bot:a/b?c@db/bot"),
        *("postgresql+psycopg:///bot?host=/var/run", "postgresql+psycopg://bot@[::1]:5432/bot"),
        *("postgresql+psycopg://", "sqlite:///support-role.db", "aws-sm://store"),
    ],
)
def test_a_store_url_is_taken_that_sqlalchemy_takes(read: Read, url: str) -> None:
    assert read(environ={"SUPPORT_ROLE_STORE__URL": url}).store.url.get_secret_value() == url


def test_only_the_aws_lines_of_dotenv_go_to_the_aws_libraries(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AWS_PROFILE=audit\nSLACK_BOT_TOKEN=xoxb-1\nOTHER=1\n", "utf-8")

    assert aws_variables(tmp_path) == {"AWS_PROFILE": "audit"}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().check.strict = True  # type: ignore[misc]  # what this test is about
