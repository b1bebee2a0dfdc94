"""A role as IAM shows it now, held against the plan it should come from. Pure."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bot.aws.faults import unparseable
from bot.domain.plan import TAG_APPROVER, Plan


@dataclass(frozen=True, slots=True)
class ObservedRole:
    """A role of the planned name, and the managed policies attached to it, by whole ARN."""

    arn: str
    role_id: str
    trust: str
    tags: tuple[tuple[str, str], ...]
    boundary: str
    max_session_seconds: int
    policies: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()


def parse_observed(role: Any, policies: tuple[str, ...], request_ids: tuple[str, ...]) -> ObservedRole:
    """Read boto3's `Role`; CallError when it lacks what every role has."""
    try:
        return ObservedRole(
            arn=role["Arn"],
            role_id=role["RoleId"],
            trust=unquote(role["AssumeRolePolicyDocument"]),
            tags=tuple((tag["Key"], tag["Value"]) for tag in role.get("Tags", ())),
            boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            max_session_seconds=role.get("MaxSessionDuration", 3600),
            policies=policies,
            request_ids=request_ids,
        )
    except (KeyError, TypeError):
        raise unparseable("an answer without a role") from None


def why_not_ours(role: ObservedRole, plan: Plan, request_id: str) -> str:
    """Why this role is not what a run of this very request left; empty when it is.

    Who approved is not compared: an undo has an approver of its own.
    """
    tags = dict(role.tags)
    for key, value in plan.tags(request_id, ""):
        if key != TAG_APPROVER and tags.get(key) != value:
            return f"{role.arn} exists, and its tag {key} is not {value}"
    differences = _differences(role, plan)
    return f"{role.arn} carries this request's tags, but {differences[0]}" if differences else ""


def problems_of(role: ObservedRole, plan: Plan, request_id: str, approver: str) -> tuple[str, ...]:
    """Everything in which a role differs from what was approved; empty when it is exactly that."""
    tags = dict(role.tags)
    wrong = [
        f"its tag {key} is not {value}"
        for key, value in plan.tags(request_id, approver)
        if tags.get(key) != value
    ]
    attached = set(role.policies)
    if plan.policy_arn not in attached:
        wrong.append(f"{plan.policy_arn} is not attached")
    wrong += [f"{arn} is attached as well" for arn in sorted(attached - {plan.policy_arn})]
    return (*_differences(role, plan), *wrong)


def _differences(role: ObservedRole, plan: Plan) -> list[str]:
    wrong = []
    if role.arn != plan.role_arn:
        wrong.append(f"its ARN is {role.arn}, not {plan.role_arn}")
    if not plan.trusts_the_same(role.trust):
        wrong.append("its trust policy is not the approved one")
    if role.boundary != plan.permissions_boundary:
        wrong.append(f"its permissions boundary is {role.boundary or 'none'}")
    if role.max_session_seconds != plan.max_session_seconds:
        wrong.append(f"its sessions last up to {role.max_session_seconds} s")
    return wrong
