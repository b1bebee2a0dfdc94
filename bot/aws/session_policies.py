"""What a session that writes may do at most: one role, one policy, a quarter of an hour.

Whatever the remediation role itself is allowed, STS grants the session only what stands here as well.
"""

import json
import re

from bot.domain.errors import AwsError
from bot.domain.plan import Plan

MAX_LENGTH = 2048
"""STS's bound on a session policy, in characters."""
SESSION_SECONDS = 900
"""The shortest that STS grants."""
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
"""What STS takes as RoleSessionName and as SourceIdentity."""

WRITE_ACTIONS = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateRole",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:TagRole",
    },
)
ASSUME_ACTIONS = frozenset({"sts:AssumeRole", "sts:SetSourceIdentity"})
"""What the remediation role's trust policy must allow the bot."""

UNDO_ACTIONS = frozenset(
    {
        "iam:DeleteRole",
        "iam:DetachRolePolicy",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
    },
)


def build_write_policy(plan: Plan) -> str:
    """Allow this plan and nothing else; AwsError when names are too long for a session policy."""
    condition: dict[str, dict[str, str]] = {}
    if plan.permissions_boundary:
        # IAM holds CreateRole to the boundary it is given, and AttachRolePolicy to the one the role has.
        condition["StringEquals"] = {"iam:PermissionsBoundary": plan.permissions_boundary}
    # CreateRole has no iam:PolicyARN, AttachRolePolicy always has: IfExists loosens nothing, and lets both
    # share one statement, since the role's ARN a third time would not fit at its longest.
    condition["ArnEqualsIfExists"] = {"iam:PolicyARN": plan.policy_arn}
    reads = ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:TagRole"]
    writes = ["iam:CreateRole", "iam:AttachRolePolicy"]
    return _document(plan, [_allow(plan, reads), _allow(plan, writes) | {"Condition": condition}])


def build_undo_policy(plan: Plan) -> str:
    """Allow to take back what this plan created; AwsError when names are too long for a session policy."""
    detach = {"Condition": {"ArnEquals": {"iam:PolicyARN": plan.policy_arn}}}
    others = sorted(UNDO_ACTIONS - {"iam:DetachRolePolicy"})
    return _document(plan, [_allow(plan, others), _allow(plan, ["iam:DetachRolePolicy"]) | detach])


def require_session_name(what: str, value: str) -> str:
    """The value itself, if STS takes it as a session name or source identity; AwsError otherwise."""
    if not SESSION_NAME.fullmatch(value):
        raise AwsError(
            f"The {what} {value!r} cannot be sent to STS, which takes 2 to 64 of the characters "
            "A-Z a-z 0-9 _+=,.@-. Nothing was written.",
            "bad-session-name",
        )
    return value


def _allow(plan: Plan, actions: list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": plan.role_arn}


def _document(plan: Plan, statements: list[dict[str, object]]) -> str:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    if len(text) > MAX_LENGTH:
        raise AwsError(
            f"The session policy for {plan.role_arn} has {len(text)} characters, and STS takes {MAX_LENGTH}. "
            "Shorten remediation.role_path, role_name or permissions_boundary. Nothing was written.",
            "session-policy-too-long",
        )
    return text
