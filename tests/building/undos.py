"""Fixes that were applied, and undos of them."""

from dataclasses import replace
from typing import Any

from bot.domain.request import (
    Mode,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from bot.domain.undo import PresentRole, Remains, Removal
from building.values import APPROVER, TEAM, a_plan, a_request, an_approval

ROLE_ID = "AROA0001"
UNDOER = Person(TEAM, "U0UNDOER")


def an_applied_fix(**changes: Any) -> RemediationRequest:
    outcome = Outcome("Created and read back.", role_arn=a_plan().role_arn, role_id=ROLE_ID)
    fix = a_request(RequestState.APPLIED, decision=an_approval(), outcome=outcome)
    return replace(fix, **changes)


def a_removal(**changes: Any) -> Removal:
    """What the applied fix left."""
    plan = a_plan()
    return replace(Removal("fix-1", plan, ROLE_ID, plan.tags("fix-1", APPROVER.user_id)), **changes)


def a_present_role(**changes: Any) -> PresentRole:
    """The role just as the fix left it."""
    plan, removal = a_plan(), a_removal()
    role = PresentRole(
        arn=plan.role_arn,
        role_id=ROLE_ID,
        trust=plan.trust,
        tags=removal.tags,
        permissions_boundary=plan.permissions_boundary,
        max_session_seconds=plan.max_session_seconds,
        policies=(plan.policy_arn,),
    )
    return replace(role, **changes)


def remaining(**changes: Any) -> Remains:
    return Remains(a_present_role(**changes))


def an_undo(state: RequestState = RequestState.PENDING, **changes: Any) -> RemediationRequest:
    undo = a_request(
        state,
        id=RequestId("undo-1"),
        kind=RequestKind.UNDO,
        undoes=RequestId("fix-1"),
        requester=UNDOER,
        reason="the role is not wanted any more",
        mode=Mode.APPLY,
        removal=a_removal(),
    )
    return replace(undo, **changes)
