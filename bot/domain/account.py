"""AWS accounts in scope, and how each is reached."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", str)
"""Twelve digits."""

POLICY_NAME = "AWSSupportAccess"


class AccountState(StrEnum):
    """An account's `State` in AWS Organizations."""

    ACTIVE = "ACTIVE"
    PENDING_ACTIVATION = "PENDING_ACTIVATION"
    SUSPENDED = "SUSPENDED"
    PENDING_CLOSURE = "PENDING_CLOSURE"
    CLOSED = "CLOSED"
    OTHER = "OTHER"
    """One that AWS has added since, or none at all."""


@dataclass(frozen=True, slots=True)
class Access:
    """How an account is reached. An empty role means: with the caller's own credentials.

    The external id is kept out of `repr`, so that no log or exception shows it.
    """

    scan_role: str = ""
    remediation_role: str = ""
    external_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """One account in scope, as settings and AWS Organizations describe it."""

    id: AccountId
    name: str = ""
    partition: str = "aws"
    owner: str = ""
    """Slack user id of whoever answers for the account, or empty."""
    ou: str = ""
    """Path of organizational unit names, e.g. `Workloads/Prod`, or empty."""
    tags: tuple[tuple[str, str], ...] = ()
    state: AccountState = AccountState.ACTIVE
    is_management: bool = False
    access: Access = Access()
    trusted_principals: tuple[str, ...] = ()
    """Principals that a fix would trust here: whole ARNs, placeholders already filled in."""
    trusted_account_ids: frozenset[AccountId] = frozenset()
    """Accounts outside the scope whose principals a support role may trust."""
    may_trust_root: bool = False
    """Whether a fix may trust all of an account at once, by its `:root`."""

    @property
    def label(self) -> str:
        """`payments (111122223333)`, or the id alone for an account without a name."""
        return f"{self.name} ({self.id})" if self.name else self.id

    @property
    def is_checked(self) -> bool:
        """Whether it is tried to read it; nothing is written to any but an active one."""
        return self.state in {AccountState.ACTIVE, AccountState.OTHER}

    @property
    def policy_arn(self) -> str:
        """The AWS managed policy of this account's partition; compared whole, never by name."""
        return f"arn:{self.partition}:iam::aws:policy/{POLICY_NAME}"
