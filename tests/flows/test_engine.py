"""The durable engine as we use it: work and rows together, and a database that is away for a moment."""

import sqlite3

import pytest
from building.racing import at_once
from building.values import NOW, PAYMENTS
from building.world import World
from dbos import DBOS
from sqlalchemy import insert, select
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.domain.request import RemediationRequest, RequestState
from bot.flows.engine import FIXES, new_executor_id, step
from bot.store.engine import is_outage
from bot.store.tables import deliveries


def test_work_is_enqueued_with_its_rows_or_not_at_all(world: World):
    with world.engine.connect() as connection:
        connection.execute(insert(deliveries).values(key="k", at=NOW))
        world.desk.enqueue(connection, "remediate", "fix-1", queue=FIXES, key="remediate:fix-1")
        connection.rollback()

    assert world.desk.enqueue.client.list_workflows() == []
    with world.engine.connect() as connection:
        assert connection.execute(select(deliveries)).all() == []


def test_the_same_work_enqueued_by_many_runs_once(world: World):
    request = world.approved()

    def enqueue(_: int) -> None:
        with world.engine.begin() as connection:
            key = f"remediate:{request.id}"
            world.desk.enqueue(connection, "remediate", request.id, queue=FIXES, key=key)

    at_once(5, enqueue)
    world.start()
    world.wait()

    assert len(DBOS.list_workflows(name="remediate")) == 1
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]


@pytest.mark.parametrize("call", ["ReadTarget", "CreateRole"])
def test_a_database_that_is_away_for_a_moment_fails_nothing(world: World, call: str):
    def be_away_once() -> None:
        del world.cloud.before[call]
        raise OperationalError("UPDATE requests", {}, sqlite3.OperationalError("database is locked"))

    request = world.approved()
    world.cloud.before[call] = be_away_once
    world.start()
    world.wait()

    assert world.request(request.id).state is RequestState.APPLIED
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]


def test_a_fault_that_nobody_foresaw_ends_the_fix_where_people_see_it(world: World):
    request = world.approved()
    world.cloud.before["AttachRolePolicy"] = lambda: 1 // 0
    world.start()
    world.wait()

    ended = world.request(request.id)
    assert ended.state is RequestState.FAILED
    assert "fault of this bot" in ended.outcome.text
    assert "aws-support-access" in ended.outcome.left_behind
    assert isinstance(world.ask(), RemediationRequest)


def test_no_two_processes_have_the_same_name():
    assert len({new_executor_id() for _ in range(50)}) == 50


def test_a_step_waits_for_as_long_as_a_fail_over_takes():
    options = step("any")

    pauses = [
        options["interval_seconds"] * options["backoff_rate"] ** number
        for number in range(options["max_attempts"] - 1)
    ]

    assert 240 < sum(pauses) < 400


CLOSED = sqlite3.InterfaceError("the connection is closed")


@pytest.mark.parametrize(
    ("fault", "is_one"),
    [
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError("server closed the connection")), True),
        (InterfaceError("SELECT 1", {}, CLOSED, connection_invalidated=True), True),
        (PoolTimeout("QueuePool limit of size 10 overflow 10 reached"), True),
        (InterfaceError("SELECT 1", {}, CLOSED), False),
        (ProgrammingError("SELECT x", {}, sqlite3.ProgrammingError("no such column")), False),
        (ValueError("no"), False),
    ],
)
def test_a_connection_that_broke_or_was_not_to_be_had_is_an_outage(fault: Exception, *, is_one: bool):
    assert is_outage(fault) is is_one
