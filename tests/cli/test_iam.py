import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from bot.aws import organization, secrets
from bot.aws.explain import EXPLAIN_ACTIONS
from bot.aws.support_role import SCAN_ACTIONS, TARGET_ACTIONS, UNDO_ACTIONS, WRITE_ACTIONS
from bot.cli.iam_policies import build_templates
from bot.settings import Settings

Call = Callable[..., Any]
FORMATS = ("cloudformation", "terraform", "json")


def settings_of(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def actions(document: dict[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}


def test_the_scan_role_may_do_what_the_code_does_and_nothing_else() -> None:
    scan, _ = build_templates(settings_of()).member_roles

    assert actions(scan.policy) == SCAN_ACTIONS | TARGET_ACTIONS | EXPLAIN_ACTIONS


def test_the_remediation_role_may_do_what_the_code_does_and_nothing_else() -> None:
    _, remediation = build_templates(settings_of()).member_roles

    assert actions(remediation.policy) == WRITE_ACTIONS | UNDO_ACTIONS


def test_the_remediation_role_only_reaches_one_role_and_one_policy() -> None:
    fix = {"role_name": "support", "role_path": "/ops/", "permissions_boundary": "arn:aws:iam::aws:policy/B"}

    _, remediation = build_templates(settings_of(remediation=fix)).member_roles

    statements = {each["Sid"]: each for each in remediation.policy["Statement"]}
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ops/support"
    policy = "arn:${AWS::Partition}:iam::aws:policy/AWSSupportAccess"
    assert {each["Resource"] for each in statements.values()} == {role}
    assert statements["AttachThePolicy"]["Condition"] == {"ArnEquals": {"iam:PolicyARN": policy}}
    assert statements["CreateTheRole"]["Condition"] == {
        "StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/B"}
    }


def test_only_the_remediation_role_may_be_told_the_approver() -> None:
    scan, remediation = build_templates(settings_of()).member_roles

    assert actions(scan.trust) == {"sts:AssumeRole"}
    assert actions(remediation.trust) == {"sts:AssumeRole", "sts:SetSourceIdentity"}


def test_with_an_external_id_nobody_gets_in_without_it() -> None:
    for role in build_templates(settings_of(aws={"external_id": "shared"})).member_roles:
        (assume,) = [each for each in role.trust["Statement"] if "sts:AssumeRole" in each["Action"]]
        assert assume["Condition"] == {"StringEquals": {"sts:ExternalId": "${ExternalId}"}}


def test_the_bot_may_enter_the_roles_and_read_its_own_account() -> None:
    policy = build_templates(settings_of()).bot_policy

    entering = [each for each in policy["Statement"] if "sts:AssumeRole" in each["Action"]]
    assert [each["Resource"] for each in entering] == [
        ["arn:${AWS::Partition}:iam::*:role/SupportRoleScanner"],
        ["arn:${AWS::Partition}:iam::*:role/SupportRoleRemediator"],
    ]
    assert actions(policy) == {
        *{"sts:AssumeRole", "sts:SetSourceIdentity"},
        *(SCAN_ACTIONS | TARGET_ACTIONS | EXPLAIN_ACTIONS | WRITE_ACTIONS | UNDO_ACTIONS),
    }


def test_the_bot_may_list_the_organization_only_where_settings_use_it() -> None:
    source = organization.__loader__.get_source(organization.__name__)  # type: ignore[union-attr]  # it has one
    used = {
        "".join(word.capitalize() for word in name.split("_"))
        for name in re.findall(r'"((?:list|describe)_[a-z_]+)"', source)
    }

    with_it = actions(build_templates(settings_of(aws={"organization": {"enabled": True}})).bot_policy)
    without = actions(build_templates(settings_of()).bot_policy)

    assert {each for each in with_it if each.startswith("organizations:")} == {
        f"organizations:{each}" for each in used
    }
    assert not any(each.startswith("organizations:") for each in without)


def test_the_bot_may_read_only_the_secrets_that_settings_refer_to() -> None:
    settings = settings_of(
        aws={"external_id": "aws-sm://support-role/ids#all"},
        slack={"bot_token": "aws-ssm:///support-role/token"},
    )

    statements = {each["Sid"]: each for each in build_templates(settings).bot_policy["Statement"]}

    assert statements["ReadSecrets"]["Action"] == [secrets.SECRET_ACTIONS["aws-sm"]]
    assert statements["ReadSecrets"]["Resource"] == [
        "arn:${AWS::Partition}:secretsmanager:*:${AWS::AccountId}:secret:support-role/ids-??????"
    ]
    assert statements["ReadParameters"]["Action"] == [secrets.SECRET_ACTIONS["aws-ssm"]]
    assert statements["ReadParameters"]["Resource"] == [
        "arn:${AWS::Partition}:ssm:*:${AWS::AccountId}:parameter/support-role/token"
    ]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (settings_of(remediation={"mode": "off"}), ["SupportRoleScanner"]),
        (settings_of(aws={"scan_role": ""}), ["SupportRoleRemediator"]),
        (settings_of(aws={"scan_role": "ops/Scanner"}), ["Scanner", "SupportRoleRemediator"]),
    ],
)
def test_a_role_that_settings_do_without_is_left_out(settings: Settings, names: list[str]) -> None:
    assert [role.name for role in build_templates(settings).member_roles] == names


