"""A plan as a Terraform module of one file."""

import json
import re

from bot.domain.canonical import Json
from bot.domain.plan_forms.written import Written, indented

_MODULE = """\
# {title}
# Apply it with a provider for that account, with another it stops before it changes anything

data "aws_caller_identity" "support" {{}}

resource "aws_iam_role" "support" {{
  name                 = {name}
  path                 = {path}
  max_session_duration = {seconds}
{boundary}
  assume_role_policy = jsonencode({trust})

  tags = {{
{tags}
  }}

  lifecycle {{
    precondition {{
      condition     = data.aws_caller_identity.support.account_id == {account}
      error_message = {wrong}
    }}
  }}
}}

resource "aws_iam_role_policy_attachment" "support" {{
  role       = aws_iam_role.support.name
  policy_arn = {policy}
}}
"""


def write_terraform(written: Written) -> str:
    plan = written.plan
    boundary = f"  permissions_boundary = {_hcl(plan.permissions_boundary)}\n"
    width = max(len(_hcl(key)) for key, _ in written.tags)
    tags = (f"    {_hcl(key):{width}} = {_hcl(value)}" for key, value in written.tags)
    return _MODULE.format(
        title=written.title,
        name=_hcl(plan.role_name),
        path=_hcl(plan.role_path),
        seconds=plan.max_session_seconds,
        boundary=boundary if plan.permissions_boundary else "",
        trust=indented(_hcl(json.loads(plan.trust)), 2),
        tags="\n".join(tags),
        account=_hcl(plan.account_id),
        wrong=_hcl(f"This is for account {plan.account_id}."),
        policy=_hcl(plan.policy_arn),
    )


def _hcl(value: Json) -> str:
    """JSON is HCL too, but for templates in strings, and for escapes that HCL does not know.

    Spaced as `terraform fmt` would have it.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, separators=(",", " : "))
    return re.sub(r"\\.|[$%](?=\{)|[^\n -~]", _hcl_escape, text)


def _hcl_escape(found: re.Match[str]) -> str:
    known = {"\\b": "\\u0008", "\\f": "\\u000c", "$": "$$", "%": "%%"}
    text = found[0]
    if text.startswith("\\") or text in known:
        return known.get(text, text)
    return f"\\U{ord(text):08X}"
