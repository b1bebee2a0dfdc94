"""A bulk request over the world of the flows, step by step and without the queues."""

from dataclasses import replace
from typing import Any

from adapters.messenger import RequestMessage
from dbos import DBOS
from sqlalchemy import text

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.guards import Refused
from bot.domain.request import (
    Person,
    RequestState,
)
from bot.flows import bulk as flow
from bot.flows import engine as durable
from bot.flows.ask import Decider
from bot.flows.bulk import BulkWish
from bot.flows.bulk_worker import BulkChores, BulkPreparer
from bot.flows.prepare import Preparer
from bot.flows.remediate import Remediator
from bot.flows.worker import AT_ONCE
from bot.store import bulks
from building.bulk_values import some_accounts
from building.values import APPROVALS, ASKER
from building.waiting import eventually
from building.world import World, a_decider


class BulkWorld:
    """What people and workers do with a bulk request."""

    def __init__(self, world: World, *, accounts: int = 4) -> None:
        self.world = world
        self.accounts = some_accounts(accounts)
        world.cloud.accounts = {account.id: account for account in self.accounts}
        world.set_policy(max_changes_per_hour=100)
        world.read_inventory()

    @property
    def chores(self) -> BulkChores:
        return BulkChores(self.world.parts)

    def wish(self, **changes: Any) -> BulkWish:
        ids = tuple(account.id for account in self.accounts)
        wish = BulkWish(ids, ASKER, "the audit asks for it", "C0ORIGIN", wave_size=2)
        return replace(wish, **changes)

    def ask(self, **changes: Any) -> BulkReport | Refused:
        return flow.ask_for_bulk(self.world.desk, self.wish(**changes))

    def asked(self, **changes: Any) -> BulkReport:
        report = self.ask(**changes)
        assert isinstance(report, BulkReport), report
        return report

    def prepared(self, **changes: Any) -> BulkReport:
        """After the worker has read every account."""
        report = self.asked(**changes)
        for member in report.members:
            BulkPreparer(self.world.parts).prepare(member.id)
        self.chores.go_on()
        return self.read(report)

    def approve(self, report: BulkReport, decider: Decider | None = None) -> BulkReport | Refused:
        return flow.approve_bulk(self.world.desk, report.bulk.id, decider or a_decider())

    def approved(self, **changes: Any) -> BulkReport:
        report = self.approve(self.prepared(**changes))
        assert isinstance(report, BulkReport), report
        return report

    def stop(self, report: BulkReport, person: Person) -> BulkReport | Refused:
        decider = a_decider(person)
        return flow.stop_bulk(self.world.desk, report.bulk.id, decider)

    def fix_released(self, report: BulkReport) -> BulkReport:
        """Do what is queued, as one wave of workers does; the report after it."""
        for member in self.read(report).released:
            if member.state is RequestState.APPROVED:
                self.world.fix(member)
        return self.read(report)

    def run(self, report: BulkReport) -> BulkReport:
        """Wave after wave, until nothing is let go any more."""
        before = -1
        while report.bulk.released != before:
            before = report.bulk.released
            report = self.fix_released(report)
        return report

    def read(self, report: BulkReport) -> BulkReport:
        with self.world.engine.connect() as connection:
            found = bulks.read_report(connection, report.bulk.id)
        assert found is not None
        return found

    def queued(self) -> list[str]:
        """The workflows that wait, by their key."""
        schema = "dbos." if self.world.engine.dialect.name == "postgresql" else ""
        query = text(f"SELECT workflow_uuid FROM {schema}workflow_status ORDER BY created_at")  # noqa: S608 - ours
        with self.world.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def written(self) -> list[str]:
        """The names of the accounts in which a role was created, in order."""
        names: dict[str, str] = {account.id: account.name for account in self.accounts}
        calls = [call.split() for call in self.world.cloud.calls]
        return [names[account_id] for verb, account_id in calls if verb == "CreateRole"]

    def shown(self) -> BulkReport:
        """The one message that stands in the approval channel."""
        (message,) = self.world.messenger.shown(APPROVALS)
        assert isinstance(message, BulkReport)
        return message

    def start(self, executor_id: str = "worker-1") -> None:
        """Let the real durable engine work off the queues."""
        durable.prepare_engine(self.world.engine, executor_id)
        for part in (
            BulkPreparer(self.world.parts),
            Preparer(self.world.parts),
            Remediator(self.world.parts),
        ):
            part.register()
        durable.launch(AT_ONCE)

    def wait_for(self, report: BulkReport, *states: BulkState) -> BulkReport:
        """With the engine running, and the chores done now and then as a worker does them."""

        def is_there() -> bool:
            self.chores.go_on()
            return self.read(report).bulk.state in states

        eventually(is_there, f"the bulk request is {' or '.join(states)}", seconds=30)
        eventually(lambda: not DBOS.list_workflows(status=["PENDING", "ENQUEUED"]), "the queues are empty")
        return self.read(report)


def single_messages(world: World) -> list[RequestMessage]:
    """Messages about one account alone, which members never have."""
    return [each for each in world.messenger.shown(APPROVALS) if isinstance(each, RequestMessage)]
