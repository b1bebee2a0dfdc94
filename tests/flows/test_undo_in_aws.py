"""An undo in the sandbox's AWS: real calls, real permissions, and IAM read by somebody else afterwards."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from building.undoing import applied, approved_undo, ask_undo, prepare_undo, undo
from building.world import World
from sqlalchemy import Engine

from bot.aws.sessions import AwsConfig
from bot.aws.support_role import Deleted, NotOurs, WhyNot, Withheld, Writer
from bot.aws.written import nothing_against
from bot.domain.account import Account, AccountId
from bot.domain.request import RequestState
from bot.domain.undo import Removal
from bot.flows.parts import Aws, Parts
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.configuration import aws_environment
from bot.sandbox.landing_zone import (
    ADMIN_ACCESS_KEY,
    ADMIN_ROLE,
    ADMIN_SECRET_KEY,
    EXTERNAL_ID,
    INCIDENT_ROLE,
    REMEDIATION_ROLE,
    SCAN_ROLE,
    SUPPORT_ROLE,
    document,
    trusting,
)
from bot.sandbox.world import sandbox_world
from bot.settings.models import AwsSettings, RemediationSettings, Settings
from bot.store.engine import build_engine
from bot.wiring.worker_side import build_aws

OTHER = "arn:aws:iam::aws:policy/ReadOnlyAccess"
INLINE = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws() as url:
        yield url


@pytest.fixture
def account() -> AccountId:
    """An account without a support role."""
    return AccountId(next(s.id for s in sandbox_world().members if s.verdict.value == "FAIL" and not s.users))


class RealWorld(World):
    """The world of the flows, but for AWS: that is the one that wiring builds."""

    aws: Aws

    @property
    def parts(self) -> Parts:
        return Parts(self.desk, self.messenger, self.aws)


@pytest.fixture
def world(
    aws_url: str, account: AccountId, database_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RealWorld]:
    for name, value in aws_environment(aws_url).items():
        monkeypatch.setenv(name, value)
    engine = build_engine(f"sqlite:///{database_file}")
    world = a_world(engine, account)
    yield world
    world.aws.close()
    engine.dispose()


def a_world(engine: Engine, account: AccountId) -> RealWorld:
    settings = Settings(
        aws=AwsSettings(scan_role=SCAN_ROLE, remediation_role=REMEDIATION_ROLE, external_id=EXTERNAL_ID),
        remediation=RemediationSettings(role_name=SUPPORT_ROLE),
    )
    world = RealWorld(engine)
    world.cloud.accounts = {
        account: Account(
            account, "payments", trusted_principals=(f"arn:aws:iam::{account}:role/{INCIDENT_ROLE}",)
        )
    }
    world.read_inventory()
    world.aws = build_aws(settings)
    return world


@pytest.fixture
def iam(aws_url: str, account: AccountId) -> Iterator[Any]:
    """IAM in the account, as somebody who may do anything there; no support role is left afterwards."""
    sts = boto3.client(
        "sts",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id=ADMIN_ACCESS_KEY,
        aws_secret_access_key=ADMIN_SECRET_KEY,
    )
    arn = f"arn:aws:iam::{account}:role/{ADMIN_ROLE}"
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
    iam = boto3.client(
        "iam",
        endpoint_url=aws_url,
        region_name="us-east-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    yield iam
    if exists(iam):
        delete_role(iam)


def exists(iam: Any) -> bool:
    return any(role["RoleName"] == SUPPORT_ROLE for role in iam.list_roles()["Roles"])


def delete_role(iam: Any) -> None:
    for policy in iam.list_attached_role_policies(RoleName=SUPPORT_ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=SUPPORT_ROLE, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=SUPPORT_ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=SUPPORT_ROLE, PolicyName=name)
    iam.delete_role(RoleName=SUPPORT_ROLE)


def everything_on(iam: Any) -> tuple[Any, ...]:
    """The role, as IAM has it."""
    role = iam.get_role(RoleName=SUPPORT_ROLE)["Role"]
    role.pop("RoleLastUsed", None)
    return (
        role,
        iam.list_attached_role_policies(RoleName=SUPPORT_ROLE)["AttachedPolicies"],
        iam.list_role_policies(RoleName=SUPPORT_ROLE)["PolicyNames"],
    )


def test_the_role_is_gone_and_only_what_was_allowed_was_called(
    world: RealWorld, iam: Any, aws_url: str, account: AccountId
):
    fix = applied(world)
    before = AwsSwitches(aws_url).calls()[-1].number

    ended = undo(world, approved_undo(world, fix))

    assert ended.state is RequestState.UNDONE, ended.outcome
    assert not exists(iam)
    assert world.request(fix.id).state is RequestState.UNDONE
    assert len(ended.outcome.aws_request_ids) >= 2
    calls = AwsSwitches(aws_url).calls(account_id=account, since=before)
    changes = [each.action for each in calls if each.action.startswith(("iam:D", "iam:C", "iam:A"))]
    assert changes == ["iam:DetachRolePolicy", "iam:DeleteRole"]


def test_everything_that_differs_is_said_at_once_and_iam_is_as_it_was(world: RealWorld, iam: Any):
    fix = applied(world)
    iam.attach_role_policy(RoleName=SUPPORT_ROLE, PolicyArn=OTHER)
    iam.put_role_policy(RoleName=SUPPORT_ROLE, PolicyName="more", PolicyDocument=INLINE)
    iam.update_assume_role_policy(RoleName=SUPPORT_ROLE, PolicyDocument=trusting({"AWS": "*"}))
    iam.untag_role(RoleName=SUPPORT_ROLE, TagKeys=["managed-by"])
    before = everything_on(iam)

    ended = prepare_undo(world, ask_undo(world, fix))

    assert ended.state is RequestState.REFUSED
    assert ended.outcome.text.splitlines()[1:] == [
        "• its trust policy was changed",
        "• its tag managed-by was removed",
        f"• {OTHER} is attached as well",
        "• it has the inline policy more",
    ]
    assert everything_on(iam) == before


def made_anew(iam: Any) -> None:
    """The same in everything that can be chosen: IAM's own id alone tells them apart."""
    role, policies, _ = everything_on(iam)
    delete_role(iam)
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    iam.create_role(RoleName=SUPPORT_ROLE, AssumeRolePolicyDocument=trust, Tags=role["Tags"])
    for policy in policies:
        iam.attach_role_policy(RoleName=SUPPORT_ROLE, PolicyArn=policy["PolicyArn"])


