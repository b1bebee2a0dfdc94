"""A plan as JSON, for programs: its fields, and the calls in their order."""

import json
from dataclasses import asdict

from bot.domain.canonical import Json
from bot.domain.plan_forms.written import Written

SCHEMA = "support-role/plan/1"


def write_json(written: Written) -> str:
    """`hash` is the SHA-256 of `plan` in the form of RFC 8785; in a draft it and the fingerprint are null."""
    plan = written.plan
    policy = {"RoleName": plan.role_name, "PolicyArn": plan.policy_arn}
    value = {
        "schema": SCHEMA,
        "draft": written.is_draft,
        "hash": None if written.is_draft else plan.hash,
        "plan": asdict(plan) | ({"fingerprint": None} if written.is_draft else {}),
        "role_arn": plan.role_arn,
        "calls": [
            {"service": "iam", "operation": "CreateRole", "parameters": _role_parameters(written)},
            {"service": "iam", "operation": "AttachRolePolicy", "parameters": policy},
        ],
    }
    return json.dumps(value, indent=2) + "\n"


def _role_parameters(written: Written) -> dict[str, Json]:
    """CreateRole's, by the names that IAM gives them."""
    plan = written.plan
    boundary = {"PermissionsBoundary": plan.permissions_boundary} if plan.permissions_boundary else {}
    return {
        "RoleName": plan.role_name,
        "Path": plan.role_path,
        "AssumeRolePolicyDocument": plan.trust,
        "MaxSessionDuration": plan.max_session_seconds,
        **boundary,
        "Tags": [{"Key": key, "Value": value} for key, value in written.tags],
    }
