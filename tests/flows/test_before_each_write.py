"""What is set while AWS is being talked to holds for the very next write, and what was made by then goes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from building.cutting import Cut, CutCloud
from building.databases import ON_BOTH
from building.undoing import NAME, already_applied, approved_undo, pause, undo
from building.values import PAYMENTS, an_account
from building.world import Change, World
from sqlalchemy import Engine

from bot.domain.account import AccountState
from bot.domain.errors import AwsError
from bot.domain.freeze import FreezeWindow
from bot.domain.request import RequestState
from bot.flows import engine as durable
from bot.store import operations

CREATED, ATTACHED = f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"
DETACHED, DELETED = f"DetachRolePolicy {PAYMENTS}", f"DeleteRole {PAYMENTS}"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"


def suspend(world: World) -> None:
    world.cloud.accounts = {PAYMENTS: an_account(state=AccountState.SUSPENDED)}
    world.read_inventory()


CHANGES: list[tuple[str, Change, RequestState, str]] = [
    ("paused", pause, RequestState.REFUSED, "paused by an administrator"),
    ("expired", lambda world: world.clock.move(hours=1), RequestState.EXPIRED, "has expired"),
    ("frozen", lambda world: world.clock.move(minutes=31), RequestState.REFUSED, "frozen until"),
    ("suspended", suspend, RequestState.REFUSED, "SUSPENDED"),
]
CHANGED = pytest.mark.parametrize(
    ("change", "state", "words"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)


@pytest.fixture
def world(database: Engine) -> Iterator[World]:
    """AWS that detaches and deletes in two calls; changes are frozen from half an hour from now."""
    world = World(database, CutCloud(Cut()))
    soon = world.clock() + timedelta(minutes=30)
    world.set_policy(freeze=(FreezeWindow(f"{soon.minute} {soon.hour} * * *", 10, "UTC"),))
    yield world
    durable.stop(seconds=0)


@CHANGED
def test_what_comes_between_create_and_attach_stops_the_attach_and_takes_the_role_back(
    world: World, change: Change, state: RequestState, words: str
):
    request = world.approved()
    world.cloud.after["CreateRole"] = lambda: change(world)

    ended = world.fix(request)

    assert world.cloud.calls == [CREATED, DELETED]
    assert world.cloud.find(PAYMENTS, NAME) is None
    assert (ended.state, ended.outcome.left_behind) == (state, "")
    assert words in ended.outcome.text
    assert "deleted again" in ended.outcome.text
    (last,) = world.events(request.id)[3:]
    assert last["aws_request_ids"] == ["aws-CreateRole-1", "aws-DeleteRole-2"]
    assert "deleted again" in last["outcome"]


@CHANGED
def test_what_comes_between_the_guards_and_create_stops_the_create(
    world: World, change: Change, state: RequestState, words: str
):
    request = world.approved()
    world.cloud.before["CreateRole"] = lambda: change(world)

    ended = world.fix(request)

    assert world.cloud.calls == []
    assert ended.state is state
    assert words in ended.outcome.text
    assert "deleted" not in ended.outcome.text


def test_a_role_that_could_then_not_be_taken_back_is_said_to_be_left(world: World):
    request = world.approved()
    world.cloud.after["CreateRole"] = lambda: pause(world)
    world.cloud.faults["DeleteRole"] = AwsError("DeleteRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert ended.state is RequestState.REFUSED
    assert NAME in ended.outcome.left_behind
    assert world.events(request.id)[-1]["detail"]["left_behind"] == ended.outcome.left_behind
    assert "deleted again" not in ended.outcome.text


@ON_BOTH
def test_a_fix_may_be_asked_for_again_after_it(world: World):
    request = world.approved()
    world.cloud.after["CreateRole"] = lambda: pause(world)
    world.fix(request)
    world.cloud.after.clear()
    resume(world)

    assert world.fix(world.approved()).state is RequestState.APPLIED


@CHANGED
def test_an_undo_that_is_stopped_after_the_detach_leaves_a_role_that_lets_nobody_do_anything(
    world: World, change: Change, state: RequestState, words: str
):
    fix = already_applied(world)
    request = approved_undo(world, fix)
    world.cloud.after["DetachRolePolicy"] = lambda: change(world)

    ended = undo(world, request)

    role = world.cloud.find(PAYMENTS, NAME)
    assert role is not None
    assert role.policies == []
    assert world.cloud.calls == [DETACHED]
    assert ended.state is RequestState.FAILED
    assert words in ended.outcome.text
    assert ended.outcome.left_behind == f"{role.arn}, without AWSSupportAccess."
    assert ended.outcome.aws_request_ids == ("aws-DetachRolePolicy-1",)
    assert world.request(fix.id).state is RequestState.APPLIED


@ON_BOTH
def test_what_an_undo_has_left_a_further_one_takes_away(world: World):
    fix = already_applied(world)
    world.cloud.after["DetachRolePolicy"] = lambda: pause(world)
    undo(world, approved_undo(world, fix))
    resume(world)

    ended = undo(world, approved_undo(world, fix))

    assert (ended.state, world.request(fix.id).state) == (RequestState.UNDONE, RequestState.UNDONE)
    assert world.cloud.calls == [DETACHED, DELETED]


@CHANGED
def test_what_comes_between_the_guards_and_the_detach_leaves_the_role_untouched(
    world: World, change: Change, state: RequestState, words: str
):
    request = approved_undo(world, already_applied(world))
    world.cloud.before["DetachRolePolicy"] = lambda: change(world)

    ended = undo(world, request)

    role = world.cloud.find(PAYMENTS, NAME)
    assert role is not None
    assert role.policies == [POLICY]
    assert (ended.state, ended.outcome.left_behind) == (state, "")
    assert words in ended.outcome.text


def resume(world: World) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=False, by="U1", now=world.clock())
