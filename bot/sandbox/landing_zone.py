"""What every account of the sandbox's organization has: the bot's two roles, and those of its people.

The bot's own are what `support-role iam` prints; a test holds the two together. Pure values.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.account import POLICY_NAME

MANAGEMENT_ID = "999900001111"
ACCESS_KEY = "AKIASANDBOXBOT000001"
SECRET_KEY = "sandbox-secret-of-the-bot"  # noqa: S105 - opens nothing but the sandbox
ADMIN_ACCESS_KEY = "AKIASANDBOXADMIN0001"
ADMIN_SECRET_KEY = "sandbox-secret-of-the-administrator"  # noqa: S105 - likewise
EXTERNAL_ID = "northwind-support-role-7d1f"
SCAN_ROLE = "SupportRoleScanner"
REMEDIATION_ROLE = "SupportRoleRemediator"
SUPPORT_ROLE = "aws-support-access"
"""The name that a fix gives to the role."""
INCIDENT_ROLE = "IncidentManager"
ADMIN_ROLE = "OrganizationAccountAccessRole"
SUPPORT_POLICY = f"arn:aws:iam::aws:policy/{POLICY_NAME}"
BOT_ARN = f"arn:aws:iam::{MANAGEMENT_ID}:user/support-role-bot"
ADMIN_ARN = f"arn:aws:iam::{MANAGEMENT_ID}:user/sandbox-admin"


@dataclass(frozen=True, slots=True)
class RoleStory:
    """A role as it stands when the sandbox opens; policies by whole ARN, documents as JSON text."""

    name: str
    trust: str
    policies: tuple[str, ...] = ()
    path: str = "/"
    boundary: str = ""
    inline: tuple[tuple[str, str], ...] = ()
    """Names and documents of inline policies."""


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document as JSON text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal: Mapping[str, Any] | str, **more: Any) -> str:
    """A trust policy with one statement that lets a principal in."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} | more)


def support_role(name: str, trust: str) -> RoleStory:
    return RoleStory(name, trust, (SUPPORT_POLICY,))


def arn_in(account_id: str, rest: str) -> str:
    return f"arn:aws:iam::{account_id}:{rest}"


def aws_managed(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


def _allow(actions: list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource} | more


def _scan_statements(account_id: str) -> list[dict[str, Any]]:
    others = [aws_managed("AdministratorAccess"), aws_managed("job-function/SupportUser")]
    asked_about = [SUPPORT_POLICY, *others, arn_in(account_id, f"policy/{POLICY_NAME}")]
    return [
        _allow(["iam:ListEntitiesForPolicy"], asked_about),
        _allow(["iam:GetRole", "iam:GetUser"], [arn_in(account_id, "role/*"), arn_in(account_id, "user/*")]),
        _allow(
            ["iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
            arn_in(account_id, "role/*"),
        ),
        _allow(["iam:GetPolicy", "iam:GetPolicyVersion"], [aws_managed("*"), arn_in(account_id, "policy/*")]),
        _allow(["iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders"], "*"),
    ]


def _remediation_statements(account_id: str) -> list[dict[str, Any]]:
    role = arn_in(account_id, f"role/{SUPPORT_ROLE}")
    only_this_policy = {"ArnEquals": {"iam:PolicyARN": SUPPORT_POLICY}}
    others = [
        "iam:DeleteRole",
        "iam:GetRole",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:TagRole",
    ]
    return [
        _allow(["iam:CreateRole"], role),
        _allow(["iam:AttachRolePolicy", "iam:DetachRolePolicy"], role, Condition=only_this_policy),
        _allow(others, role),
    ]


def bot_policy() -> str:
    """What `support-role iam` has people give to the bot itself."""
    scan, fix = f"arn:aws:iam::*:role/{SCAN_ROLE}", f"arn:aws:iam::*:role/{REMEDIATION_ROLE}"
    organization = [
        "organizations:DescribeAccount",
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "organizations:ListAccountsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListRoots",
        "organizations:ListTagsForResource",
    ]
    return document(
        _allow(["sts:AssumeRole"], [scan]),
        _allow(["sts:AssumeRole", "sts:SetSourceIdentity"], [fix]),
        *_scan_statements(MANAGEMENT_ID),
        *_remediation_statements(MANAGEMENT_ID),
        _allow(organization, "*"),
    )


def bot_roles(account_id: str) -> tuple[RoleStory, ...]:
    """The two roles that `support-role iam` has people deploy."""
    from_bot = {
        "Effect": "Allow",
        "Principal": {"AWS": BOT_ARN},
        "Action": ["sts:AssumeRole"],
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }
    name_approver = {"Effect": "Allow", "Principal": {"AWS": BOT_ARN}, "Action": ["sts:SetSourceIdentity"]}
    scan, fix = document(*_scan_statements(account_id)), document(*_remediation_statements(account_id))
    return (
        RoleStory(SCAN_ROLE, document(from_bot), inline=(("scan", scan),)),
        RoleStory(REMEDIATION_ROLE, document(from_bot, name_approver), inline=(("remediate", fix),)),
    )


def admin_role() -> RoleStory:
    trust = trusting({"AWS": arn_in(MANAGEMENT_ID, "root")})
    return RoleStory(ADMIN_ROLE, trust, (aws_managed("AdministratorAccess"),))


def incident_role(account_id: str) -> RoleStory:
    trust = trusting({"AWS": arn_in(account_id, "root")}, Condition=MFA)
    return RoleStory(INCIDENT_ROLE, trust, (aws_managed("ReadOnlyAccess"),))


MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
