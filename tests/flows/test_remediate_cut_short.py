"""A run that goes on after a crash, or meets another one: one role, one attachment, each event once."""

import pytest
from building.databases import ON_BOTH
from building.racing import at_once
from building.values import PAYMENTS
from building.world import Change, World

from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.request import RemediationRequest, RequestState
from bot.flows.remediate import Run
from bot.store import operations

NAME = "aws-support-access"
FIX_TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]
UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "AssumeRole: AccessDenied", "Deploy the scan role.")


def pause(world: World) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock())


def make_unreadable(world: World) -> None:
    world.cloud.unreadable[PAYMENTS] = UNREADABLE


class Killed(BaseException):
    """Stands for a process that ends here: nothing catches it on the way."""


def die() -> None:
    raise Killed


def killed_after(world: World, verb: str) -> RemediationRequest:
    """A fix whose process dies right after a call to AWS, before it could record the answer."""
    request = world.approved()
    world.cloud.after[verb] = die
    with pytest.raises(Killed):
        world.fix(request)
    del world.cloud.after[verb]
    return world.request(request.id)


@pytest.mark.parametrize("verb", ["CreateRole", "AttachRolePolicy"])
def test_a_run_that_died_after_a_call_is_ended_by_the_next_without_a_second_effect(world: World, verb: str):
    request = killed_after(world, verb)

    ended = world.fix(request)

    assert ended.state is RequestState.APPLIED
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    assert world.kinds(request.id) == FIX_TRAIL


@pytest.mark.parametrize("verb", ["CreateRole", "AttachRolePolicy"])
@pytest.mark.parametrize(
    ("change", "state"),
    [
        (pause, RequestState.REFUSED),
        (lambda world: world.clock.move(hours=2), RequestState.EXPIRED),
        (make_unreadable, RequestState.FAILED),
        (
            lambda world: world.cloud.faults.update(ReadTarget=AwsError("STS is away", "Throttling")),
            RequestState.FAILED,
        ),
    ],
    ids=["paused", "expired", "unreadable", "fault"],
)
def test_what_a_run_that_died_had_made_is_taken_back_when_it_may_not_go_on(
    world: World, verb: str, change: Change, state: RequestState
):
    request = killed_after(world, verb)

    change(world)
    ended = world.fix(request)

    assert ended.state is state
    assert world.cloud.find(PAYMENTS, NAME) is None
    assert ended.outcome.left_behind == ""
    assert "deleted again" in ended.outcome.text


def test_what_a_run_that_died_had_made_and_cannot_be_taken_back_is_said(world: World):
    request = killed_after(world, "CreateRole")
    pause(world)
    world.cloud.faults["DeleteRole"] = AwsError("DeleteRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert ended.state is RequestState.REFUSED
    assert NAME in ended.outcome.left_behind


def test_a_fix_that_has_ended_is_not_begun_again(world: World):
    request = world.approved()
    world.fix(request)

    again = world.fix(request)

    assert again.state is RequestState.APPLIED
    assert world.kinds(request.id) == FIX_TRAIL
    assert len(world.cloud.calls) == 2


@ON_BOTH
def test_two_attempts_at_once_make_one_role(world: World):
    request = world.approved()
    other = World(world.engine, world.cloud, world.messenger, world.clock)

    def attempt(number: int) -> None:
        run = Run((world, other)[number].parts, request.id)
        try:
            if run.begin():
                run.create() and run.attach() and run.read_back()
        finally:
            run.close()

    at_once(2, attempt)

    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    assert world.request(request.id).state is RequestState.APPLIED
    assert world.kinds(request.id) == FIX_TRAIL


def test_a_fault_that_nobody_foresaw_ends_the_request_where_people_see_it(world: World):
    request = world.approved()
    run = Run(world.parts, request.id)
    run.begin()

    run.stop_on_fault()
    run.close()

    ended = world.request(request.id)
    assert ended.state is RequestState.FAILED
    assert NAME in ended.outcome.left_behind
    assert world.kinds(request.id)[-1] == "change.failed"
