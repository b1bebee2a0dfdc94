"""An undo, step by step and without the queues."""

from dataclasses import replace
from typing import Any

from adapters.messenger import RequestMessage

from bot.domain.guards import Refused
from bot.domain.request import Person, RemediationRequest, RequestState
from bot.flows import engine as durable
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer
from bot.flows.undo import ask_for_undo
from bot.flows.undo_run import UndoRun
from bot.flows.undoer import Undoer
from bot.store import operations, requests
from building.undos import UNDOER, a_removal, an_applied_fix
from building.values import APPROVALS, PAYMENTS, an_account
from building.world import Change, World

NAME = "aws-support-access"
REASON = "the role is not wanted any more"


def applied(world: World) -> RemediationRequest:
    """A fix of ours whose role is there."""
    fix = world.fix(world.approved())
    assert fix.state is RequestState.APPLIED, fix
    return fix


def already_applied(world: World) -> RemediationRequest:
    """A fix that has ended, with what it left, without the way there."""
    fix = an_applied_fix()
    with world.engine.begin() as connection:
        requests.add_request(connection, replace(fix, state=RequestState.APPLIED_UNVERIFIED))
        requests.move(
            connection,
            fix.id,
            before=RequestState.APPLIED_UNVERIFIED,
            after=RequestState.APPLIED,
            now=world.clock(),
            plan=fix.plan,
            decision=fix.decision,
            outcome=fix.outcome,
        )
    left = a_removal()
    made = {"role_id": left.role_id, "trust": left.plan.trust, "tags": list(left.tags)}
    world.cloud.add_role(an_account(), NAME, **made)
    return fix


def ask_undo(
    world: World, fix: RemediationRequest, requester: Person = UNDOER
) -> RemediationRequest | Refused:
    return ask_for_undo(world.desk, fix_id=fix.id, requester=requester, reason=REASON, channel="C0ORIGIN")


def prepare_undo(world: World, asked: RemediationRequest | Refused) -> RemediationRequest:
    assert isinstance(asked, RemediationRequest), asked
    Undoer(world.parts).prepare(asked.id)
    Preparer(world.parts).announce(asked.id)
    return world.request(asked.id)


def pending_undo(world: World, fix: RemediationRequest, requester: Person = UNDOER) -> RemediationRequest:
    """An undo that waits for its decision."""
    undo = prepare_undo(world, ask_undo(world, fix, requester))
    assert undo.state is RequestState.PENDING, undo
    return undo


def approved_undo(world: World, fix: RemediationRequest) -> RemediationRequest:
    approved = world.approve(pending_undo(world, fix))
    assert isinstance(approved, RemediationRequest), approved
    return approved


def undo(world: World, request: RemediationRequest, parts: Parts | None = None) -> RemediationRequest:
    """Do what the workflow does, in this thread; the request as it ended."""
    durable.prepare_engine(world.engine, "direct")
    run = UndoRun(parts or world.parts, request.id)
    try:
        run.go()
    finally:
        run.close()
        durable.stop(seconds=0)
    return world.request(request.id)


def writes(world: World) -> list[str]:
    """What was written since the fix."""
    return [call for call in world.cloud.calls if call not in FIXED]


FIXED = (f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}")


def pause(world: World) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock())


def shown(world: World) -> list[RequestMessage]:
    return [each for each in world.messenger.shown(APPROVALS) if isinstance(each, RequestMessage)]


def touch(**changes: Any) -> Change:
    def change(world: World) -> None:
        role = world.cloud.find(PAYMENTS, NAME)
        assert role is not None
        for name, value in changes.items():
            setattr(role, name, value)

    return change
