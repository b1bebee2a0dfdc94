"""Which principals a fix may trust: whole ARNs of people's roles and users, and nothing wider."""

import re

from bot.domain.account import Account, AccountId

SIGN_IN_AUDIENCE = {
    "aws": "https://signin.aws.amazon.com/saml",
    "aws-us-gov": "https://signin.amazonaws-us-gov.com/saml",
    "aws-cn": "https://signin.amazonaws.cn/saml",
}
"""The SAML audience of each partition's console (IAM user guide, `SAML:aud`)."""

_IAM_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):iam::(?P<account>\d{12}):"
    r"(?:root|(?P<kind>user|role|saml-provider)/(?P<rest>[\w+=,.@/-]{1,512}))",
    re.ASCII,
)
_MANAGED_PATHS = ("aws-reserved/", "aws-service-role/")
_MANAGED_NAMES = ("awsreservedsso_", "awsservicerolefor")
"""In lower case: IAM finds a role by its name in any case. Such a role stands under one of the paths; an ARN
without the path names none that could be trusted."""


_NOT_WHOLE = "it is not the whole ARN of one role, user or SAML provider"


def problem_with_principal(arn: str, account: Account) -> str:
    """Why a fix may not trust this principal in this account, as the rest of a sentence; empty if it may."""
    match = _IAM_ARN.fullmatch(arn)
    if match is None:
        return _NOT_WHOLE
    if match["partition"] != account.partition:
        return f"it is in partition {match['partition']}, the account is in {account.partition}"
    owner = AccountId(match["account"])
    if owner != account.id and owner not in account.trusted_account_ids:
        return f"account {owner} is neither this account nor in aws.trusted_account_ids"
    return _problem_of_kind(match, account, is_own=owner == account.id)


def _problem_of_kind(match: re.Match[str], account: Account, *, is_own: bool) -> str:
    match match["kind"]:
        case None:
            whole = "it is a whole account, where everybody with sts:AssumeRole would get in"
            return "" if account.may_trust_root else f"{whole}; remediation.allow_account_root is off"
        case "saml-provider" if not is_own:
            return "a SAML provider can only be trusted by roles of its own account"
        case "saml-provider" if account.partition not in SIGN_IN_AUDIENCE:
            return f"where people sign in by SAML in partition {account.partition} is not known here"
        case kind:
            return _problem_with_name(match["rest"].casefold(), is_role=kind == "role")


def _problem_with_name(path_and_name: str, *, is_role: bool) -> str:
    name = path_and_name.rpartition("/")[2]
    if not name:
        return _NOT_WHOLE
    if is_role and (path_and_name.startswith(_MANAGED_PATHS) or name.startswith(_MANAGED_NAMES)):
        return "it is a role that AWS manages (Identity Center or a service) and may replace at any time"
    return ""
