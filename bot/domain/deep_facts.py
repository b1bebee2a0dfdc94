"""What a deeper look read in one account, beside the scan's facts: policies on roles, principals, other ways
to AWS Support. Free of any judgement; `bot.domain.explanation` judges.

A call is a text: `iam:GetRole arn:aws:iam::111122223333:role/support`, the action as in a policy and the
resource it was made on.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.account import POLICY_NAME, Account
from bot.domain.facts import Providers, Unreadable
from bot.domain.plan import PrincipalFact


class PolicyKind(StrEnum):
    ATTACHED = "attached policy"
    INLINE = "inline policy"
    BOUNDARY = "permissions boundary"


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One policy on a role, other than the one that the control asks for."""

    kind: PolicyKind
    name: str
    """Whole ARN of a managed policy, name of an inline one."""
    document: str | None
    """JSON text (URL-decoded); None when it could not be read, see `unreadable`."""
    calls: tuple[str, ...] = ()
    """The calls that were made for it."""
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class DeepRoleFacts:
    """What else is on a role that carries the policy."""

    arn: str
    policies: tuple[PolicyFacts, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    """Listings that could not be read: there may be more policies than these."""


class Usage(StrEnum):
    """IAM's `PolicyUsageFilter`."""

    PERMISSIONS = "PermissionsPolicy"
    BOUNDARY = "PermissionsBoundary"


@dataclass(frozen=True, slots=True)
class Carriers:
    """Who carries a policy, by name; an answer for each policy that was asked about."""

    policy_arn: str
    usage: Usage = Usage.PERMISSIONS
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    unreadable: Unreadable | None = None

    @property
    def are_none(self) -> bool:
        """Whether it is certain that nobody carries it."""
        return self.unreadable is None and not (self.roles or self.users or self.groups)


NO_PROVIDERS = Providers()


@dataclass(frozen=True, slots=True)
class DeepFacts:
    """All that a deeper look into one account read; what it did not ask for is empty.

    `unreadable` set: the account could not be entered again, and everything else is empty.
    """

    roles: tuple[DeepRoleFacts, ...] = ()
    principals: tuple[PrincipalFact, ...] = ()
    """Users, roles and role sessions that trust policies name, in any account."""
    providers: Providers = NO_PROVIDERS
    carriers: tuple[Carriers, ...] = ()
    unreadable: Unreadable | None = None

    def principal(self, arn: str) -> PrincipalFact | None:
        return next((each for each in self.principals if each.arn == arn), None)

    def role(self, arn: str) -> DeepRoleFacts:
        return next((each for each in self.roles if each.arn == arn), DeepRoleFacts(arn))

    def carriers_of(self, policy_arn: str, usage: Usage = Usage.PERMISSIONS) -> Carriers | None:
        """Who carries it; None when nobody asked."""
        return next((e for e in self.carriers if (e.policy_arn, e.usage) == (policy_arn, usage)), None)


def administrator_arn(account: Account) -> str:
    return f"arn:{account.partition}:iam::aws:policy/AdministratorAccess"


def support_user_arn(account: Account) -> str:
    """The AWS managed policy for the job function of a support user; its ARN has a path."""
    return f"arn:{account.partition}:iam::aws:policy/job-function/SupportUser"


def same_name_arn(account: Account) -> str:
    """A customer managed policy that merely has the name; one under another path cannot be guessed."""
    return f"arn:{account.partition}:iam::{account.id}:policy/{POLICY_NAME}"


def policies_to_ask_about(account: Account) -> tuple[tuple[str, Usage], ...]:
    """Besides the scan's own question, which is who carries the policy as a permissions policy."""
    return (
        (account.policy_arn, Usage.BOUNDARY),
        (administrator_arn(account), Usage.PERMISSIONS),
        (support_user_arn(account), Usage.PERMISSIONS),
        (same_name_arn(account), Usage.PERMISSIONS),
    )


def listing_call(policy_arn: str) -> str:
    return f"iam:ListEntitiesForPolicy {policy_arn}"


def lookup_call(principal: str) -> str:
    """The call that says whether a user, role or role session that is named by its ARN exists."""
    if ":user/" in principal:
        return f"iam:GetUser {principal}"
    if ":assumed-role/" in principal:
        account = ":".join(principal.split(":")[:5]).replace(":sts:", ":iam:")
        return f"iam:GetRole {account}:role/{session_role(principal)}"
    return f"iam:GetRole {principal}"


def session_role(principal: str) -> str:
    """The name of the role behind a session's ARN, which does not tell the role's path."""
    return principal.split(":", 5)[5].split("/")[1]
