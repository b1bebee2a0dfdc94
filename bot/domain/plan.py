"""A plan: what exactly a fix would create in one account. Nothing typed in Slack is ever part of it."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.account import Account, AccountId
from bot.domain.canonical import Json, canonical_json, sha256
from bot.domain.facts import AccountFacts, Unreadable
from bot.domain.policy_document import says_the_same
from bot.domain.principal import SIGN_IN_AUDIENCE

MANAGED_BY = "support-role-bot"
TAG_MANAGED_BY = "managed-by"
TAG_REQUEST = "support-role-bot:request"
TAG_PLAN = "support-role-bot:plan"
TAG_APPROVER = "support-role-bot:approver"


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The part of a plan that settings fix for all accounts."""

    role_name: str = "aws-support-access"
    role_path: str = "/"
    permissions_boundary: str = ""
    """May hold `{account_id}` and `{partition}`: a customer's own policy differs by account."""
    require_mfa: bool = False
    max_session_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be created in one account, and a fingerprint of the facts it was made from."""

    account_id: AccountId
    partition: str
    role_name: str
    role_path: str
    trust: str
    """The exact trust policy, canonical JSON."""
    policy_arn: str
    permissions_boundary: str
    max_session_seconds: int
    fingerprint: str

    @property
    def role_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:role{self.role_path}{self.role_name}"

    @property
    def hash(self) -> str:
        """SHA-256 over every field: what an approver approves."""
        return sha256(canonical_json({name: getattr(self, name) for name in self.__slots__}))

    @property
    def short_hash(self) -> str:
        return self.hash[:12]

    def trusts_the_same(self, trust: str) -> bool:
        """Whether a trust policy read back from IAM says what this plan says, however it is spelled."""
        return says_the_same(trust, self.trust)

    def tags(self, request_id: str, approver: str) -> tuple[tuple[str, str], ...]:
        """The tags that the role is created with; they are how a later run knows its own work."""
        return (
            (TAG_MANAGED_BY, MANAGED_BY),
            (TAG_REQUEST, request_id),
            (TAG_PLAN, self.short_hash),
            (TAG_APPROVER, approver),
        )


class Existence(StrEnum):
    EXISTS = "exists"
    MISSING = "missing"
    IAM_DECIDES = "iam-decides"
    """In a trusted account that is not ours to read: CreateRole itself refuses a missing principal."""


@dataclass(frozen=True, slots=True)
class PrincipalFact:
    """Whether a principal that the plan trusts is there."""

    arn: str
    existence: Existence | None
    """None when it could not be read; `unreadable` says why."""
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class ExistingRole:
    """A role that already has the planned name."""

    name: str
    arn: str
    role_id: str
    trust: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What must be known of an account before anything is written there."""

    facts: AccountFacts
    existing_role: ExistingRole | None = None
    existing_role_unreadable: Unreadable | None = None
    principals: tuple[PrincipalFact, ...] = ()


def build_plan(account: Account, role: RoleSettings, facts: AccountFacts) -> Plan:
    """The one plan for an account under these settings and facts; equal inputs give equal hashes."""
    return Plan(
        account_id=account.id,
        partition=account.partition,
        role_name=role.role_name,
        role_path=role.role_path,
        trust=canonical_json(trust_policy(account, require_mfa=role.require_mfa)),
        policy_arn=account.policy_arn,
        permissions_boundary=boundary_in(account, role),
        max_session_seconds=role.max_session_seconds,
        fingerprint=fingerprint(role_arn(account, role), facts),
    )


def boundary_in(account: Account, role: RoleSettings) -> str:
    """The permissions boundary as it is named in this account; empty for none."""
    return role.permissions_boundary.replace("{account_id}", account.id).replace(
        "{partition}", account.partition
    )


def role_arn(account: Account, role: RoleSettings) -> str:
    return f"arn:{account.partition}:iam::{account.id}:role{role.role_path}{role.role_name}"


def fingerprint(planned_role_arn: str, facts: AccountFacts) -> str:
    """A hash of the facts that the plan rests on: which other roles carry the policy, trusting whom.

    The planned role itself is left out, so that a run that was cut short after CreateRole finds its plan
    unchanged; whether a role of that name is a stranger's is the guard `role_name_is_free`'s to say.
    """
    others = sorted((role.arn, role.trust or "") for role in facts.roles if role.arn != planned_role_arn)
    return sha256(canonical_json([[arn, trust] for arn, trust in others]))


def trust_policy(account: Account, *, require_mfa: bool) -> dict[str, Json]:
    """Who may assume the role: the configured principals of this account, and nobody else."""
    # Once each: a principal can be named by its ARN and by a template that comes to the same.
    trusted = tuple(dict.fromkeys(account.trusted_principals))
    people = [arn for arn in trusted if ":saml-provider/" not in arn]
    saml = [arn for arn in trusted if ":saml-provider/" in arn]
    statements: list[Json] = []
    if people:
        condition: dict[str, Json] = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        allow: dict[str, Json] = {
            "Effect": "Allow",
            "Principal": {"AWS": _one_or_list(people)},
            "Action": "sts:AssumeRole",
        }
        statements.append(allow | {"Condition": condition} if require_mfa else allow)
    if saml:
        # Empty, it lets nobody in; `principal_is_sound` refuses such a principal before it comes to that.
        audience = SIGN_IN_AUDIENCE.get(account.partition, "")
        statements.append(
            {
                "Effect": "Allow",
                "Principal": {"Federated": _one_or_list(saml)},
                "Action": "sts:AssumeRoleWithSAML",
                "Condition": {"StringEquals": {"SAML:aud": audience}},
            },
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _one_or_list(arns: list[str]) -> Json:
    return arns[0] if len(arns) == 1 else sorted(arns)
