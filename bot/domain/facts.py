"""What was read from one account: the whole input of the rule, free of any judgement."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.account import Account


class UnreadableCode(StrEnum):
    """Why something could not be read; part of the public JSON (reason codes of UNKNOWN)."""

    ACCESS_DENIED = "access-denied"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    WRONG_ACCOUNT = "wrong-account"
    BAD_ANSWER = "bad-answer"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One thing that could not be read: why, in words for a person, and what to do about it."""

    code: UnreadableCode
    text: str
    """What happened and where, e.g. `AssumeRole into SupportRoleScanner: AccessDenied`."""
    next_step: str


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A role that carries the policy as a permissions policy."""

    name: str
    arn: str
    trust: str | None
    """The trust policy as JSON text (URL-decoded); None when GetRole could not be read, see `unreadable`."""
    unreadable: Unreadable | None = None
    boundary: str = ""
    """ARN of its permissions boundary; empty where it has none, or where GetRole could not be read."""


class ProviderKind(StrEnum):
    SAML = "saml"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Providers:
    """Identity providers that exist in the account, by whole ARN; only of the kinds that were asked for."""

    kinds: frozenset[ProviderKind] = frozenset()
    arns: frozenset[str] = frozenset()
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Everything that one scan read from one account.

    `unreadable` set: nothing below it may be trusted, and the verdict is UNKNOWN.
    """

    account: Account
    read_at: datetime
    roles: tuple[RoleFacts, ...] = ()
    users: tuple[str, ...] = ()
    """Names of users that carry the policy directly."""
    groups: tuple[str, ...] = ()
    providers: Providers = Providers()
    unreadable: Unreadable | None = None
