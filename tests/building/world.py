"""The whole of the flows over fakes: a database, a Slack, an AWS and a clock of the test's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.aws import FakeCloud
from adapters.clock import FakeClock
from adapters.messenger import FakeMessenger, RequestMessage
from dbos import DBOS
from sqlalchemy import Engine

from bot.domain.account import AccountId
from bot.domain.guards import Click, Refused
from bot.domain.plan import RoleSettings
from bot.domain.request import Person, RemediationRequest, RequestState
from bot.flows import ask
from bot.flows import engine as durable
from bot.flows.ask import Decider
from bot.flows.desk import Desk
from bot.flows.digester import Digester
from bot.flows.doctor_worker import Doctor
from bot.flows.engine import build_enqueue
from bot.flows.explainer import Explainer
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer
from bot.flows.remediate import Remediator, Run
from bot.flows.scanner import Scanner
from bot.flows.undoer import Undoer
from bot.flows.upkeep import Upkeep
from bot.flows.worker import AT_ONCE
from bot.store import accounts, audit, requests
from bot.store.engine import build_engine
from bot.store.schema import migrate
from building.values import APPROVALS, APPROVER, ASKER, AUDIT, PAYMENTS, a_member, a_policy, an_account
from building.waiting import eventually

TTL = timedelta(hours=1)


def prepare_file(path: Path) -> None:
    """A database that is migrated, and in which the durable engine was started once."""
    engine = build_engine(f"sqlite:///{path}")
    migrate(engine)
    durable.prepare_engine(engine, "first")
    durable.launch(AT_ONCE)
    durable.stop(seconds=0)
    engine.dispose()


@dataclass(slots=True)
class World:
    """Everything is as settings and Slack say when all is well; a test changes what matters to it."""

    engine: Engine
    cloud: FakeCloud = field(default_factory=lambda: FakeCloud(an_account()))
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    clock: FakeClock = field(default_factory=FakeClock)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(
            engine=self.engine,
            enqueue=build_enqueue(self.engine),
            clock=self.clock,
            policy=a_policy(),
            role=RoleSettings(),
            request_ttl=TTL,
            audit_channel=AUDIT,
            digest=None,
        )
        self.read_inventory()

    @property
    def parts(self) -> Parts:
        return Parts(self.desk, self.messenger, self.cloud.aws(self.clock))

    def set_policy(self, **changes: Any) -> None:
        self.desk = replace(self.desk, policy=replace(self.desk.policy, **changes))

    def read_inventory(self) -> None:
        """Bring the accounts in scope in line with the cloud's, as a scan does."""
        with self.engine.begin() as connection:
            accounts.save_accounts(connection, tuple(self.cloud.accounts.values()), now=self.clock())

    # --- the durable engine -----------------------------------------------------------------------------

    def start(self, executor_id: str = "worker-1") -> None:
        parts = self.parts
        durable.prepare_engine(self.engine, executor_id)
        for part in (Scanner, Explainer, Doctor, Preparer, Remediator, Undoer, Digester):
            part(parts).register()
        durable.launch(AT_ONCE)

    def wait(self) -> None:
        """Until no work is left in the queues."""
        eventually(lambda: not DBOS.list_workflows(status=["PENDING", "ENQUEUED"]), "the queues are empty")

    def upkeep(self, executor_id: str = "worker-1") -> Upkeep:
        parts = self.parts
        return Upkeep(parts, Digester(parts), executor_id)

    # --- a fix, step by step and without the queues ------------------------------------------------------

    def ask(
        self, account_id: AccountId = PAYMENTS, requester: Person = ASKER
    ) -> RemediationRequest | Refused:
        return ask.ask_for_fix(
            self.desk,
            account_id=account_id,
            requester=requester,
            reason="the audit asks for it",
            channel="C0ORIGIN",
        )

    def prepare(self, request: RemediationRequest | Refused) -> RemediationRequest:
        assert isinstance(request, RemediationRequest), request
        preparer = Preparer(self.parts)
        preparer.prepare(request.id)
        preparer.announce(request.id)
        return self.request(request.id)

    def pending(self) -> RemediationRequest:
        """A request that waits for its decision."""
        request = self.prepare(self.ask())
        assert request.state is RequestState.PENDING, request
        return request

    def approve(
        self, request: RemediationRequest, decider: Decider | None = None
    ) -> RemediationRequest | Refused:
        return ask.approve(self.desk, request.id, decider or a_decider())

    def approved(self) -> RemediationRequest:
        approved = self.approve(self.pending())
        assert isinstance(approved, RemediationRequest), approved
        return approved

    def fix(self, request: RemediationRequest) -> RemediationRequest:
        """Do what the workflow does, in this thread; the request as it ended."""
        durable.prepare_engine(self.engine, "direct")
        run = Run(self.parts, request.id)
        try:
            run.go()
        finally:
            run.close()
            durable.stop(seconds=0)
        return self.request(request.id)

    # --- what is now true ---------------------------------------------------------------------------------

    def request(self, request_id: str) -> RemediationRequest:
        with self.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
        assert request is not None
        return request

    def events(self, request_id: str = "") -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            found = list(audit.read_events(connection, request_id=request_id))
        return [json.loads(event.body)["event"] for event in found]

    def kinds(self, request_id: str = "") -> list[str]:
        return [event["kind"] for event in self.events(request_id)]

    def shown_request(self) -> RequestMessage:
        """The one request message that stands in the approval channel."""
        (message,) = self.messenger.shown(APPROVALS)
        assert isinstance(message, RequestMessage)
        return message

    def told(self) -> list[str]:
        return [f"{user}: {notice.title}. {notice.text}" for user, _, notice in self.messenger.told]


def a_decider(
    person: Person = APPROVER,
    *,
    channel: str = APPROVALS,
    shared: bool | None = False,
    groups: dict[str, frozenset[str] | None] | None = None,
    **facts: Any,
) -> Decider:
    """Whoever clicks, and what Slack says about them."""
    return Decider(Click(person, channel, is_shared_channel=shared), a_member(person, **facts), groups or {})


Change = Callable[[World], object]
