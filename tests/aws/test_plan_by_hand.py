"""What a plan's script makes, against what the bot itself makes: both are read back from IAM (moto)."""

from collections.abc import Callable
from typing import Any

import pytest
from building.plan_texts import calls_in_script

from bot.aws.sessions import AwsConfig
from bot.aws.support_role import NotOurs, Writer
from bot.domain.plan_forms import PlanForm, write_plan

ACCOUNT = "111122223333"
NAME = "aws-support-access"
ANY_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
GIVEN = {
    "role_path": "/support/",
    "permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/Boundary",
    "max_session_seconds": 7200,
}


def role_in(iam: Any) -> dict[str, Any]:
    """All of the role that two makings of it have in common."""
    role = dict(iam.get_role(RoleName=NAME)["Role"])
    attached = iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]
    inline = iam.list_role_policies(RoleName=NAME)["PolicyNames"]
    passing = {"RoleId", "CreateDate", "RoleLastUsed", "Tags"}
    return {
        **{key: value for key, value in role.items() if key not in passing},
        "tags": {tag["Key"]: tag["Value"] for tag in role["Tags"]},
        "policies": [each["PolicyArn"] for each in attached],
        "inline": inline,
    }


def remove(iam: Any) -> None:
    for each in iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=NAME, PolicyArn=each["PolicyArn"])
    iam.delete_role(RoleName=NAME)


@pytest.fixture
def run_script(iam_of: Callable[[str], Any]) -> Callable[[str], None]:
    def run(script: str) -> None:
        for operation, parameters in calls_in_script(script):
            getattr(iam_of(ACCOUNT), operation)(**parameters)

    return run


@pytest.mark.parametrize("given", [{}, GIVEN], ids=["plain", "with all there is"])
def test_the_script_makes_the_bots_own_role_but_for_request_and_approver(
    an_account: Any, a_plan: Any, iam_of: Any, run_script: Any, given: dict[str, Any]
) -> None:
    iam, plan = iam_of(ACCOUNT), a_plan(**given)
    iam.create_policy(PolicyName="Boundary", PolicyDocument=ANY_POLICY)
    writer = Writer(an_account(), plan, "fix-1", "U0APPROVER", AwsConfig())
    writer.create_role()
    writer.attach_policy()
    bots = role_in(iam)
    remove(iam)

    run_script(write_plan(plan, PlanForm.CLI))

    by_hand = role_in(iam)
    assert bots["tags"].pop("support-role-bot:request") == "fix-1"
    assert bots["tags"].pop("support-role-bot:approver") == "U0APPROVER"
    assert by_hand == bots
    assert by_hand["policies"] == ["arn:aws:iam::aws:policy/AWSSupportAccess"]


def test_the_bot_never_takes_a_role_made_by_hand_for_its_own(
    an_account: Any, a_plan: Any, iam_of: Any, run_script: Any
) -> None:
    plan = a_plan()
    run_script(write_plan(plan, PlanForm.CLI))
    role = iam_of(ACCOUNT).get_role(RoleName=NAME)["Role"]
    writer = Writer(an_account(), plan, "fix-1", "U0APPROVER", AwsConfig())

    answers = [writer.create_role(), writer.delete_created_role(role["RoleId"])]

    assert all(isinstance(answer, NotOurs) for answer in answers)
    assert iam_of(ACCOUNT).get_role(RoleName=NAME)["Role"]["RoleId"] == role["RoleId"]
