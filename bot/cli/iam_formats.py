"""The same roles as CloudFormation, Terraform, or bare documents."""

import json
from collections.abc import Callable
from typing import Any

from bot.cli.iam_policies import ACCOUNT, EXTERNAL_ID, PARTITION, PRINCIPAL, RoleTemplate, Templates

BOT_POLICY = "SupportRoleBot"
_WHAT = "Roles of support-role-bot. Deploy `member` to every account in scope, `bot` to the bot's own."


def cloudformation(templates: Templates, principal: str | None) -> str:
    """A YAML template; the parameter Part chooses between a member account's roles and the bot's policy."""
    part: dict[str, Any] = {"Type": "String", "AllowedValues": ["member", "bot"], "Default": "member"}
    who: dict[str, Any] = {"Type": "String", "Description": "The role or user that the bot runs as."}
    parameters = {"Part": part, "BotPrincipalArn": who | ({"Default": principal} if principal else {})}
    if templates.needs_external_id:
        parameters["ExternalId"] = {"Type": "String", "NoEcho": True, "MinLength": 2}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": _WHAT,
        "Parameters": parameters,
        "Conditions": {
            "IsMember": {"Fn::Equals": [{"Ref": "Part"}, "member"]},
            "IsBot": {"Fn::Equals": [{"Ref": "Part"}, "bot"]},
        },
        "Resources": {
            **{role.logical_id: _stack_role(role) for role in templates.member_roles},
            BOT_POLICY: {
                "Type": "AWS::IAM::ManagedPolicy",
                "Condition": "IsBot",
                "Properties": {
                    "Description": "What support-role-bot may do; attach it to the identity it runs as.",
                    "PolicyDocument": _substituted(templates.bot_policy),
                },
            },
        },
    }
    return "\n".join(_yaml(template)) + "\n"


def _stack_role(role: RoleTemplate) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::Role",
        "Condition": "IsMember",
        "Properties": {
            "RoleName": role.name,
            "Path": role.path,
            "Description": role.description,
            "AssumeRolePolicyDocument": _substituted(role.trust),
            "Policies": [{"PolicyName": role.name, "PolicyDocument": _substituted(role.policy)}],
        },
    }


def _substituted(value: Any) -> Any:
    """Every text with a variable in it as Fn::Sub."""
    if isinstance(value, dict):
        return {key: _substituted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substituted(inner) for inner in value]
    return {"Fn::Sub": value} if isinstance(value, str) and "${" in value else value


def _yaml(value: Any, indent: str = "") -> list[str]:
    """Block style, every scalar as JSON writes it: all of that is YAML, and no reader guesses a type."""
    lines: list[str] = []
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for key, inner in pairs:
        mark = "-" if key is None else f"{json.dumps(key) if ':' in key else key}:"
        if isinstance(inner, dict | list) and inner:
            nested = _yaml(inner, f"{indent}  ")
            if key is None:
                nested[0] = f"{indent}- {nested[0].lstrip()}"
                lines += nested
            else:
                lines += [f"{indent}{mark}", *nested]
        else:
            lines.append(f"{indent}{mark} {json.dumps(inner, ensure_ascii=False)}")
    return lines


_HEAD = """\
# Roles of support-role-bot. part = "member" in every account in scope, "bot" in the bot's own.

variable "part" {
  type    = string
  default = "member"
  validation {
    condition     = contains(["member", "bot"], var.part)
    error_message = "part should be member or bot."
  }
}

variable "bot_principal_arn" {
  type        = string
  description = "The role or user that the bot runs as."%s
}
%s
data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}
"""
_EXTERNAL_ID_VARIABLE = """
variable "external_id" {
  type      = string
  sensitive = true
}
"""
_TERRAFORM_NAMES = {"ScanRole": "scan", "RemediationRole": "remediation"}
_TERRAFORM = {
    PARTITION: "${data.aws_partition.current.partition}",
    ACCOUNT: "${data.aws_caller_identity.current.account_id}",
    PRINCIPAL: "${var.bot_principal_arn}",
    EXTERNAL_ID: "${var.external_id}",
}


def terraform(templates: Templates, principal: str | None) -> str:
    """One .tf file; the documents stand in jsonencode, whose syntax takes JSON as it is."""
    default = f"\n  default     = {json.dumps(principal)}" if principal else ""
    blocks = [_HEAD % (default, _EXTERNAL_ID_VARIABLE if templates.needs_external_id else "")]
    blocks += [_terraform_role(role) for role in templates.member_roles]
    blocks.append(
        'resource "aws_iam_policy" "bot" {\n'
        '  count       = var.part == "bot" ? 1 : 0\n'
        '  name        = "support-role-bot"\n'
        '  description = "What support-role-bot may do; attach it to the identity it runs as."\n'
        f"  policy = {_jsonencode(templates.bot_policy)}\n"
        "}\n"
    )
    return "\n".join(blocks)


def _terraform_role(role: RoleTemplate) -> str:
    name = _TERRAFORM_NAMES[role.logical_id]
    return (
        f'resource "aws_iam_role" "{name}" {{\n'
        '  count       = var.part == "member" ? 1 : 0\n'
        f"  name        = {json.dumps(role.name)}\n"
        f"  path        = {json.dumps(role.path)}\n"
        f"  description = {json.dumps(role.description)}\n"
        f"  assume_role_policy = {_jsonencode(role.trust)}\n"
        "}\n\n"
        f'resource "aws_iam_role_policy" "{name}" {{\n'
        '  count = var.part == "member" ? 1 : 0\n'
        f"  name  = {json.dumps(role.name)}\n"
        f"  role  = aws_iam_role.{name}[0].id\n"
        f"  policy = {_jsonencode(role.policy)}\n"
        "}\n"
    )


def _jsonencode(document: dict[str, Any]) -> str:
    # Spaced as `terraform fmt` would have it, so that it can be checked in as it is.
    text = json.dumps(document, indent=2, separators=(",", " : "))
    lines = _replaced(text, _TERRAFORM).splitlines()
    return "jsonencode(" + "\n  ".join(lines) + ")"


_JSON = {PARTITION: "{partition}", ACCOUNT: "{account_id}", EXTERNAL_ID: "{external_id}"}


def documents(templates: Templates, principal: str | None) -> str:
    """The documents as IAM takes them, with {partition}, {account_id} and the like to be filled in."""
    value = {
        "member": [
            {
                "RoleName": role.name,
                "Path": role.path,
                "Description": role.description,
                "AssumeRolePolicyDocument": role.trust,
                "PolicyDocument": role.policy,
            }
            for role in templates.member_roles
        ],
        "bot": {"PolicyDocument": templates.bot_policy},
    }
    names = {**_JSON, PRINCIPAL: principal or "{bot_principal_arn}"}
    return _replaced(json.dumps(value, indent=2), names) + "\n"


def _replaced(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text


FORMATS: dict[str, Callable[[Templates, str | None], str]] = {
    "cloudformation": cloudformation,
    "terraform": terraform,
    "json": documents,
}
