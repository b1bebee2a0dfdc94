from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.account import AccountId
from bot.settings import Settings

Problems = Callable[..., list[str]]

ALL_AT_ONCE = """
[aws]
scan_rol = "x"
[[aws.accounts]]
id = "111122223333"
[[aws.accounts]]
id = "1111"
[[aws.accounts]]
id = "111122223333"
trusted_principals = ["arn:aws:iam::999999999999:role/X"]
[remediation]
approvers = ["U0123ABCD", "U0123ABCE", "bob"]
mode = "on"
"""


def test_all_mistakes_of_all_sources_are_told_at_once(problems: Problems) -> None:
    found = problems(
        ALL_AT_ONCE, environ={"SUPPORT_ROLE_CHECK__CONCURRENCY": "many", "SLACK_APP_TOKEN": "xoxb-1"}
    )

    assert sorted(line.split()[0] for line in found) == [
        "aws.accounts[1].id",
        "aws.accounts[2].id",
        "aws.accounts[2].trusted_principals[0]",
        "aws.scan_rol",
        "check.concurrency",
        "remediation.approvers[2]",
        "remediation.mode",
        "slack.app_token",
    ]


def test_a_mistake_says_what_is_expected_and_where_it_came_from(problems: Problems) -> None:
    assert problems('[remediation]\napprovers = ["bob"]') == [
        "remediation.approvers[0] should be a Slack user id (U… or W…) (from support-role.toml)"
    ]


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({"environ": {"SUPPORT_ROLE_CHECK__CONCURRENCY": "0"}}, "SUPPORT_ROLE_CHECK__CONCURRENCY"),
        ({"dotenv": "SUPPORT_ROLE_CHECK__CONCURRENCY=0"}, "SUPPORT_ROLE_CHECK__CONCURRENCY in .env"),
        ({"flags": {"check.concurrency": 0}}, "the command line"),
    ],
)
def test_each_source_is_named(problems: Problems, more: dict[str, Any], source: str) -> None:
    assert problems("[check]\nconcurrency = 8", **more) == [
        f"check.concurrency should be greater than or equal to 1 (from {source})"
    ]


