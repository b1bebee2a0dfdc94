"""A plan as a POSIX shell script for the AWS CLI."""

from collections.abc import Mapping
from shlex import quote

from bot.domain.plan_forms.written import Written

_SCRIPT = """\
#!/bin/sh
# {title}
# Run it once with credentials of that account, with others it stops before it changes anything
set -eu
export AWS_PAGER=

caller=$(aws sts get-caller-identity --query Arn --output text)
case "$caller" in
  {sts}* | {iam}*) ;;
  *)
    echo {wrong} >&2
    exit 1
    ;;
esac

{create} &&
{attach}
"""


def write_shell(written: Written) -> str:
    plan = written.plan
    place = f"{plan.account_id}:"
    # `--name=value`, since a role's name may begin with a dash.
    tags = " ".join(quote(f"Key={key},Value={value}") for key, value in written.tags)
    create = _options(
        {
            "role-name": plan.role_name,
            "path": plan.role_path,
            "assume-role-policy-document": plan.trust,
            "max-session-duration": str(plan.max_session_seconds),
            "permissions-boundary": plan.permissions_boundary,
        }
    )
    attach = _options({"role-name": plan.role_name, "policy-arn": plan.policy_arn})
    return _SCRIPT.format(
        title=written.title,
        sts=quote(f"arn:{plan.partition}:sts::{place}"),
        iam=quote(f"arn:{plan.partition}:iam::{place}"),
        wrong=quote(f"These credentials are not of account {plan.account_id}: nothing was changed."),
        create=" \\\n  ".join(["aws iam create-role", *create, f"--tags {tags}"]),
        attach=" \\\n  ".join(["aws iam attach-role-policy", *attach]),
    )


def _options(values: Mapping[str, str]) -> list[str]:
    return [f"--{name}={quote(value)}" for name, value in values.items() if value]
