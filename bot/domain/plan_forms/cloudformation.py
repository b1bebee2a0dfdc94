"""A plan as a CloudFormation template in YAML."""

import json
import re

from bot.domain.canonical import Json
from bot.domain.plan_forms.written import Written, indented

_TEMPLATE = """\
# {title}
# Deploy it in that account with CAPABILITY_NAMED_IAM, in any other the stack is refused
AWSTemplateFormatVersion: "2010-09-09"
Description: {description}
Rules:
  RightAccount:
    Assertions:
      - Assert: {{"Fn::Equals": [{{"Ref": "AWS::AccountId"}}, {account}]}}
        AssertDescription: {wrong}
Resources:
  SupportRole:
    Type: "AWS::IAM::Role"
    Properties:
      RoleName: {name}
      Path: {path}
      AssumeRolePolicyDocument:
        {trust}
      ManagedPolicyArns:
        - {policy}
      MaxSessionDuration: {seconds}
{boundary}      Tags:
{tags}
"""


def write_cloudformation(written: Written) -> str:
    plan = written.plan
    boundary = f"      PermissionsBoundary: {_yaml(plan.permissions_boundary)}\n"
    tags = (f'        - {{"Key": {_yaml(key)}, "Value": {_yaml(value)}}}' for key, value in written.tags)
    return _TEMPLATE.format(
        title=written.title,
        description=_yaml(f"A support role for account {plan.account_id}, as support-role-bot plans it."),
        account=_yaml(plan.account_id),
        wrong=_yaml(f"This template is for account {plan.account_id}."),
        name=_yaml(plan.role_name),
        path=_yaml(plan.role_path),
        trust=indented(_yaml(json.loads(plan.trust)), 8),
        policy=_yaml(plan.policy_arn),
        seconds=plan.max_session_seconds,
        boundary=boundary if plan.permissions_boundary else "",
        tags="\n".join(tags),
    )


def _yaml(value: Json) -> str:
    """JSON is YAML too, but for surrogate pairs, and for characters that YAML does not take as they are."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub(r"[^\n -~]", lambda found: f"\\U{ord(found[0]):08X}", text)
