"""A role as IAM shows it, held against its plan."""

from dataclasses import replace
from typing import Any

import pytest

from bot.aws.observed_role import ObservedRole, problems_of, why_not_ours
from bot.domain.plan import Plan

BOUNDARY = "arn:aws:iam::111122223333:policy/Boundary"


@pytest.fixture
def plan(a_plan: Any) -> Plan:
    made: Plan = a_plan(permissions_boundary=BOUNDARY)
    return made


@pytest.fixture
def role(plan: Plan) -> ObservedRole:
    return ObservedRole(
        arn=plan.role_arn,
        role_id="AROAEXAMPLE",
        trust=plan.trust,
        tags=plan.tags("fix-1", "U0APPROVER"),
        boundary=BOUNDARY,
        max_session_seconds=plan.max_session_seconds,
        policies=(plan.policy_arn,),
    )


def test_the_role_as_approved_is_ours_and_has_no_problems(role: ObservedRole, plan: Plan) -> None:
    assert why_not_ours(role, plan, "fix-1") == ""
    assert problems_of(role, plan, "fix-1", "U0APPROVER") == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arn": "arn:aws:iam::111122223333:role/elsewhere/aws-support-access"}, "its ARN is"),
        ({"trust": '{"Version":"2012-10-17","Statement":[]}'}, "its trust policy is not the approved one"),
        ({"trust": "{broken"}, "its trust policy is not the approved one"),
        ({"boundary": ""}, "its permissions boundary is none"),
        ({"max_session_seconds": 43200}, "its sessions last up to 43200 s"),
    ],
)
def test_a_role_that_differs_is_neither_ours_nor_right(
    role: ObservedRole,
    plan: Plan,
    change: dict[str, Any],
    words: str,
) -> None:
    changed = replace(role, **change)

    assert words in why_not_ours(changed, plan, "fix-1")
    assert any(words in problem for problem in problems_of(changed, plan, "fix-1", "U0APPROVER"))


@pytest.mark.parametrize("missing", ["managed-by", "support-role-bot:request", "support-role-bot:plan"])
def test_a_role_without_one_of_our_tags_is_a_strangers(role: ObservedRole, plan: Plan, missing: str) -> None:
    tags = tuple((key, value) for key, value in role.tags if key != missing)

    assert missing in why_not_ours(replace(role, tags=tags), plan, "fix-1")


def test_a_role_of_another_request_is_a_strangers(role: ObservedRole, plan: Plan) -> None:
    assert why_not_ours(role, plan, "fix-2")


def test_another_approver_is_a_problem_of_the_role_but_not_a_stranger(role: ObservedRole, plan: Plan) -> None:
    assert why_not_ours(role, plan, "fix-1") == ""
    assert problems_of(role, plan, "fix-1", "U0OTHER") == (
        "its tag support-role-bot:approver is not U0OTHER",
    )


def test_exactly_one_policy_may_be_attached(role: ObservedRole, plan: Plan) -> None:
    none = problems_of(replace(role, policies=()), plan, "fix-1", "U0APPROVER")
    two = problems_of(replace(role, policies=(plan.policy_arn, "arn:x")), plan, "fix-1", "U0APPROVER")

    assert none == (f"{plan.policy_arn} is not attached",)
    assert two == ("arn:x is attached as well",)
