"""Tidying up: the engine's rows of what has ended go, what has not stays, and nothing runs a second time."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from building.racing import at_once
from building.values import PAYMENTS
from building.world import World
from dbos import DBOS
from sqlalchemy import Engine, Table, func, select, table

from bot.domain.digest import Digest
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import engine as durable
from bot.flows import scan
from bot.flows.desk import DigestSettings, Keep
from bot.flows.digester import Digester
from bot.flows.engine import FIXES, SCANS
from bot.flows.retention import Retention
from bot.store.tables import audit_events, finding_changes, requests, scans

CHANNEL = "C0DIGEST"


def retention(world: World) -> Retention:
    return Retention(world.parts, rest=lambda: None)


def let_weeks_pass(world: World) -> None:
    """The engine goes by a clock of its own, which is the machine's."""
    world.clock.now = max(world.clock.now, datetime.now(UTC)) + timedelta(days=60)


def workflow_ids() -> set[str]:
    return {each.workflow_id for each in DBOS.list_workflows()}


def rows(world: World, of: Table) -> int:
    with world.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(of)).scalar() or 0)


def asked(world: World) -> RemediationRequest:
    request = world.ask()
    assert isinstance(request, RemediationRequest)
    world.wait()
    return request


def again(world: World, workflow: str, *args: str | int, queue: str, key: str) -> None:
    """Enqueue what has run before, under its old id, which is free again."""
    with world.engine.begin() as connection:
        world.desk.enqueue(connection, workflow, *args, queue=queue, key=key)
    world.wait()


def test_the_engines_rows_of_a_fix_go_and_the_same_id_writes_nothing_again(world: World):
    world.start()
    request = asked(world)
    world.approve(request)
    world.wait()
    calls, kinds = list(world.cloud.calls), world.kinds()

    let_weeks_pass(world)
    gone = retention(world).tidy()
    key = f"remediate:{request.id}"
    freed = key not in workflow_ids()
    again(world, "remediate", request.id, queue=FIXES, key=key)
    again(world, "prepare_fix", request.id, queue=FIXES, key=f"prepare:{request.id}")

    assert gone["workflows"] >= 2
    assert freed
    assert world.request(request.id).state is RequestState.APPLIED
    assert world.cloud.calls == calls
    assert world.kinds() == kinds


def test_a_scan_that_is_gone_does_not_run_again_under_its_id(world: World):
    world.start()
    ids = []
    for _ in range(2):
        with world.engine.begin() as connection:
            ids.append(scan.start(world.desk, connection, scope="", reason="status"))
        world.wait()
        world.clock.move(minutes=1)
    reads = len(world.kinds())

    let_weeks_pass(world)
    gone = retention(world).tidy()
    for scan_id in ids:
        again(world, "plan_scan", scan_id, queue=SCANS, key=f"plan:{scan_id}")
        again(world, "scan_batch", scan_id, 0, queue=SCANS, key=f"batch:{scan_id}:0")

    assert gone["scans"] == 1
    assert rows(world, scans) == 1
    assert len(world.kinds()) == reads


def test_a_digest_whose_workflow_is_gone_is_not_posted_again(world: World):
    world.desk = replace(world.desk, digest=DigestSettings(CHANNEL, time(10), ZoneInfo("UTC")))
    world.start()
    digester = Digester(world.parts)
    digester.start_if_due()
    world.wait()
    day = world.messenger.shown(CHANNEL)[0].day

    let_weeks_pass(world)
    retention(world).tidy()
    again(world, "daily_digest", CHANNEL, day.isoformat(), queue=FIXES, key=f"digest:{CHANNEL}:{day}")

    (digest,) = world.messenger.shown(CHANNEL)
    assert isinstance(digest, Digest)


def test_work_that_has_not_ended_is_kept_however_old(world: World):
    with world.engine.begin() as connection:
        scan.start(world.desk, connection, scope="", reason="status")
    durable.prepare_engine(world.engine, "idle")
    durable.launch({FIXES: 1})

    let_weeks_pass(world)
    gone = retention(world).tidy()

    assert gone["workflows"] == 0
    assert [each.status for each in DBOS.list_workflows()] == ["ENQUEUED"]
    assert rows(world, scans) == 1


def test_nothing_is_left_of_the_steps_of_what_is_gone(world: World):
    world.start()
    with world.engine.begin() as connection:
        scan.start(world.desk, connection, scope="", reason="status")
    world.wait()

    let_weeks_pass(world)
    retention(world).tidy()

    with world.engine.connect() as connection:
        tables = ("workflow_status", "workflow_input", "workflow_output", "operation_outputs")
        left = {
            name: connection.execute(select(func.count()).select_from(table(name))).scalar()
            for name in tables
        }
    assert left == dict.fromkeys(tables, 0)


def test_the_audit_log_requests_and_the_present_are_never_touched(world: World):
    world.start()
    request = asked(world)
    with world.engine.begin() as connection:
        scan.start(world.desk, connection, scope="", reason="status")
    world.wait()
    events = world.events()

    world.clock.now = datetime(2060, 1, 1, tzinfo=UTC)
    retention(world).tidy()

    assert world.events() == events
    assert rows(world, audit_events) == len(events)
    assert rows(world, requests) == 1
    assert rows(world, finding_changes) == 1
    assert world.request(request.id).account_id == PAYMENTS


def test_of_many_workers_one_tidies_up_in_an_hour(world: World):
    world.start()
    tidied: list[datetime] = []

    class Counting(Retention):
        def tidy(self) -> dict[str, int]:
            tidied.append(world.clock())
            return super().tidy()

    def chore(_: int) -> None:
        Counting(world.parts, rest=lambda: None).tidy_if_due()

    at_once(4, chore)
    world.clock.move(minutes=59)
    chore(0)
    world.clock.move(minutes=1)
    at_once(4, chore)

    assert [at.hour for at in tidied] == [10, 11]


@pytest.mark.postgres
def test_it_is_the_same_on_postgresql(postgres_engine: Engine):
    world = World(postgres_engine)
    world.desk = replace(world.desk, keep=Keep(scans=timedelta(days=1)))
    world.start()
    for _ in range(2):
        with world.engine.begin() as connection:
            scan.start(world.desk, connection, scope="", reason="status")
        world.wait()
        world.clock.move(minutes=1)

    let_weeks_pass(world)
    gone = retention(world).tidy()
    durable.stop(seconds=0)

    assert gone["scans"] == 1
    assert gone["workflows"] == 4
