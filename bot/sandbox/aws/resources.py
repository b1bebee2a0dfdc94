"""What a call is about: the account, the resource that policies are evaluated for, and condition keys."""

from dataclasses import dataclass, field

from bot.sandbox.aws.cloud import Cloud
from bot.sandbox.aws.policy import Context
from bot.sandbox.aws.sessions import Caller
from bot.sandbox.aws.wire import ApiCall

SUBJECTS = ("RoleName", "UserName", "GroupName", "PolicyArn", "SAMLProviderArn", "ResourceId", "ParentId")


@dataclass(frozen=True, slots=True)
class Target:
    account_id: str
    resource: str
    """ARN, or `*` for calls that no resource narrows."""
    subject: str
    """As the caller named it."""
    context: Context = field(default_factory=dict)


def target_of(cloud: Cloud, caller: Caller, call: ApiCall) -> Target:
    if call.name == "sts:AssumeRole":
        arn = call.parameters.get("RoleArn", "")
        parts = arn.split(":")
        return Target(parts[4] if len(parts) > 5 else "", arn, arn)
    subject = next((call.parameters[name] for name in SUBJECTS if name in call.parameters), "")
    return Target(caller.account_id, _resource(cloud, caller, call), subject, _context(cloud, caller, call))


def _resource(cloud: Cloud, caller: Caller, call: ApiCall) -> str:
    given, account_id = call.parameters, caller.account_id
    if call.service != "iam":
        return "*"
    if "RoleName" in given:
        # A role that does not exist has no path yet: IAM takes it to be under `/`.
        path = given.get("Path", "/") if call.action == "CreateRole" else _path(cloud, caller, call)
        return f"arn:aws:iam::{account_id}:role{path}{given['RoleName']}"
    if "UserName" in given:
        return f"arn:aws:iam::{account_id}:user/{given['UserName']}"
    return given.get("PolicyArn", "*")


def _path(cloud: Cloud, caller: Caller, call: ApiCall) -> str:
    role = cloud.role(caller.account_id, call.parameters["RoleName"])
    return str(role.path) if role is not None else "/"


def _context(cloud: Cloud, caller: Caller, call: ApiCall) -> Context:
    """The condition keys of IAM's own that the call bears."""
    given = call.parameters
    context = {"aws:principalarn": caller.principal, "aws:principalaccount": caller.account_id}
    if call.action in ("AttachRolePolicy", "DetachRolePolicy"):
        context["iam:policyarn"] = given.get("PolicyArn", "")
    boundary = given.get("PermissionsBoundary", "")
    if call.service == "iam" and "RoleName" in given and call.action != "CreateRole":
        role = cloud.role(caller.account_id, given["RoleName"])
        boundary = (role.permissions_boundary_arn or "") if role is not None else ""
    return {**context, **({"iam:permissionsboundary": boundary} if boundary else {})}
