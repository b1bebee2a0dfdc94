"""The texts of a plan read back by tools that are not ours, each as the role that it would make."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
import hcl2
import yaml
from botocore import xform_name

from bot.domain.plan import Plan
from bot.domain.plan_forms import PlanForm, tags_by_hand


@dataclass(frozen=True)
class Made:
    """A role as one of the forms makes it."""

    account: str
    """The only one in which the text does anything."""
    name: str
    path: str
    trust: Any
    seconds: int
    boundary: str
    tags: dict[str, str]
    policies: tuple[str, ...]


def made_by(plan: Plan, *, is_draft: bool = False) -> Made:
    """What every form of a plan should make."""
    return Made(
        account=plan.account_id,
        name=plan.role_name,
        path=plan.role_path,
        trust=json.loads(plan.trust),
        seconds=plan.max_session_seconds,
        boundary=plan.permissions_boundary,
        tags=dict(tags_by_hand(plan, is_draft=is_draft)),
        policies=(plan.policy_arn,),
    )


def calls_in_script(script: str) -> list[tuple[str, dict[str, Any]]]:
    """The `aws iam` calls of a shell script, as operations and parameters of boto3's."""
    words = _words(script)
    starts = [index for index in range(len(words)) if words[index : index + 2] == ["aws", "iam"]]
    return [_call(words[start + 2], list(_until_operator(words[start + 3 :]))) for start in starts]


def _words(script: str) -> list[str]:
    # shlex takes a continued line's end for a word.
    return [word for word in shlex.split(script, comments=True) if word != "\n"]


def _until_operator(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in ("&&", "||", ";", "|", "&"):
            return
        yield word


@cache
def _iam() -> Any:
    return botocore.session.Session().get_service_model("iam")


def _call(command: str, words: list[str]) -> tuple[str, dict[str, Any]]:
    model = _iam()
    (operation,) = [each for each in model.operation_names if xform_name(each, "-") == command]
    members = {xform_name(name, "-"): name for name in model.operation_model(operation).input_shape.members}
    shapes = model.operation_model(operation).input_shape.members
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            option, equals, value = word[2:].partition("=")
            given[members[option]] = [value] if equals else []
        else:
            given[list(given)[-1]].append(word)
    return xform_name(operation), {name: _typed(shapes[name], values) for name, values in given.items()}


def _typed(shape: Any, values: list[str]) -> Any:
    if shape.type_name == "list":
        return [dict(pair.split("=", 1) for pair in value.split(",")) for value in values]
    (value,) = values
    return int(value) if shape.type_name == "integer" else value


def read_script(script: str) -> Made:
    (create, role), (attach, policy) = calls_in_script(script)
    assert (create, attach) == ("create_role", "attach_role_policy")
    assert role["RoleName"] == policy["RoleName"]
    words = _words(script)
    (account,) = {word.split(":")[4] for word in words if re.match(r"arn:[^:]*:(sts|iam)::\d{12}:\*$", word)}
    return _made(account, role, policy["PolicyArn"])


def read_document(text: str) -> Made:
    value = json.loads(text)
    create, attach = value["calls"]
    assert (create["operation"], attach["operation"]) == ("CreateRole", "AttachRolePolicy")
    return _made(value["plan"]["account_id"], create["parameters"], attach["parameters"]["PolicyArn"])


def _made(account: str, role: dict[str, Any], policy: str) -> Made:
    return Made(
        account=account,
        name=role["RoleName"],
        path=role["Path"],
        trust=json.loads(role["AssumeRolePolicyDocument"]),
        seconds=role["MaxSessionDuration"],
        boundary=role.get("PermissionsBoundary", ""),
        tags={tag["Key"]: tag["Value"] for tag in role["Tags"]},
        policies=(policy,),
    )


def read_template(text: str) -> Made:
    value = yaml.safe_load(text)
    (resource,) = value["Resources"].values()
    assert resource["Type"] == "AWS::IAM::Role"
    role = resource["Properties"]
    (rule,) = value["Rules"].values()
    (assertion,) = rule["Assertions"]
    who, account = assertion["Assert"]["Fn::Equals"]
    assert who == {"Ref": "AWS::AccountId"}
    return Made(
        account=account,
        name=role["RoleName"],
        path=role["Path"],
        trust=role["AssumeRolePolicyDocument"],
        seconds=role["MaxSessionDuration"],
        boundary=role.get("PermissionsBoundary", ""),
        tags={tag["Key"]: tag["Value"] for tag in role["Tags"]},
        policies=tuple(role["ManagedPolicyArns"]),
    )


def read_module(text: str) -> Made:
    resources = {kind: block for each in hcl2.loads(text)["resource"] for kind, block in each.items()}
    assert set(resources) == {'"aws_iam_role"', '"aws_iam_role_policy_attachment"'}
    role = resources['"aws_iam_role"']['"support"']
    attachment = resources['"aws_iam_role_policy_attachment"']['"support"']
    assert attachment["role"] == "${aws_iam_role.support.name}"
    (lifecycle,) = role["lifecycle"]
    (guard,) = lifecycle["precondition"]
    account = re.fullmatch(
        r'\$\{data\.aws_caller_identity\.support\.account_id == "(.*)"\}', guard["condition"]
    )
    assert account
    return Made(
        account=account[1],
        name=_hcl_text(role["name"]),
        path=_hcl_text(role["path"]),
        trust=_jsonencoded(role["assume_role_policy"]),
        seconds=role["max_session_duration"],
        boundary=_hcl_text(role.get("permissions_boundary", '""')),
        tags={_hcl_text(key): _hcl_text(value) for key, value in role["tags"].items()},
        policies=(_hcl_text(attachment["policy_arn"]),),
    )


def _jsonencoded(expression: str) -> Any:
    """The value in `${jsonencode(…)}`, whose objects the parser gives back with `=` for `:`."""
    inner = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", expression, re.DOTALL)
    assert inner
    return json.loads(_literal(re.sub(r'("(?:[^"\\]|\\.)*") = ', r"\1: ", inner[1])))


def _hcl_text(raw: str) -> str:
    text = json.loads(_literal(raw))
    assert isinstance(text, str)
    return text


def _literal(raw: str) -> str:
    """Quoted HCL as JSON; a template that was not escaped would be Terraform's to fill in."""
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", raw), raw
    return re.sub(r"(\$|%)\1\{", r"\1{", raw)


READERS: dict[PlanForm, Callable[[str], Made]] = {
    PlanForm.CLI: read_script,
    PlanForm.CLOUDFORMATION: read_template,
    PlanForm.TERRAFORM: read_module,
    PlanForm.JSON: read_document,
}
