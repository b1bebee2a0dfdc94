"""Which principals a fix may trust: whole ARNs of people's roles and users, and nothing wider."""

import re

from bot.domain.account import Account, AccountId

_IAM_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):iam::(?P<account>\d{12}):"
    r"(?P<kind>user|role|saml-provider)/(?P<rest>[\w+=,.@/-]{1,512})",
    re.ASCII,
)
_MANAGED_PATHS = ("aws-reserved/", "aws-service-role/")
_MANAGED_NAMES = ("awsreservedsso_", "awsservicerolefor")
"""In lower case: IAM finds a role by its name in any case. Such a role stands under one of the paths; an ARN
without the path names none that could be trusted."""


def problem_with_principal(arn: str, account: Account) -> str:
    """Why a fix may not trust this principal in this account, as the rest of a sentence; empty if it may."""
    match = _IAM_ARN.fullmatch(arn)
    if match is None:
        return "it is not the whole ARN of one role, user or SAML provider"
    if match["partition"] != account.partition:
        return f"it is in partition {match['partition']}, the account is in {account.partition}"
    owner = AccountId(match["account"])
    if owner != account.id and owner not in account.trusted_account_ids:
        return f"account {owner} is neither this account nor in aws.trusted_account_ids"
    if match["kind"] == "saml-provider" and owner != account.id:
        return "a SAML provider can only be trusted by roles of its own account"
    path_and_name = match["rest"].casefold()
    name = path_and_name.rpartition("/")[2]
    if not name:
        return "it is not the whole ARN of one role, user or SAML provider"
    if match["kind"] == "role" and (
        path_and_name.startswith(_MANAGED_PATHS) or name.startswith(_MANAGED_NAMES)
    ):
        return "it is a role that AWS manages (Identity Center or a service) and may replace at any time"
    return ""