def test_where_fixes_are_off_nothing_that_is_printed_can_write() -> None:
    templates = build_templates(settings_of(remediation={"mode": "off"}))

    granted = actions(templates.bot_policy) | {
        a for role in templates.member_roles for a in actions(role.policy)
    }
    assert granted & (WRITE_ACTIONS | UNDO_ACTIONS) <= SCAN_ACTIONS | TARGET_ACTIONS | EXPLAIN_ACTIONS


def test_a_role_with_a_path_is_made_under_it() -> None:
    scan, _ = build_templates(settings_of(aws={"scan_role": "ops/read/Scanner"})).member_roles

    assert (scan.path, scan.name) == ("/ops/read/", "Scanner")


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_shows_a_secret(call: Call, settings: Any, form: str) -> None:
    settings('[aws]\nexternal_id = "hunter2"\n[slack]\nbot_token = "xoxb-hunter2"')

    ended = call("iam", "--format", form)

    assert ended.code == 0
    assert "hunter2" not in ended.out


def test_cloudformation_asks_for_what_it_must_be_told(call: Call, settings: Any) -> None:
    settings('[aws]\nexternal_id = "hunter2"')

    template = yaml.safe_load(call("iam").out)

    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Parameters"]["ExternalId"]["NoEcho"] is True
    assert "Default" not in template["Parameters"]["BotPrincipalArn"]
    kinds = {name: (each["Type"], each["Condition"]) for name, each in template["Resources"].items()}
    assert kinds == {
        "ScanRole": ("AWS::IAM::Role", "IsMember"),
        "RemediationRole": ("AWS::IAM::Role", "IsMember"),
        "SupportRoleBot": ("AWS::IAM::ManagedPolicy", "IsBot"),
    }


def test_cloudformation_substitutes_every_variable(call: Call) -> None:
    template = yaml.safe_load(call("iam").out)

    def bare(value: Any) -> list[str]:
        if isinstance(value, dict):
            inner = {key: each for key, each in value.items() if key != "Fn::Sub"}
            return [found for each in inner.values() for found in bare(each)]
        if isinstance(value, list):
            return [found for each in value for found in bare(each)]
        return [value] if isinstance(value, str) and "${" in value else []

    assert bare(template["Resources"]) == []


def test_the_principal_can_be_given(call: Call) -> None:
    arn = "arn:aws:iam::999999999999:role/support-role-bot"

    by_form = {form: call("iam", "--principal", arn, "--format", form).out for form in FORMATS}

    assert yaml.safe_load(by_form["cloudformation"])["Parameters"]["BotPrincipalArn"]["Default"] == arn
    assert f'default     = "{arn}"' in by_form["terraform"]
    trust = json.loads(by_form["json"])["member"][0]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"AWS": arn}


@pytest.mark.parametrize("arn", ["*", "arn:aws:iam::999999999999:root", "999999999999"])
def test_everybody_is_no_principal(call: Call, arn: str) -> None:
    assert call("iam", "--principal", arn).code == 2


def test_the_documents_of_terraform_are_json_with_its_own_variables(call: Call) -> None:
    text = call("iam", "--format", "terraform").out

    documents = [json.loads(each) for each in re.findall(r"jsonencode\((\{.*?\n  \})\)", text, re.DOTALL)]

    assert len(documents) == 5
    assert set(re.findall(r"\$\{([^}]*)\}", text)) == {
        "data.aws_partition.current.partition",
        "data.aws_caller_identity.current.account_id",
        "var.bot_principal_arn",
    }


def test_terraform_is_spaced_as_its_own_formatter_would(call: Call) -> None:
    """What is checked in must pass `terraform fmt -check`, which aligns lines that stand together."""
    lines = call("iam", "--format", "terraform").out.splitlines()

    together: list[int] = []
    for line in lines:
        found = re.match(r"  \w+ *=(?! jsonencode)", line)
        together = [*together, found.end()] if found else []
        assert len(set(together)) <= 1, line
    assert not [line for line in lines if re.match(r' +"[^"]*":', line)]


def test_a_boundary_of_the_customers_own_is_that_of_the_account_the_role_is_deployed_to() -> None:
    fix = {"permissions_boundary": "arn:{partition}:iam::{account_id}:policy/Bound"}

    _, remediation = build_templates(settings_of(remediation=fix)).member_roles

    (create,) = [each for each in remediation.policy["Statement"] if each["Sid"] == "CreateTheRole"]
    bound = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/Bound"
    assert create["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": bound}}
