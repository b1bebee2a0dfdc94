from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.account import Access, AccountId
from bot.domain.errors import SettingsError
from bot.domain.freeze import FreezeWindow
from bot.domain.plan import RoleSettings
from bot.settings import Settings, with_secrets

Read = Callable[..., Settings]

ACCOUNTS = """
[aws]
external_id = "for-all"
partition = "aws-us-gov"
trusted_account_ids = ["999999999999"]
[[aws.accounts]]
id = "111122223333"
name = "payments"
owner = "U0123ABCD"
[[aws.accounts]]
id = "444455556666"
scan_role = ""
remediation_role = "path/Fixer"
external_id = "for-one"
partition = "aws-cn"
trusted_principals = ["arn:{partition}:iam::{account_id}:user/oncall"]
trusted_account_ids = []
"""


def test_an_account_has_the_defaults_with_the_placeholders_filled_in(read: Read) -> None:
    payments, _ = read(ACCOUNTS).accounts()

    assert payments.label == "payments (111122223333)"
    assert payments.owner == "U0123ABCD"
    assert payments.partition == "aws-us-gov"
    assert payments.access == Access("SupportRoleScanner", "SupportRoleRemediator", "for-all")
    assert payments.trusted_principals == ("arn:aws-us-gov:iam::111122223333:role/IncidentManager",)
    assert payments.trusted_account_ids == {"999999999999"}


def test_what_an_account_says_for_itself_wins_even_when_empty(read: Read) -> None:
    _, other = read(ACCOUNTS).accounts()

    assert other.partition == "aws-cn"
    assert other.access == Access("", "path/Fixer", "for-one")
    assert other.trusted_principals == ("arn:aws-cn:iam::444455556666:user/oncall",)
    assert other.trusted_account_ids == frozenset()


def test_an_account_that_is_not_listed_has_the_defaults(read: Read) -> None:
    account = read(ACCOUNTS).account("777788889999", partition="aws-us-gov")  # type: ignore[arg-type]  # plain text will do

    assert account.access.scan_role == "SupportRoleScanner"
    assert account.trusted_principals == ("arn:aws-us-gov:iam::777788889999:role/IncidentManager",)


def test_role_settings_and_policy_are_those_of_remediation(read: Read) -> None:
    settings = read(
        '[remediation]\nrole_name = "support"\nrole_path = "/ops/"\nrequire_mfa = true\nmode = "apply"\n'
        'approvers = ["U0123ABCD"]\nprotected_accounts = ["111122223333"]\n'
        'freeze = [{ cron = "0 18 * * fri", minutes = 60, timezone = "Europe/Berlin" }]\n'
        '[slack]\nteam_ids = ["T0123ABCD"]\n[aws.organization]\nexclude_accounts = ["444455556666"]'
    )

    assert settings.role_settings() == RoleSettings("support", "/ops/", "", require_mfa=True)
    policy = settings.policy()
    assert (policy.mode, policy.approvers, policy.team_ids) == ("apply", {"U0123ABCD"}, {"T0123ABCD"})
    assert policy.protected_accounts == {"111122223333"}
    assert policy.excluded_accounts == {"444455556666"}
    assert policy.freeze == (FreezeWindow("0 18 * * fri", 60, "Europe/Berlin"),)


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ('[[aws.accounts]]\nid = "111122223333"', ["444455556666"]),
        ('[[aws.accounts]]\nid = "111122223333"\n[aws.organization]\nenabled = true', []),
        ('[aws.organization]\nexclude_accounts = ["111122223333"]', ["111122223333"]),
        ("", []),
    ],
)
def test_accounts_that_settings_leave_out_are_told_without_aws(
    read: Read, text: str, left_out: list[str]
) -> None:
    policy = read(text).policy()

    assert [each for each in map(AccountId, ("111122223333", "444455556666")) if policy.leaves_out(each)] == (
        left_out
    )


def test_a_command_without_slack_needs_no_slack_settings(read: Read) -> None:
    assert read().accounts() == ()


@pytest.mark.parametrize(
    ("flags", "http", "lacking"),
    [
        (
            {},
            False,
            [
                "slack.bot_token",
                "slack.app_token",
                "slack.team_ids",
                "remediation.approval_channel",
                "remediation.audit_channel",
                "remediation.approvers",
            ],
        ),
        ({"remediation.mode": "off"}, False, ["slack.bot_token", "slack.app_token", "slack.team_ids"]),
        ({"remediation.mode": "off"}, True, ["slack.bot_token", "slack.signing_secret", "slack.team_ids"]),
        (
            {
                "slack.bot_token": "xoxb-1",
                "slack.app_token": "xapp-1",
                "slack.team_ids": ["T0123ABCD"],
                "remediation.approval_channel": "C0123ABCD",
                "remediation.audit_channel": "C0123ABCE",
                "remediation.approver_groups": ["S0123ABCD"],
            },
            False,
            [],
        ),
    ],
)
def test_serving_needs_tokens_a_workspace_and_for_fixes_channels_and_approvers(
    read: Read,
    flags: dict[str, Any],
    http: bool,  # noqa: FBT001 - a parameter of the table
    lacking: list[str],
) -> None:
    problems = read(flags=flags).problems_for_serving(http=http)

    assert [problem.name for problem in problems] == lacking


REFERENCES = {
    "aws.external_id": "aws-sm://support-role/external-id",
    "slack.bot_token": "aws-ssm:///support-role/bot-token",
}


def test_references_are_fetched_only_in_the_sections_asked_for(read: Read) -> None:
    asked: list[str] = []

    def fetch(reference: str) -> str:
        asked.append(reference)
        return "fetched-id"

    filled = with_secrets(read('[[aws.accounts]]\nid = "111122223333"', flags=REFERENCES), fetch, "aws")

    assert asked == ["aws-sm://support-role/external-id"]
    assert filled.accounts()[0].access.external_id == "fetched-id"
    assert filled.slack.bot_token.get_secret_value() == "aws-ssm:///support-role/bot-token"


def test_without_references_nothing_is_fetched(read: Read) -> None:
    def fetch(_: str) -> str:
        raise AssertionError("nothing is kept elsewhere")

    assert with_secrets(read(), fetch) == read()


def test_a_fetched_secret_of_the_wrong_shape_is_refused_without_being_shown(read: Read) -> None:
    settings = read(flags={"slack.bot_token": "aws-sm://token"})

    with pytest.raises(SettingsError) as raised:
        with_secrets(settings, lambda _: "hunter2")

    assert "slack.bot_token should be a bot token" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_an_external_id_that_was_not_fetched_is_never_sent_in_its_place(read: Read) -> None:
    settings = read('[[aws.accounts]]\nid = "111122223333"', flags=REFERENCES)

    with pytest.raises(SettingsError, match="not fetched"):
        settings.accounts()


def test_a_role_may_have_a_boundary_of_each_account_and_a_longer_session(read: Read) -> None:
    boundary = "arn:{partition}:iam::{account_id}:policy/Bound"

    role = read(
        f'[remediation]\npermissions_boundary = "{boundary}"\nmax_session_minutes = 120'
    ).role_settings()

    assert (role.permissions_boundary, role.max_session_seconds) == (boundary, 7200)
