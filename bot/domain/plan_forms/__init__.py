"""A plan as text, for those who do not click in production: they run it by hand, and get the bot's own role.

Name, path, trust policy, policy, boundary and session length are the bot's. Of its tags only `managed-by` and
the plan's hash are there: the first says where the role came from, the second which plan it was made from.
Request and approver are left out because there were none; and only a role that bears a request's id can be
taken for the bot's own unfinished work, or be undone by it, which a role made by hand must never be.

Every form stops in a wrong account, but for JSON, which does nothing by itself. An account's name is not to
be trusted: it stands in comments alone, as one line of letters, digits and little else.
"""

import unicodedata
from collections.abc import Callable
from enum import StrEnum

from bot.domain.account import Account
from bot.domain.plan import TAG_MANAGED_BY, TAG_PLAN, Plan
from bot.domain.plan_forms.cloudformation import write_cloudformation
from bot.domain.plan_forms.document import write_json
from bot.domain.plan_forms.shell import write_shell
from bot.domain.plan_forms.terraform import write_terraform
from bot.domain.plan_forms.written import Written
from bot.domain.principal import problem_with_principal

LONGEST_NAME = 60
"""Of an account, in a comment."""


class PlanForm(StrEnum):
    CLI = "cli"
    """A POSIX shell script for the AWS CLI."""
    CLOUDFORMATION = "cloudformation"
    """A template in YAML."""
    TERRAFORM = "terraform"
    """HCL, for Terraform 1.2 or newer, or OpenTofu."""
    JSON = "json"
    """The plan's fields and the calls in their order, for programs."""


def write_plan(plan: Plan, form: PlanForm, *, account_name: str = "", is_draft: bool = False) -> str:
    """The plan in one form, with a line end at its end.

    `is_draft`: the account was not read for it, so that its hash is not the one that would be approved. Then
    the text bears no hash, and says that it is a draft.
    """
    tags = tags_by_hand(plan, is_draft=is_draft)
    return _WRITERS[form](Written(plan, tags, _title(plan, account_name, is_draft=is_draft), is_draft))


def tags_by_hand(plan: Plan, *, is_draft: bool = False) -> tuple[tuple[str, str], ...]:
    """Those of the bot's tags that are known without a request."""
    known = {TAG_MANAGED_BY} if is_draft else {TAG_MANAGED_BY, TAG_PLAN}
    return tuple(tag for tag in plan.tags(request_id="", approver="") if tag[0] in known)


def problem_with_draft(account: Account) -> str:
    """Why no draft for this account should be handed out, as a sentence; empty if one may.

    It is what can be said of its principals without reading the account: the rest is for the guards.
    """
    if not account.trusted_principals:
        return f"No principal is configured for {account.label}, so nobody could use the role."
    for arn in account.trusted_principals:
        problem = problem_with_principal(arn, account)
        if problem:
            return f"{arn} cannot be trusted: {problem}."
    return ""


def _title(plan: Plan, account_name: str, *, is_draft: bool) -> str:
    place = f"{plan.account_id} {_harmless(account_name)}".rstrip()
    if is_draft:
        return f"Draft of support-role-bot, made without reading the account: a support role for {place}"
    return f"Plan {plan.short_hash} of support-role-bot: a support role for {place}"


def _harmless(name: str) -> str:
    # Pasted into zsh, a comment is a command line like any other: quotes, $, !, brackets would act there.
    kept = (each if unicodedata.category(each)[0] in "LMN" or each in "._-@" else " " for each in name)
    return " ".join("".join(kept).split())[:LONGEST_NAME]


_WRITERS: dict[PlanForm, Callable[[Written], str]] = {
    PlanForm.CLI: write_shell,
    PlanForm.CLOUDFORMATION: write_cloudformation,
    PlanForm.TERRAFORM: write_terraform,
    PlanForm.JSON: write_json,
}