@pytest.mark.parametrize(
    ("toml", "meant"),
    [
        ('[aws]\nscan_rol = "x"', "aws.scan_role"),
        ("[remediation]\nconcurrency = 3", "check.concurrency"),
        ("[chek]\nstrict = true", "check"),
        ('scan_role = "x"', "aws.scan_role"),
        ('[[aws.acounts]]\nid = "111122223333"', "aws.accounts"),
        ('[[aws.accounts]]\nid = "111122223333"\nownr = "U0123ABCD"', "aws.accounts[0].owner"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_one(problems: Problems, toml: str, meant: str) -> None:
    (line,) = problems(toml)

    assert f"is not a setting; did you mean {meant}?" in line


def test_an_unknown_key_that_resembles_nothing_is_only_named(problems: Problems) -> None:
    assert problems("[aws]\nzzz = 1") == ["aws.zzz is not a setting (from support-role.toml)"]


def test_a_key_that_does_not_print_is_shown_escaped(problems: Problems) -> None:
    (line,) = problems('[aws]\n"\\u001b[31m\\u202e" = 1')

    assert line.startswith("aws.\\x1b[31m\\u202e is not a setting")


def test_a_key_without_any_letter_is_shown_as_such(problems: Problems) -> None:
    assert problems('[aws]\n"" = 1') == ['aws."" is not a setting (from support-role.toml)']


def test_a_dotenv_that_is_no_text_is_a_problem_beside_the_others(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe")

    assert problems("[aws]\nzzz = 1") == [
        f"{tmp_path / '.env'} is not UTF-8 text",
        "aws.zzz is not a setting (from support-role.toml)",
    ]


def test_what_is_nested_without_end_is_a_problem_like_any_other(problems: Problems) -> None:
    deep = "[" * 20_000

    (line,) = problems(f"x = {deep}")
    assert line.endswith("is not valid TOML: it is nested too deeply")
    (line,) = problems("", environ={"SUPPORT_ROLE_AWS__ACCOUNTS": deep})
    assert line.startswith("aws.accounts should be a list")


def test_a_variable_with_one_underscore_too_few_is_answered(problems: Problems) -> None:
    (line,) = problems(environ={"SUPPORT_ROLE_AWS_SCAN_ROLE": "x"})

    assert "did you mean SUPPORT_ROLE_AWS__SCAN_ROLE?" in line


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SUPPORT_ROLE_STRICT", "did you mean SUPPORT_ROLE_CHECK__STRICT?"),
        ("SUPPORT_ROLE_REMEDIATION_MOD", "did you mean SUPPORT_ROLE_REMEDIATION__MODE?"),
        ("SUPPORT_ROLE_BOT_TOKEN_FILE", "did you mean SUPPORT_ROLE_SLACK__BOT_TOKEN?"),
        ("SUPPORT_ROLE_CHECK", "those in it are named SUPPORT_ROLE_CHECK__…"),
    ],
)
def test_a_variable_that_comes_near_a_setting_is_answered(
    problems: Problems, variable: str, meant: str
) -> None:
    """What is misspelt must not be left out in silence: it may be what stops the bot from writing."""
    (line,) = problems(environ={variable: "x"})

    assert line == f"{variable} is not a setting; {meant} (from {variable})"


@pytest.mark.parametrize(
    "toml",
    [
        '[slack]\nbot_token = "hunter2-secret"',
        '[slack]\nbot_tokn = "hunter2-secret"',
        '[slack]\nteam_ids = ["hunter2-secret"]',
        '[slack]\nbot_token_file = "hunter2-secret"',
        '[aws]\nexternal_id = "hunter2-secret, with a space"',
        '[store]\nurl = "postgres://bot:hunter2-secret@db/bot"',
        '[check]\nconcurrency = "hunter2-secret"',
        '[remediation]\nmode = "hunter2-secret"',
        '[aws]\nexternal_id = "hunter2-secret',
        "hunter2-secret = = 1",
        '[digest]\ntimezone = "hunter2-secret"',
    ],
)
def test_no_value_is_ever_part_of_an_error(problems: Problems, toml: str) -> None:
    assert "hunter2" not in "\n".join(problems(toml)).replace("hunter2-secret is not a setting", "")


def test_secrets_do_not_show_in_the_settings_printed(read: Callable[..., Settings]) -> None:
    settings = read(
        '[aws]\nexternal_id = "hunter2"\n[slack]\nbot_token = "xoxb-hunter2"\n'
        '[store]\nurl = "postgresql+psycopg://bot:hunter2@db/bot"'
    )

    assert "hunter2" not in f"{settings!r}{settings}{settings.model_dump()}"


def test_a_file_that_is_no_toml_is_a_problem_beside_the_others(problems: Problems) -> None:
    found = problems("[aws\n", environ={"SUPPORT_ROLE_CHECK__STRICT": "perhaps"})

    assert found[0].endswith("support-role.toml is not valid TOML: at line 1, column 5")
    assert found[1] == "check.strict should be true or false (from SUPPORT_ROLE_CHECK__STRICT)"


def test_a_named_file_that_is_missing_is_a_problem(problems: Problems, tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"

    assert problems(environ={"SUPPORT_ROLE_CONFIG": str(missing)}) == [
        f"{missing} cannot be read: No such file or directory"
    ]


def test_a_secret_given_twice_in_one_source_is_a_problem(problems: Problems) -> None:
    (line,) = problems(environ={"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_BOT_TOKEN_FILE": "/run/secrets/token"})

    assert "stands beside bot_token: one of them is too many" in line


@pytest.mark.parametrize(
    ("section", "key", "bad"),
    [
        ("aws", "scan_role", ["no spaces", "a" * 65, "arn:aws:iam::1:role/x", "a//b", "role/*"]),
        ("aws", "partition", ["", "AWS", "aws-mars"]),
        ("aws", "trusted_account_ids", [["1"], ["11112222333x"], [111122223333], "111122223333"]),
        ("aws", "external_id", ["x", "with space", "a" * 1225]),
        ("check", "concurrency", [0, 513, 1.5, "many"]),
        ("check", "strict", ["perhaps", 3]),
        ("sts", "rate", [0, 5001]),
        ("remediation", "mode", ["", "on", "APPLY"]),
        ("remediation", "role_name", ["", "a b", "AWSServiceRoleForX", "awsreserved-x", "a" * 65]),
        (
            "remediation",
            "role_path",
            ["", "support", "/support", "support/", "/a b/", "/*/", "/a?/", "/${x}/"],
        ),
        (
            "remediation",
            "permissions_boundary",
            ["Boundary", "arn:aws:iam::aws:role/x", "arn:aws:iam::*:policy/x"],
        ),
        (
            "remediation",
            "approvers",
            [["bob"], ["U1"], ["u0123abcd"], ["S0123ABCD"], ["U0123ABCD", "U0123ABCD"]],
        ),
        ("remediation", "approver_groups", [["U0123ABCD"], ["@oncall"]]),
        ("remediation", "approval_channel", ["#approvals", "D0123ABCD", "c0123abcd"]),
        ("remediation", "request_ttl_minutes", [4, 10081, -1]),
        ("remediation", "max_changes_per_hour", [-1, 1001]),
        ("remediation", "max_accounts_per_request", [0, 501]),
        ("waivers", "max_days", [0, 731, "long"]),
        ("slack", "team_ids", [["E0123ABCD"], ["acme"]]),
        ("slack", "api_url", ["slack.com/api/", "https://slack.com/api", "ftp://slack.com/"]),
        ("slack", "bot_token", ["xoxp-1", "xapp-1", "token"]),
        ("slack", "app_token", ["xoxb-1", "token"]),
        ("digest", "at", ["9:00", "24:00", "09:60", "0900", "09:00:00"]),
        ("digest", "timezone", ["", "Mars/Olympus", "../../etc/passwd", "CEST2"]),
        (
            "store",
            "url",
            [
                *("", "mysql://x", "sqlite://", "sqlite:///:memory:", "postgresql://db/x"),
                *("postgresql+psycopg://bot:secret/db", "postgresql+psycopg://bot:secret@[db/x"),
                "postgresql+psycopg://bot:secret@db:port/x",
            ],
        ),
    ],
)
def test_values_of_the_wrong_shape_are_refused(
    problems: Problems, section: str, key: str, bad: list[Any]
) -> None:
    for value in bad:
        found = problems(flags={f"{section}.{key}": value})

        assert found, value
        assert all(line.startswith(f"{section}.{key}") for line in found), (value, found)


@pytest.mark.parametrize(
    "window",
    [
        {"cron": "never", "minutes": 10},
        {"cron": "0 0 30 2 *", "minutes": 10},
        {"cron": "0 18 * * fri 0", "minutes": 10},
        {"cron": "0 18 * * fri", "minutes": 0},
        {"cron": "0 18 * * fri", "minutes": 10, "timezone": "Nowhere"},
        {"cron": "0 18 * * fri"},
    ],
)
def test_a_freeze_window_needs_a_cron_expression_a_length_and_a_zone(problems: Problems, window: Any) -> None:
    (line,) = problems(flags={"remediation.freeze": [window]})

    assert line.startswith("remediation.freeze[0].")


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::{account_id}:group/Oncall",
        "arn:aws:sts::111122223333:assumed-role/X/session",
        "arn:aws:iam::{account_id}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_1",
        "arn:aws:iam::{account_id}:role/AWSReservedSSO_Support_1",
        "arn:aws:iam::{account_id}:role/*",
        "arn:aws:iam::{account}:role/X",
        "111122223333",
        "AROAEXAMPLEEXAMPLE123",
    ],
)
def test_a_principal_is_one_named_role_user_or_provider(problems: Problems, principal: str) -> None:
    (line,) = problems(flags={"remediation.trusted_principals": [principal]})

    assert line.startswith("remediation.trusted_principals[0] cannot be trusted")


def test_a_principal_of_another_account_needs_that_account_to_be_trusted(
    problems: Problems, read: Callable[..., Settings]
) -> None:
    principal = {"remediation.trusted_principals": ["arn:aws:iam::999999999999:role/Oncall"]}

    (line,) = problems(flags=principal)
    trusted = read(flags=principal | {"aws.trusted_account_ids": ["999999999999"]})

    assert "account 999999999999 is neither this account nor in aws.trusted_account_ids" in line
    assert trusted.remediation.trusted_principals == ("arn:aws:iam::999999999999:role/Oncall",)


def test_a_whole_account_is_trusted_only_where_settings_say_that_it_may_be(
    problems: Problems, read: Callable[..., Settings]
) -> None:
    principal = {"remediation.trusted_principals": ["arn:{partition}:iam::{account_id}:root"]}

    (line,) = problems(flags=principal)
    allowed = read(flags=principal | {"remediation.allow_account_root": True})

    assert line.startswith("remediation.trusted_principals[0] cannot be trusted")
    assert "remediation.allow_account_root is off" in line
    account = allowed.account(AccountId("111122223333"))
    assert (account.may_trust_root, account.trusted_principals) == (True, ("arn:aws:iam::111122223333:root",))


def test_a_principal_is_judged_in_each_accounts_own_partition(problems: Problems) -> None:
    (line,) = problems(
        '[remediation]\ntrusted_principals = ["arn:aws:iam::{account_id}:role/Oncall"]\n'
        '[[aws.accounts]]\nid = "111122223333"\n'
        '[[aws.accounts]]\nid = "444455556666"\npartition = "aws-cn"'
    )

    assert "in account 444455556666: it is in partition aws, the account is in aws-cn" in line


def test_a_boundary_is_of_the_accounts_partition(problems: Problems) -> None:
    boundary = "arn:aws-cn:iam::aws:policy/Boundary"

    (line,) = problems(flags={"remediation.permissions_boundary": boundary})

    assert "is in partition aws-cn, the accounts are in aws" in line
