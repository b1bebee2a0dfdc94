"""What a worker is built from; wiring is the only place that makes these."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.aws.support_role import Writer
from bot.domain.account import Account
from bot.domain.deep_facts import DeepFacts
from bot.domain.doctor import Probe
from bot.domain.facts import AccountFacts
from bot.domain.plan import Plan, TargetFacts
from bot.domain.request import RequestId
from bot.domain.undo import Remains, Removal
from bot.flows.desk import Desk
from bot.flows.ports import Messenger


@dataclass(frozen=True, slots=True)
class Aws:
    """AWS as flows see it; every function may raise AwsError."""

    read_identity: Callable[[], str]
    """The bot's own account id, as STS says now."""
    read_inventory: Callable[[], tuple[Account, ...]]
    """The accounts in scope now, from settings and AWS Organizations, with how each is reached."""
    reach: Callable[[Account], Account]
    """An account as the store knows it, with how it is reached put back."""
    read_accounts: Callable[[Sequence[Account]], Sequence[AccountFacts]]
    read_deep: Callable[[AccountFacts, Sequence[Account]], DeepFacts]
    """A deeper look into an account that was just read, with all that may be read. What cannot be read is in
    the answer."""
    read_target: Callable[[Account, Plan, Sequence[Account]], TargetFacts]
    open_writer: Callable[[Account, Plan, RequestId, str], Writer]
    """For one account, plan, request and approver."""
    read_remains: Callable[[Account, str], Remains]
    """The role of that name and all that is on it, whoever made it. What cannot be read is in the answer."""
    read_until_gone: Callable[[Account, str], Remains]
    """The same, again and again until there is no such role or IAM has had its time; what was seen last."""
    open_undo: Callable[[Account, Removal, RequestId, str], Writer]
    """For one account, what a fix left there, the request that undoes it, and its approver."""
    close: Callable[[], None]
    """Give up what is being read, and close the connections."""
    read_standing: Callable[[Account], Account | None] = lambda account: account
    """An account with its state as AWS Organizations has it now; None when it has left the organization."""
    refresh_inventory: Callable[[], None] = lambda: None
    """List the accounts in scope again, beside whatever goes on."""
    probes: Callable[[], Sequence[Probe]] = lambda: ()
    """The doctor's looks at AWS."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a worker's flows need."""

    desk: Desk
    messenger: Messenger
    aws: Aws