TOUCHES: dict[str, Callable[[Any], object]] = {
    "another policy": lambda iam: iam.attach_role_policy(RoleName=SUPPORT_ROLE, PolicyArn=OTHER),
    "an inline policy": lambda iam: iam.put_role_policy(
        RoleName=SUPPORT_ROLE, PolicyName="more", PolicyDocument=INLINE
    ),
    "another trust": lambda iam: iam.update_assume_role_policy(
        RoleName=SUPPORT_ROLE, PolicyDocument=trusting({"AWS": "*"})
    ),
    "a tag less": lambda iam: iam.untag_role(RoleName=SUPPORT_ROLE, TagKeys=["support-role-bot:plan"]),
    "a tag more": lambda iam: iam.tag_role(RoleName=SUPPORT_ROLE, Tags=[{"Key": "owner", "Value": "me"}]),
    "longer sessions": lambda iam: iam.update_role(RoleName=SUPPORT_ROLE, MaxSessionDuration=7200),
    "made anew": made_anew,
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
def test_what_was_touched_after_the_approval_stays_as_it_is(
    world: RealWorld, iam: Any, touch: Callable[[Any], object]
):
    request = approved_undo(world, applied(world))
    touch(iam)
    before = everything_on(iam)

    ended = undo(world, request)

    assert ended.state is RequestState.REFUSED, ended.outcome
    assert everything_on(iam) == before
    assert "change.intended" not in world.kinds(request.id)


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
def test_the_write_itself_looks_again_at_everything(
    world: RealWorld, iam: Any, touch: Callable[[Any], object]
):
    """What the guards saw may be a second old: the session that may write sees the same differences."""
    fix = applied(world)
    removal, account = fix.leaves, world.aws.reach(next(iter(world.cloud.accounts.values())))
    assert removal is not None
    touch(iam)
    before = everything_on(iam)

    answer = world.aws.open_undo(account, removal, fix.id, "U0APPROVER").delete_created_role(
        removal.role_id, removal.tags
    )

    assert isinstance(answer, NotOurs)
    assert everything_on(iam) == before


class Killed(BaseException):
    """Stands for the end of the process."""


class DiesHalfWay(Writer):
    """Detaches, and is gone before it deletes."""

    def delete_created_role(
        self,
        role_id: str,
        tags: tuple[tuple[str, str], ...] | None = None,
        why_not: WhyNot = nothing_against,
    ) -> Deleted | NotOurs | Withheld:
        self._undoing.call("DetachRolePolicy", PolicyArn=self._plan.policy_arn)
        raise Killed


def test_killed_between_detach_and_delete_the_next_run_does_the_rest_with_one_trail(
    world: RealWorld, iam: Any
):
    fix = applied(world)
    request = approved_undo(world, fix)

    def open_undo(account: Account, removal: Removal, request_id: str, approver: str) -> Writer:
        return DiesHalfWay(
            account, removal.plan, removal.fix_id, approver, AwsConfig(), session_name=request_id
        )

    with pytest.raises(Killed):
        undo(world, request, replace(world.parts, aws=replace(world.aws, open_undo=open_undo)))
    assert everything_on(iam)[1] == []

    ended = undo(world, request)

    assert ended.state is RequestState.UNDONE, ended.outcome
    assert not exists(iam)
    assert world.kinds(request.id) == ["undo.requested", "undo.approved", "change.intended", "change.undone"]


def test_what_aws_refuses_half_way_is_said_and_a_further_undo_does_the_rest(
    world: RealWorld, iam: Any, aws_url: str, account: AccountId
):
    fix = applied(world)
    AwsSwitches(aws_url).fail("iam:DeleteRole", "DeleteConflict", account_id=account)

    first = undo(world, approved_undo(world, fix))

    assert first.state is RequestState.FAILED
    assert first.outcome.left_behind.endswith(f"role/{SUPPORT_ROLE}, without AWSSupportAccess.")
    assert everything_on(iam)[1] == []
    second = undo(world, approved_undo(world, fix))
    assert second.state is RequestState.UNDONE, second.outcome
    assert not exists(iam)


def test_an_account_that_cannot_be_read_is_refused(
    world: RealWorld, iam: Any, aws_url: str, account: AccountId
):
    fix = applied(world)
    switches = AwsSwitches(aws_url)
    switches.deny(account, SCAN_ROLE)
    try:
        ended = prepare_undo(world, ask_undo(world, fix))
    finally:
        switches.allow(account, SCAN_ROLE)

    assert ended.state is RequestState.REFUSED
    assert "The role could not be read" in ended.outcome.text
    assert exists(iam)
