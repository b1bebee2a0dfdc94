"""Right before each call that changes something the writer asks whether it may (moto)."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.aws.sessions import AwsConfig
from bot.aws.support_role import Created, Deleted, Withheld, Writer
from bot.domain.account import Account
from bot.domain.guards import Refused
from bot.domain.plan import Plan

NAME = "aws-support-access"
PAUSED = Refused("remediation_enabled", "Fixes are paused by an administrator.")
ACCOUNT = "111122223333"


@pytest.fixture
def writer(moto: str, an_account: Callable[..., Account], a_plan: Callable[..., Plan]) -> Writer:
    return Writer(an_account(), a_plan(), "fix-1", "U0APPROVER", AwsConfig(), sleep=lambda _: None)


def on(iam: Any) -> list[str]:
    return [item["PolicyArn"] for item in iam.list_attached_role_policies(RoleName=NAME)["AttachedPolicies"]]


def refuse_at(number: int) -> tuple[Callable[[], Refused | None], list[int]]:
    """Allows until the question of that number."""
    asked: list[int] = []

    def why_not() -> Refused | None:
        asked.append(len(asked) + 1)
        return PAUSED if len(asked) >= number else None

    return why_not, asked


def test_a_role_is_not_created_when_something_speaks_against_it(writer: Writer, iam_of: Any) -> None:
    why_not, asked = refuse_at(1)

    assert writer.create_role(why_not) == Withheld(PAUSED)

    assert asked == [1]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam_of(ACCOUNT).get_role(RoleName=NAME)


def test_a_policy_is_not_attached_when_something_speaks_against_it(writer: Writer, iam_of: Any) -> None:
    writer.create_role()

    assert writer.attach_policy(refuse_at(1)[0]) == Withheld(PAUSED)

    assert on(iam_of(ACCOUNT)) == []


def test_a_deletion_asks_before_the_detach_and_again_before_the_delete(writer: Writer, iam_of: Any) -> None:
    created = writer.create_role()
    assert isinstance(created, Created)
    writer.attach_policy()

    first = writer.delete_created_role(created.role_id, why_not=refuse_at(1)[0])
    assert isinstance(first, Withheld)
    assert (first.refused, first.has_detached) == (PAUSED, False)
    assert len(on(iam_of(ACCOUNT))) == 1

    second = writer.delete_created_role(created.role_id, why_not=refuse_at(2)[0])
    assert isinstance(second, Withheld)
    assert (second.refused, second.has_detached) == (PAUSED, True)
    assert on(iam_of(ACCOUNT)) == []

    why_not, asked = refuse_at(9)
    assert isinstance(writer.delete_created_role(created.role_id, why_not=why_not), Deleted)
    assert asked == [1]
