"""An undo that AWS refuses, or whose process ends: the next one finds its own work, and tells the truth."""

from dataclasses import replace
from typing import Any

import pytest
from building.undoing import (
    NAME,
    applied,
    approved_undo,
    pause,
    touch,
    undo,
    writes,
)
from building.values import PAYMENTS
from building.world import World

from bot.domain.errors import AwsError
from bot.domain.request import RemediationRequest, RequestState
from bot.domain.undo import PresentRole, Remains
from bot.store import operations, requests

TRAIL = ["undo.requested", "undo.approved", "change.intended", "change.undone"]
OTHER = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
DELETED = [f"DeleteRole {PAYMENTS}"]


class Killed(BaseException):
    """Stands for the end of the process."""


def die() -> None:
    raise Killed


def test_killed_after_the_delete_the_next_run_finds_its_own_work_done(world: World):
    fix = applied(world)
    request = approved_undo(world, fix)
    world.cloud.after["DeleteRole"] = die
    with pytest.raises(Killed):
        undo(world, request)
    del world.cloud.after["DeleteRole"]
    pause(world)

    ended = undo(world, request)

    assert (ended.state, world.request(fix.id).state) == (RequestState.UNDONE, RequestState.UNDONE)
    assert writes(world) == DELETED
    assert world.kinds(request.id) == TRAIL


def test_killed_before_the_delete_the_next_run_asks_the_guards_again(world: World):
    fix = applied(world)
    request = approved_undo(world, fix)
    world.cloud.before["DeleteRole"] = die
    with pytest.raises(Killed):
        undo(world, request)
    del world.cloud.before["DeleteRole"]
    pause(world)

    ended = undo(world, request)

    assert (ended.state, ended.outcome.left_behind) == (RequestState.REFUSED, "")
    assert world.cloud.find(PAYMENTS, NAME) is not None
    assert writes(world) == []


def test_stopped_in_the_middle_of_the_write_it_says_what_is_left(world: World):
    """The policy was detached before the process ended, and a guard refuses the rest."""
    fix = applied(world)
    request = approved_undo(world, fix)
    world.cloud.before["DeleteRole"] = die
    with pytest.raises(Killed):
        undo(world, request)
    del world.cloud.before["DeleteRole"]
    touch(policies=[])(world)
    pause(world)

    ended = undo(world, request)

    assert ended.state is RequestState.FAILED
    assert ended.outcome.left_behind == f"arn:aws:iam::{PAYMENTS}:role/{NAME}, without AWSSupportAccess."
    assert world.kinds(request.id)[-1] == "change.failed"
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=False, by="U1", now=world.clock())
    assert undo(world, approved_undo(world, fix)).state is RequestState.UNDONE


def test_a_write_that_aws_refuses_says_so_and_leaves_the_fix_as_it_was(world: World):
    fix = applied(world)
    denied = AwsError(
        "DetachRolePolicy in payments (111122223333): AccessDenied", "AccessDenied", "aws-denied-1"
    )
    world.cloud.faults["DeleteRole"] = denied

    ended = undo(world, approved_undo(world, fix))

    assert ended.state is RequestState.FAILED
    assert (ended.outcome.text, ended.outcome.left_behind) == (str(denied), "")
    assert ended.outcome.next_step.startswith("Nothing was taken away.")
    assert ended.outcome.aws_request_ids == ("aws-denied-1",)
    assert world.request(fix.id).state is RequestState.APPLIED


def test_a_fault_of_our_own_ends_where_people_see_it(world: World):
    fix = applied(world)
    request = approved_undo(world, fix)
    world.cloud.before["DeleteRole"] = lambda: {}["nothing"]
    world.start()
    world.wait()

    ended = world.request(request.id)
    assert ended.state is RequestState.FAILED
    assert "stopped on a fault of this bot" in ended.outcome.text
    assert "is not known" in ended.outcome.left_behind


def still_shown(world: World, fix: RemediationRequest) -> Any:
    """IAM that goes on to show what was deleted."""
    assert fix.leaves is not None
    plan, left = fix.leaves.plan, fix.leaves
    role = PresentRole(
        plan.role_arn, left.role_id, plan.trust, left.tags, "", plan.max_session_seconds, (POLICY,)
    )
    parts = world.parts
    return replace(parts, aws=replace(parts.aws, read_until_gone=lambda _account, _name: Remains(role)))


def test_a_role_that_is_still_shown_is_not_called_undone_and_a_further_undo_finishes_it(world: World):
    fix = applied(world)

    first = undo(world, approved_undo(world, fix), still_shown(world, fix))

    assert "it is still shown" in first.outcome.text
    assert world.request(fix.id).state is RequestState.APPLIED
    assert world.kinds(first.id)[-1] == "change.unverified"
    second = undo(world, approved_undo(world, fix))
    assert (second.state, world.request(fix.id).state) == (RequestState.UNDONE, RequestState.UNDONE)
    assert writes(world) == DELETED


def test_an_undo_that_could_not_be_read_back_is_no_fix_of_ours(world: World):
    fix = applied(world)
    request = approved_undo(world, fix)
    undo(world, request, still_shown(world, fix))

    with world.engine.connect() as connection:
        (ours,) = requests.read_our_fixes(connection)

    assert ours.at == world.clock()
    assert world.request(request.id).state is RequestState.APPLIED_UNVERIFIED
