"""What a writing session may do at most, read back from the policy itself."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.aws.session_policies import (
    UNDO_ACTIONS,
    WRITE_ACTIONS,
    build_undo_policy,
    build_write_policy,
    require_session_name,
)
from bot.domain.errors import AwsError
from bot.domain.plan import Plan

LONGEST = {"role_name": "n" * 64, "role_path": "/" + "p" * 510 + "/"}
"""IAM's bounds: 64 characters of name, 512 of path."""
GOV = {"partition": "aws-us-gov", "policy_arn": "arn:aws-us-gov:iam::aws:policy/AWSSupportAccess"}


def statements(policy: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def allowed(policy: str) -> set[str]:
    return {action for statement in statements(policy) for action in statement["Action"]}


def statement_with(policy: str, action: str) -> dict[str, Any]:
    (found,) = [statement for statement in statements(policy) if action in statement["Action"]]
    return found


@pytest.mark.parametrize(
    ("build", "actions"),
    [(build_write_policy, WRITE_ACTIONS), (build_undo_policy, UNDO_ACTIONS)],
)
def test_exactly_the_declared_actions_are_allowed_on_exactly_one_role(
    build: Any,
    actions: frozenset[str],
    a_plan: Any,
) -> None:
    plan: Plan = a_plan(role_path="/support/")
    policy = build(plan)

    assert allowed(policy) == actions
    assert {statement["Resource"] for statement in statements(policy)} == {plan.role_arn}
    assert {statement["Effect"] for statement in statements(policy)} == {"Allow"}
    assert "*" not in policy


def test_no_policy_but_the_planned_one_can_be_attached_or_detached(a_plan: Any) -> None:
    plan = a_plan(**GOV)

    attach = statement_with(build_write_policy(plan), "iam:AttachRolePolicy")
    detach = statement_with(build_undo_policy(plan), "iam:DetachRolePolicy")

    assert attach["Condition"] == {"ArnEqualsIfExists": {"iam:PolicyARN": plan.policy_arn}}
    assert detach["Condition"] == {"ArnEquals": {"iam:PolicyARN": plan.policy_arn}}
    assert plan.policy_arn.startswith("arn:aws-us-gov:")


def test_a_planned_boundary_is_required_of_the_new_role(a_plan: Any) -> None:
    boundary = "arn:aws:iam::111122223333:policy/Boundary"

    create = statement_with(build_write_policy(a_plan(permissions_boundary=boundary)), "iam:CreateRole")

    assert create["Condition"]["StringEquals"] == {"iam:PermissionsBoundary": boundary}


@pytest.mark.parametrize("build", [build_write_policy, build_undo_policy])
@pytest.mark.parametrize("boundary", ["", "arn:aws-us-gov:iam::111122223333:policy/" + "b" * 128])
def test_the_longest_names_still_fit(build: Any, boundary: str, a_plan: Any) -> None:
    plan = a_plan(**LONGEST, **GOV, permissions_boundary=boundary)

    assert len(build(plan)) <= 2048


def test_what_does_not_fit_is_refused_before_any_call(a_plan: Any) -> None:
    boundary = "arn:aws:iam::111122223333:policy/" + "p" * 510 + "/" + "b" * 128

    with pytest.raises(AwsError, match=r"STS takes 2048\. Shorten") as raised:
        build_write_policy(replace(a_plan(**LONGEST), permissions_boundary=boundary))

    assert raised.value.code == "session-policy-too-long"


@pytest.mark.parametrize("value", ["U0123ABCD", "fix_01HZY", "a@b.example", "x" * 64, "ab", "+=,.@-"])
def test_names_that_sts_takes_are_sent_as_they_are(value: str) -> None:
    assert require_session_name("approver", value) == value


@pytest.mark.parametrize("value", ["", "a", "x" * 65, "two words", "new\nline", "Zoë", "a/b", "a:b", "U01\n"])
def test_names_that_sts_refuses_are_refused_before_any_call(value: str) -> None:
    with pytest.raises(AwsError) as raised:
        require_session_name("approver", value)

    assert raised.value.code == "bad-session-name"
