"""The worker: AWS, the queues, and the messages that tell of them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from sqlalchemy import Engine

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.explain import read_deep
from bot.aws.inventory import Wanted, own_access, read_caller, read_inventory
from bot.aws.organization import read_state
from bot.aws.reader import Reader, ReaderLimits
from bot.aws.reader_thread import ReaderThread
from bot.aws.remains import read_remains, read_until_gone
from bot.aws.sessions import AwsConfig
from bot.aws.support_role import Writer
from bot.aws.target import read_target
from bot.domain.account import Account
from bot.domain.deep_facts import DeepFacts
from bot.domain.errors import AwsError
from bot.domain.facts import AccountFacts
from bot.domain.plan import Plan, TargetFacts
from bot.domain.request import RequestId
from bot.domain.rule import providers_needed
from bot.domain.undo import Removal
from bot.flows.parts import Aws, Parts
from bot.flows.worker import Worker
from bot.settings import Settings
from bot.slack.client import build_client
from bot.slack.messenger import SlackMessenger
from bot.wiring.clock import build_clock
from bot.wiring.desk import build_desk
from bot.wiring.doctor import probes_of_aws

REMEMBER_SECONDS = 1200.0
log = logging.getLogger(__name__)

WANTED = Wanted(ous=True)
"""Names of organizational units, for `ou:` scopes. Tags cost a call for each account, and are read only where
settings choose accounts by them."""


def build_worker(settings: Settings, engine: Engine, executor_id: str) -> Worker:
    slack = settings.slack
    messenger = SlackMessenger(build_client(slack.bot_token.get_secret_value(), slack.api_url))
    parts = Parts(build_desk(settings, engine), messenger, build_aws(settings))
    return Worker(parts, executor_id)


def build_aws(settings: Settings) -> Aws:
    config = AwsConfig(partition=settings.aws.partition)
    clock = build_clock(settings)
    reader = ReaderThread(lambda: Reader(config, providers_needed, reader_limits(settings), clock))
    reach = Reach(settings, config)

    def read_target_of(account: Account, plan: Plan, everybody: Sequence[Account]) -> TargetFacts:
        scope = {each.id: each for each in everybody}
        return read_target(account, plan, scope, Boto3Reader(config, providers_needed, now=clock))

    def read_deep_of(facts: AccountFacts, everybody: Sequence[Account]) -> DeepFacts:
        scope = {each.id: each for each in everybody}
        return read_deep(facts, scope, Boto3Reader(config, providers_needed, now=clock))

    def open_writer(account: Account, plan: Plan, request_id: RequestId, approver: str) -> Writer:
        return Writer(account, plan, request_id, approver, config)

    def open_undo(account: Account, removal: Removal, request_id: RequestId, approver: str) -> Writer:
        fix_id = removal.fix_id
        return Writer(account, removal.plan, fix_id, approver, config, session_name=request_id)

    inventory = RecentInventory(lambda: read_accounts_in_scope(settings, config))
    return Aws(
        read_identity=lambda: read_caller(config).account_id,
        read_inventory=inventory,
        refresh_inventory=inventory.refresh,
        reach=reach,
        read_standing=lambda account: read_standing(settings, config, account),
        read_accounts=reader.read_accounts,
        read_deep=read_deep_of,
        read_target=read_target_of,
        open_writer=open_writer,
        read_remains=lambda account, name: read_remains(
            account, name, Boto3Reader(config, providers_needed, now=clock)
        ),
        read_until_gone=lambda account, name: read_until_gone(
            account, name, Boto3Reader(config, providers_needed, now=clock)
        ),
        open_undo=open_undo,
        close=reader.close,
        probes=lambda: probes_of_aws(settings, inventory),
    )


def read_standing(settings: Settings, config: AwsConfig, account: Account) -> Account | None:
    """An account of settings' own may be in no organization, and has no state then but what is known."""
    if not settings.aws.organization.enabled:
        return account
    state = read_state(config, account.id)
    if state is None:
        return account if account.id in settings.aws.entries else None
    return replace(account, state=state)


def read_accounts_in_scope(settings: Settings, config: AwsConfig) -> tuple[Account, ...]:
    """The inventory, with the names of organizational units where the bot may read them."""
    try:
        return read_inventory(settings, config, WANTED)
    except AwsError as fault:
        if settings.aws.organization.include_ous:
            raise
        log.warning("no names of organizational units", extra={"problem": str(fault)})
        return read_inventory(settings, config)


class RecentInventory:
    """Remembers the accounts in scope, and lists them anew beside the scans.

    Organizations lists 20 at a time, one page after the other and some eight pages a second: 10,000 accounts
    take a minute, which no scan should wait for. A new account is seen within a quarter of an hour.
    """

    def __init__(self, read: Callable[[], tuple[Account, ...]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: tuple[float, tuple[Account, ...]] | None = None

    def __call__(self) -> tuple[Account, ...]:
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > REMEMBER_SECONDS:
                self._known = (time.monotonic(), self._read())
            return self._known[1]

    def refresh(self) -> None:
        """List the accounts again while scans go on with those that are known."""
        if self._known is None:
            self()
            return
        found = self._read()
        with self._lock:
            self._known = (time.monotonic(), found)


def reader_limits(settings: Settings) -> ReaderLimits:
    return ReaderLimits(
        concurrency=settings.check.concurrency,
        sts_calls_per_second=settings.sts.rate,
        account_seconds=settings.check.account_seconds,
    )


class Reach:
    """Puts back how an account is reached, which the store never holds; our own, with our own credentials."""

    def __init__(self, settings: Settings, config: AwsConfig) -> None:
        self._settings = settings
        self._caller = cache(lambda: read_caller(config))

    def __call__(self, account: Account) -> Account:
        configured = self._settings.account(account.id, partition=account.partition)
        if self._caller().account_id == account.id:
            configured = replace(configured, access=own_access(self._settings, configured))
        return replace(
            account,
            access=configured.access,
            trusted_principals=configured.trusted_principals,
            trusted_account_ids=configured.trusted_account_ids,
            may_trust_root=configured.may_trust_root,
        )
