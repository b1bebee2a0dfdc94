"""A database that goes away in the middle of a fix: the fix goes on when it is back, and tells the truth."""

from collections.abc import Callable, Iterator
from threading import Timer

import pytest
from adapters.postgres import Postgres
from building.values import AUDIT, PAYMENTS
from building.waiting import eventually
from building.world import World
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from bot.domain.audit import ChainIntact
from bot.domain.request import RequestState
from bot.flows import engine as durable
from bot.store import audit, operations

pytestmark = pytest.mark.postgres
NAME = "aws-support-access"
CALLS = [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
FIX_TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]
AWAY_SECONDS = 1.0


@pytest.fixture
def world(postgres_engine: Engine) -> Iterator[World]:
    yield World(postgres_engine)
    durable.stop(seconds=0)


def cut(postgres: Postgres) -> None:
    postgres.cut_connections()


def restart(postgres: Postgres) -> None:
    postgres.stop()
    back = Timer(AWAY_SECONDS, postgres.start)
    back.start()


Fault = Callable[[Postgres], None]
MOMENTS = ["ReadTarget", "+CreateRole", "+AttachRolePolicy"]


def is_ended(world: World, request_id: str) -> bool:
    try:
        return world.request(request_id).state not in {RequestState.APPROVED, RequestState.APPLYING}
    except OperationalError:
        return False


def fix_with(world: World, postgres: Postgres, fault: Fault, call: str) -> None:
    request = world.approved()
    happened: list[str] = []

    def happen() -> None:
        if not happened:
            happened.append(call)
            fault(postgres)

    (world.cloud.after if call.startswith("+") else world.cloud.before)[call.removeprefix("+")] = happen
    world.start()
    eventually(lambda: is_ended(world, request.id), "the fix has ended", seconds=60)
    world.wait()

    ended, role = world.request(request.id), world.cloud.find(PAYMENTS, NAME)
    assert happened == [call]
    assert ended.state is RequestState.APPLIED
    assert role is not None
    assert (role.role_id, len(role.policies)) == (ended.outcome.role_id, 1)
    assert world.cloud.calls == CALLS
    assert world.kinds(request.id) == FIX_TRAIL
    assert len(world.told()) == 1
    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)
    world.upkeep().show_requests()
    world.upkeep().post_audit()
    assert world.shown_request().request.state is RequestState.APPLIED
    assert len(world.messenger.shown(AUDIT)) == len(FIX_TRAIL)


@pytest.mark.parametrize("call", MOMENTS)
def test_connections_that_are_cut_in_the_middle_of_a_fix_change_nothing_of_it(
    world: World, postgres: Postgres, call: str
):
    fix_with(world, postgres, cut, call)


@pytest.mark.parametrize("call", ["+CreateRole", "ReadBack"])
def test_a_server_that_is_away_for_a_moment_in_the_middle_of_a_fix_delays_it(
    world: World, postgres: Postgres, call: str
):
    fix_with(world, postgres, restart, call)


def test_what_was_paused_while_the_database_was_away_holds_for_the_next_write(
    world: World, postgres: Postgres
):
    request = world.approved()

    def go_away() -> None:
        world.cloud.after.clear()
        with world.engine.begin() as connection:
            operations.set_paused(connection, paused=True, by="U1", now=world.clock())
        postgres.cut_connections()

    world.cloud.after["CreateRole"] = go_away
    world.start()
    eventually(lambda: is_ended(world, request.id), "the fix has ended", seconds=60)

    ended = world.request(request.id)
    assert (ended.state, ended.outcome.left_behind) == (RequestState.REFUSED, "")
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"DeleteRole {PAYMENTS}"]
