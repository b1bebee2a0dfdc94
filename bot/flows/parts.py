"""What flows are built from; wiring is the only place that makes these."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.aws.support_role import Writer
from bot.domain.account import Account
from bot.domain.facts import AccountFacts
from bot.domain.guards import Policy
from bot.domain.plan import Plan, RoleSettings, TargetFacts
from bot.domain.request import RequestId
from bot.flows.engine import Enqueue
from bot.flows.ports import Clock, Messenger


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """The digest that settings ask for."""

    channel: str
    at: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Desk:
    """What the Slack side needs: it decides and writes rows, and never talks to AWS."""

    engine: Engine
    enqueue: Enqueue
    clock: Clock
    policy: Policy
    role: RoleSettings
    request_ttl: timedelta
    audit_channel: str
    digest: DigestSettings | None


@dataclass(frozen=True, slots=True)
class Aws:
    """AWS as flows see it; every function may raise AwsError."""

    read_inventory: Callable[[], tuple[Account, ...]]
    """The accounts in scope now, from settings and AWS Organizations, with how each is reached."""
    reach: Callable[[Account], Account]
    """An account as the store knows it, with how it is reached put back."""
    read_accounts: Callable[[Sequence[Account]], Sequence[AccountFacts]]
    read_target: Callable[[Account, Plan, Sequence[Account]], TargetFacts]
    open_writer: Callable[[Account, Plan, RequestId, str], Writer]
    """For one account, plan, request and approver."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker needs."""

    desk: Desk
    messenger: Messenger
    aws: Aws
