"""What IAM refuses when a role is made or its trust is changed, and moto lets through."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.aws.cloud import Cloud
from bot.sandbox.aws.policy import Statement, listed, parse_statements
from bot.sandbox.aws.sessions import invalid
from bot.sandbox.aws.wire import ApiCall, Refusal

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
PATH = re.compile(r"/|/[!-~]{1,510}/")
PRINCIPAL = re.compile(
    r"arn:aws:(?:iam|sts)::(\d{12}):(root|(?:user|role|assumed-role)/[\w+=,.@/-]+)", re.ASCII
)
UNIQUE_ID = re.compile(r"(?:AIDA|AROA)[A-Z0-9]+")


def require_creatable(cloud: Cloud, account_id: str, call: ApiCall) -> None:
    """Refusal for a role that IAM would not make."""
    given = call.parameters
    name = given.get("RoleName", "")
    if len(name) > 64:
        raise invalid("roleName", name, "Member must have length less than or equal to 64")
    if not ROLE_NAME.fullmatch(name):
        raise invalid("roleName", name, r"Member must satisfy regular expression pattern: [\w+=,.@-]+")
    if not PATH.fullmatch(given.get("Path", "/")):
        raise invalid("path", given["Path"], "Member must begin and end with a slash")
    if not 3600 <= int(given.get("MaxSessionDuration", "3600")) <= 43200:
        raise invalid("maxSessionDuration", given["MaxSessionDuration"], "Member must be 3600 to 43200")
    if cloud.role(account_id, name) is not None:
        raise Refusal("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    _require_boundary(cloud, account_id, given)
    require_trustable(cloud, account_id, given.get("AssumeRolePolicyDocument", ""))


def require_trustable(cloud: Cloud, account_id: str, trust: str) -> None:
    """Refusal for a trust policy that IAM would not keep; principals must exist."""
    for statement in parse_statements(trust):
        if "Resource" in statement:
            raise Refusal("MalformedPolicyDocument", "Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise Refusal("MalformedPolicyDocument", "Missing required field Principal")
        for kind, principal in _principals(statement):
            if not _exists(cloud, account_id, kind, principal):
                text = f'Invalid principal in policy: "{kind}":"{principal}"'
                raise Refusal("MalformedPolicyDocument", text)


def _require_boundary(cloud: Cloud, account_id: str, given: Mapping[str, str]) -> None:
    boundary = given.get("PermissionsBoundary", "")
    if boundary and boundary not in cloud.iam(account_id).managed_policies:
        raise Refusal("NoSuchEntity", f"Policy {boundary} does not exist or is not attachable.", 404)


def _principals(statement: Statement) -> list[tuple[str, str]]:
    named: Any = statement.get("Principal", {})
    if named == "*":
        return []
    if not isinstance(named, dict):
        return [("AWS", str(named))]
    return [(kind, str(each)) for kind, values in named.items() for each in listed(values)]


def _exists(cloud: Cloud, account_id: str, kind: str, principal: str) -> bool:
    if kind == "Service":
        return re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com", principal) is not None
    if kind == "Federated":
        is_public = "." in principal and not principal.startswith("arn:")
        here = f"arn:aws:iam::{account_id}:" in principal
        return is_public or (here and cloud.has_provider(principal))
    return kind == "AWS" and _aws_principal_exists(cloud, principal)


def _aws_principal_exists(cloud: Cloud, principal: str) -> bool:
    if principal == "*":
        return True
    if re.fullmatch(r"\d{12}", principal):
        return cloud.knows(principal)
    if UNIQUE_ID.fullmatch(principal):
        return False
    match = PRINCIPAL.fullmatch(principal)
    if match is None or not cloud.knows(match[1]):
        return False
    if match[2] == "root":
        return True
    if match[2].startswith("assumed-role/"):
        return cloud.role(match[1], match[2].split("/")[1]) is not None
    return bool(cloud.unique_id(principal))
