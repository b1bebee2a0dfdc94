"""What a session may do once it is in, held against the bot's own code that makes such sessions."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import SecretStr

from bot.aws.session_policies import build_write_policy
from bot.aws.sessions import AwsConfig
from bot.aws.support_role import Attached, Created, Deleted, NotOurs, Writer
from bot.cli.iam_policies import build_templates
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.plan import Plan
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.landing_zone import (
    BOT_ARN,
    EXTERNAL_ID,
    INCIDENT_ROLE,
    MANAGEMENT_ID,
    REMEDIATION_ROLE,
    SUPPORT_POLICY,
    SUPPORT_ROLE,
    RoleStory,
    bot_policy,
    bot_roles,
)
from bot.settings import AwsSettings, OrganizationSettings, RemediationSettings, Settings

PAYMENTS, PLAYGROUND, MOBILE, PORTAL = "111122223333", "888899990000", "123412341234", "234523452345"


@pytest.fixture
def a_writer(an_account: Callable[[str], Account]) -> Callable[[Plan], Writer]:
    def make(plan: Plan) -> Writer:
        account = an_account(plan.account_id)
        return Writer(account, plan, "fix-0001", "U0ANAORTIZ", AwsConfig(), sleep=lambda _: None)

    return make


def denial(error: pytest.ExceptionInfo[ClientError]) -> str:
    said = error.value.response["Error"]
    assert said["Code"] == "AccessDenied"
    return str(said["Message"])


def test_a_fix_is_made_read_back_and_undone(
    a_plan: Callable[..., Plan], a_writer: Callable[[Plan], Writer], switches: AwsSwitches
) -> None:
    writer = a_writer(a_plan(PAYMENTS))

    created = writer.create_role()
    assert isinstance(created, Created)
    assert isinstance(writer.attach_policy(), Attached)
    assert writer.read_back().verified
    (role,) = switches.support_roles(PAYMENTS)
    assert role.trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{PAYMENTS}:role/{INCIDENT_ROLE}"}
    assert (role.name, role.policies) == (SUPPORT_ROLE, (SUPPORT_POLICY,))
    assert role.tags["support-role-bot:approver"] == "U0ANAORTIZ"

    assert isinstance(writer.delete_created_role(created.role_id), Deleted)
    assert SUPPORT_ROLE not in switches.roles(PAYMENTS)
    made = [call for call in switches.calls("iam:CreateRole", PAYMENTS) if call.was_done]
    assert [call.source_identity for call in made] == ["U0ANAORTIZ"]


def test_a_boundary_is_part_of_the_fix(
    a_plan: Callable[..., Plan], a_writer: Callable[[Plan], Writer], switches: AwsSwitches
) -> None:
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    writer = a_writer(a_plan(PLAYGROUND, permissions_boundary=boundary))

    writer.create_role()
    writer.attach_policy()

    assert writer.read_back().verified
    assert switches.support_roles(PLAYGROUND)[0].boundary == boundary


def test_a_strangers_role_is_left_alone(
    a_plan: Callable[..., Plan], a_writer: Callable[[Plan], Writer], switches: AwsSwitches
) -> None:
    assert isinstance(a_writer(a_plan(MOBILE)).create_role(), NotOurs)
    assert switches.support_roles(MOBILE) == ()


def test_a_fix_whose_principal_is_missing_is_refused_by_iam(
    a_plan: Callable[..., Plan], a_writer: Callable[[Plan], Writer], switches: AwsSwitches
) -> None:
    with pytest.raises(AwsError) as error:
        a_writer(a_plan(PORTAL)).create_role()

    assert error.value.code == "MalformedPolicyDocument"
    assert SUPPORT_ROLE not in switches.roles(PORTAL)


def test_a_scan_session_only_reads(client: Callable[..., Any], enter: Callable[..., Any]) -> None:
    iam = client("iam", enter(PAYMENTS))

    with pytest.raises(ClientError) as error:
        iam.delete_role(RoleName=INCIDENT_ROLE)

    assert "because no identity-based policy allows the iam:DeleteRole action" in denial(error)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("create_role", {"RoleName": "another", "AssumeRolePolicyDocument": "{}"}),
        (
            "attach_role_policy",
            {"RoleName": SUPPORT_ROLE, "PolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
        ),
        ("attach_role_policy", {"RoleName": INCIDENT_ROLE, "PolicyArn": SUPPORT_POLICY}),
        ("delete_role", {"RoleName": SUPPORT_ROLE}),
    ],
    ids=["another role", "another policy", "a role of others", "undo"],
)
def test_a_fixing_session_is_held_to_its_plan(
    client: Callable[..., Any],
    enter: Callable[..., Any],
    a_plan: Callable[..., Plan],
    operation: str,
    parameters: dict[str, str],
) -> None:
    keys = enter(PAYMENTS, REMEDIATION_ROLE, Policy=build_write_policy(a_plan(PAYMENTS)))

    with pytest.raises(ClientError) as error:
        getattr(client("iam", keys), operation)(**parameters)

    assert "is not authorized to perform" in denial(error)


def test_a_session_policy_denies_what_the_role_itself_may_do(
    client: Callable[..., Any], enter: Callable[..., Any], a_plan: Callable[..., Plan]
) -> None:
    keys = enter(PAYMENTS, REMEDIATION_ROLE, Policy=build_write_policy(a_plan(PAYMENTS)))

    with pytest.raises(ClientError) as error:
        client("iam", keys).list_role_policies(RoleName=SUPPORT_ROLE)

    assert "because no session policy allows the iam:ListRolePolicies action" in denial(error)


def test_the_bot_is_given_here_what_it_asks_for_elsewhere() -> None:
    """The sandbox's roles are those of `support-role iam`, filled in."""
    aws = AwsSettings(external_id=SecretStr(EXTERNAL_ID), organization=OrganizationSettings(enabled=True))
    templates = build_templates(Settings(aws=aws, remediation=RemediationSettings(mode="apply")))

    assert list(map(grants, bot_roles(PAYMENTS))) == [
        (template.name, filled(template.trust, PAYMENTS), filled(template.policy, PAYMENTS))
        for template in templates.member_roles
    ]
    assert statements(bot_policy()) == filled(templates.bot_policy, MANAGEMENT_ID)


def grants(role: RoleStory) -> tuple[str, Any, Any]:
    return role.name, statements(role.trust), statements(role.inline[0][1])


def filled(document: Any, account_id: str) -> Any:
    text = json.dumps(document)
    for variable, value in (
        ("${AWS::Partition}", "aws"),
        ("${AWS::AccountId}", account_id),
        ("${BotPrincipalArn}", BOT_ARN),
        ("${ExternalId}", EXTERNAL_ID),
    ):
        text = text.replace(variable, value)
    return statements(text)


def statements(document: str) -> Any:
    """The statements, with neither their names nor the order of their lists."""
    parsed = json.loads(document)["Statement"]
    return [
        {
            key: sorted(value) if isinstance(value, list) else value
            for key, value in statement.items()
            if key != "Sid"
        }
        for statement in parsed
    ]
