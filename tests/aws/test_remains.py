"""Reading what is there of a fix: all of it, page by page, and "gone" told from "could not be read"."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.remains import REMAINS_ACTIONS, read_remains, read_until_gone
from bot.aws.sessions import AwsConfig
from bot.aws.support_role import NotOurs, Writer
from bot.domain.account import Account
from bot.domain.plan import Plan
from bot.domain.undo import Remains

NAME = "aws-support-access"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
TAGS = (("managed-by", "support-role-bot"),)


def a_reader() -> Boto3Reader:
    return Boto3Reader(AwsConfig(), lambda _: frozenset(), max_attempts=1)


@pytest.fixture
def read(an_account: Callable[..., Account]) -> Callable[[], Remains]:
    return lambda: read_remains(an_account(), NAME, a_reader())


def inline(aws: Any, *names: str, marker: str = "") -> tuple[int, str]:
    each = "".join(f"<member>{name}</member>" for name in names)
    more = (
        f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"
        if marker
        else "<IsTruncated>false</IsTruncated>"
    )
    answer: tuple[int, str] = aws.ok("ListRolePolicies", f"<PolicyNames>{each}</PolicyNames>{more}")
    return answer


def test_the_role_is_read_with_all_that_is_on_it(aws: Any, read: Callable[[], Remains]):
    aws.on("GetRole", aws.role(NAME, tags=TAGS, role_id="AROA1"))
    aws.on("ListAttachedRolePolicies", aws.attached(POLICY))
    aws.on("ListRolePolicies", inline(aws, "more"))

    role = read().role

    assert role is not None
    assert (role.arn, role.role_id) == (f"arn:aws:iam::111122223333:role/{NAME}", "AROA1")
    assert (role.tags, role.policies, role.inline_policies) == (TAGS, (POLICY,), ("more",))
    assert {f"iam:{sent.action}" for sent in aws.sent if sent.service == "iam"} == REMAINS_ACTIONS


def test_every_page_is_read(aws: Any, read: Callable[[], Remains]):
    aws.on("GetRole", aws.role(NAME))
    aws.on("ListRolePolicies", inline(aws, "one", marker="next"), inline(aws, "two"))

    role = read().role

    assert role is not None
    assert role.inline_policies == ("one", "two")
    assert [sent.parameters.get("Marker") for sent in aws.calls("ListRolePolicies")] == [None, "next"]


def test_pages_without_end_are_no_answer(aws: Any, read: Callable[[], Remains]):
    aws.on("GetRole", aws.role(NAME))
    aws.on("ListRolePolicies", inline(aws, marker="again"))

    remains = read()

    assert remains.role is None
    assert remains.unreadable is not None


def test_a_role_that_does_not_exist_is_gone(aws: Any, read: Callable[[], Remains]):
    assert read() == Remains()


def test_a_role_that_goes_while_it_is_read_is_gone(aws: Any, read: Callable[[], Remains]):
    aws.on("GetRole", aws.role(NAME))
    aws.on("ListAttachedRolePolicies", aws.error("NoSuchEntity", 404))

    assert read() == Remains()


@pytest.mark.parametrize("action", ["AssumeRole", "GetRole", "ListAttachedRolePolicies", "ListRolePolicies"])
def test_what_is_denied_is_not_gone(aws: Any, read: Callable[[], Remains], action: str):
    aws.on("GetRole", aws.role(NAME))
    aws.on("ListRolePolicies", inline(aws))
    aws.on(action, aws.error("AccessDenied"))

    remains = read()

    assert remains.role is None
    assert remains.unreadable is not None
    assert action in remains.unreadable.text


def test_a_role_of_another_account_is_no_answer(aws: Any, read: Callable[[], Remains]):
    aws.on("GetRole", aws.role(NAME, account="444455556666"))

    assert read().unreadable is not None


def test_gone_is_waited_for(aws: Any, an_account: Callable[..., Account]):
    waited: list[float] = []
    there = aws.role(NAME)
    aws.on("GetRole", there, there, aws.error("NoSuchEntity", 404))
    aws.on("ListRolePolicies", inline(aws))

    remains = read_until_gone(an_account(), NAME, a_reader(), sleep=waited.append)

    assert remains == Remains()
    assert waited == [0.5, 1.0]


def test_waiting_ends(aws: Any, an_account: Callable[..., Account]):
    waited: list[float] = []
    aws.on("GetRole", aws.role(NAME))
    aws.on("ListRolePolicies", inline(aws))

    remains = read_until_gone(an_account(), NAME, a_reader(), sleep=waited.append)

    assert remains.role is not None
    assert sum(waited) == 15.5


def test_the_session_of_an_undo_bears_the_id_of_the_undo_and_its_approver(
    aws: Any, an_account: Callable[..., Account], a_plan: Callable[..., Plan]
):
    plan = a_plan()
    tags = plan.tags("fix-1", "U0FIRST")
    aws.on("GetRole", aws.role(NAME, trust=plan.trust, tags=(*tags, ("owner", "me"))))

    writer = Writer(an_account(), plan, "fix-1", "U0SECOND", AwsConfig(), session_name="undo-1")
    answer = writer.delete_created_role("AROAEXAMPLE", tags)

    assert isinstance(answer, NotOurs)
    assert "other tags" in answer.reason
    (entered,) = aws.calls("AssumeRole")
    assert entered.parameters["RoleSessionName"] == "undo-1"
    assert entered.parameters["SourceIdentity"] == "U0SECOND"
    assert {sent.action for sent in aws.sent} >= {"GetRole"}
    assert not aws.calls("DetachRolePolicy")
    assert not aws.calls("DeleteRole")
