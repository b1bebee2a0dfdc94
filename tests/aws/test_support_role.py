"""The write, round trip: everything is checked by reading IAM back with a client of the tests' own (moto)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.aws.sessions import AwsConfig
from bot.aws.support_role import Attached, Created, Deleted, NotOurs, Writer
from bot.domain.account import Account
from bot.domain.plan import Plan

ACCOUNT = "111122223333"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
NAME = "aws-support-access"
SOME_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
SOMETHING_ELSE = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)

Make = Callable[..., Writer]


def never(seconds: float) -> None:
    raise AssertionError(f"waited {seconds} s where nothing was late")


@pytest.fixture
def a_writer(
    moto: str, an_account: Callable[..., Account], a_plan: Callable[..., Plan]
) -> Callable[..., Writer]:
    def make(request_id: str = "fix-1", approver: str = "U0APPROVER", **plan: Any) -> Writer:
        return Writer(an_account(), a_plan(**plan), request_id, approver, AwsConfig(), sleep=never)

    return make


def exists(iam: Any) -> bool:
    try:
        iam.get_role(RoleName=NAME)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchEntity"  # noqa: PT017 - any other is a failure
        return False
    return True


def attached(iam: Any) -> list[str]:
    return [item["PolicyArn"] for item in iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]]


def test_the_role_is_created_as_planned_and_carries_the_policy(
    a_writer: Any,
    a_plan: Any,
    iam_of: Any,
) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
    given = {"role_path": "/support/", "permissions_boundary": boundary, "max_session_seconds": 7200}
    plan, iam = a_plan(**given), iam_of(ACCOUNT)
    iam.create_policy(PolicyName="Boundary", PolicyDocument=SOME_POLICY)
    writer = a_writer(**given)

    created, put_on, seen = writer.create_role(), writer.attach_policy(), writer.read_back()

    role = iam.get_role(RoleName=NAME)["Role"]
    assert (role["Arn"], role["Path"]) == (plan.role_arn, "/support/")
    assert role["AssumeRolePolicyDocument"] == json.loads(plan.trust)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert role["MaxSessionDuration"] == 7200
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {
        "managed-by": "support-role-bot",
        "support-role-bot:request": "fix-1",
        "support-role-bot:plan": plan.short_hash,
        "support-role-bot:approver": "U0APPROVER",
    }
    assert attached(iam) == [POLICY]
    assert (created.arn, created.role_id, created.already) == (plan.role_arn, role["RoleId"], False)
    assert (put_on.already, seen.visible, seen.problems) == (False, True, ())
    assert created.request_ids
    assert put_on.request_ids
    assert seen.request_ids


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_a_run_that_was_cut_short_anywhere_is_finished_by_the_next(
    a_writer: Any,
    iam_of: Any,
    done: int,
) -> None:
    def steps(writer: Writer) -> list[Callable[[], Any]]:
        return [writer.create_role, writer.attach_policy, writer.read_back]

    iam = iam_of(ACCOUNT)
    for step in steps(a_writer())[:done]:
        step()

    created, put_on, seen = (step() for step in steps(a_writer()))

    assert (created.already, put_on.already) == (done > 0, done > 1)
    assert seen.verified
    assert [role["RoleId"] for role in iam.list_roles()["Roles"]] == [created.role_id]
    assert attached(iam) == [POLICY]


@pytest.mark.parametrize(
    "tags",
    [
        [],
        [("managed-by", "support-role-bot")],
        [("managed-by", "support-role-bot"), ("support-role-bot:request", "fix-2")],
    ],
    ids=["no tags", "no request", "another request"],
)
def test_a_strangers_role_is_never_adopted(a_writer: Any, a_plan: Any, iam_of: Any, tags: Any) -> None:
    iam = iam_of(ACCOUNT)
    labels = [{"Key": key, "Value": value} for key, value in tags]
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=a_plan().trust, Tags=labels)
    before = iam.get_role(RoleName=NAME)["Role"]

    writer = a_writer()
    role_id = before["RoleId"]
    answers = writer.create_role(), writer.attach_policy(), writer.delete_created_role(role_id)

    assert all(isinstance(answer, NotOurs) for answer in answers)
    assert iam.get_role(RoleName=NAME)["Role"] == before
    assert attached(iam) == []


def test_our_own_role_with_another_trust_is_not_ours_any_more(a_writer: Any, iam_of: Any) -> None:
    a_writer().create_role()
    iam = iam_of(ACCOUNT)
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=SOMETHING_ELSE)

    answer = a_writer().attach_policy()

    assert isinstance(answer, NotOurs)
    assert "its trust policy is not the approved one" in answer.reason
    assert attached(iam) == []


def test_observe_shows_the_role_or_nothing(a_writer: Any) -> None:
    writer = a_writer()
    assert writer.observe() is None

    created = writer.create_role()

    observed = writer.observe()
    assert (observed.arn, observed.role_id, observed.policies) == (created.arn, created.role_id, ())


def test_the_created_role_is_taken_away_again(a_writer: Any, iam_of: Any) -> None:
    created = a_writer().create_role()
    a_writer().attach_policy()

    first = a_writer().delete_created_role(created.role_id)
    second = a_writer(approver="U0SOMEONE").delete_created_role(created.role_id)

    assert (first.already, second.already) == (False, True)
    assert len(first.request_ids) >= 4
    assert not exists(iam_of(ACCOUNT))


def test_an_undo_that_was_cut_short_is_finished_by_the_next(a_writer: Any, iam_of: Any) -> None:
    created = a_writer().create_role()
    a_writer().attach_policy()
    iam = iam_of(ACCOUNT)
    iam.detach_role_policy(RoleName=NAME, PolicyArn=POLICY)

    answer = a_writer().delete_created_role(created.role_id)

    assert isinstance(answer, Deleted)
    assert not exists(iam)


def attach_another(iam: Any) -> None:
    iam.attach_role_policy(RoleName=NAME, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def put_inline(iam: Any) -> None:
    iam.put_role_policy(RoleName=NAME, PolicyName="own", PolicyDocument=SOME_POLICY)


def retag(iam: Any) -> None:
    iam.tag_role(RoleName=NAME, Tags=[{"Key": "support-role-bot:request", "Value": "fix-9"}])


def retrust(iam: Any) -> None:
    iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=SOMETHING_ELSE)


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (attach_another, "other policies by now: arn:aws:iam::aws:policy/ReadOnlyAccess"),
        (put_inline, "other policies by now: own"),
        (retag, "its tag support-role-bot:request is not fix-1"),
        (retrust, "its trust policy is not the approved one"),
    ],
)
def test_a_role_that_was_touched_since_is_left_as_it_is(
    a_writer: Any,
    iam_of: Any,
    touch: Any,
    words: str,
) -> None:
    created = a_writer().create_role()
    a_writer().attach_policy()
    iam = iam_of(ACCOUNT)
    touch(iam)

    answer = a_writer().delete_created_role(created.role_id)

    assert isinstance(answer, NotOurs)
    assert words in answer.reason
    assert POLICY in attached(iam)


def test_a_role_that_was_made_anew_is_left_as_it_is(a_writer: Any, iam_of: Any) -> None:
    a_writer().create_role()

    answer = a_writer().delete_created_role("AROASOMEOTHERID")

    assert isinstance(answer, NotOurs)
    assert "made anew" in answer.reason
    assert exists(iam_of(ACCOUNT))


def test_read_back_tells_what_is_wrong(a_writer: Any, iam_of: Any) -> None:
    writer = a_writer()
    writer.create_role()
    writer.attach_policy()
    attach_another(iam_of(ACCOUNT))

    seen = writer.read_back(attempts=1)

    assert (seen.visible, seen.verified) == (True, False)
    assert seen.problems == ("arn:aws:iam::aws:policy/ReadOnlyAccess is attached as well",)


def test_what_was_written_is_what_the_scan_then_finds(
    a_writer: Any,
    a_plan: Any,
    an_account: Any,
    read: Any,
) -> None:
    writer = a_writer()
    assert isinstance(writer.create_role(), Created)
    assert isinstance(writer.attach_policy(), Attached)

    (role,) = read(an_account()).roles

    assert role.arn == a_plan().role_arn
    assert json.loads(role.trust) == json.loads(a_plan().trust)
