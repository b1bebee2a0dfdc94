"""Why IAM would not make a role, in words that say what to mend."""

from bot.aws.target import trusted_arns
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.plan import Plan


def explained(error: AwsError, plan: Plan, account: Account) -> AwsError:
    """The error with what it most likely comes from; the same one where nothing more can be said."""
    if error.code == "NoSuchEntity" and plan.permissions_boundary:
        why = f"there is no policy {plan.permissions_boundary} to bound it with"
        step = "Create it, or correct remediation.permissions_boundary."
    elif error.code == "MalformedPolicyDocument":
        named = ", ".join(trusted_arns(plan))
        why = f"IAM refuses the trust policy, most likely because a principal does not exist: {named}"
        step = "Create it, or correct remediation.trusted_principals."
    else:
        return error
    what = f"CreateRole {plan.role_name} in {account.label}: {error.code}, {why}. {step}"
    return AwsError(what, error.code, error.request_id)
