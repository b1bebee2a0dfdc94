"""The Slack side of an undo: asking for one. It is decided like a fix, in `ask`. Nothing of AWS."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.domain import guards
from bot.domain.guards import Refused
from bot.domain.request import Person, RemediationRequest, RequestKind, RequestState
from bot.flows.ask import draft_request, open_already, record, refuse_unknown, why_never
from bot.flows.desk import Desk
from bot.flows.engine import FIXES
from bot.store import audit, requests

BEGUN = frozenset({RequestState.APPLYING, RequestState.FAILED, RequestState.APPLIED_UNVERIFIED})
"""States of an undo that may have taken something away; one that was refused has touched nothing."""


_UNKNOWN = Refused("fix_can_be_undone", "That fix is not known here.", "See /support-role status.")


def ask_for_undo(
    desk: Desk,
    *,
    fix_id: str,
    requester: Person,
    reason: str,
    channel: str,
) -> RemediationRequest | Refused:
    """Write down that an undo is asked for, and have the role read anew; refused where nothing is left."""
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        fix = requests.read_request(connection, fix_id)
        if fix is None or fix.kind is not RequestKind.FIX:
            return refuse_unknown(
                desk, connection, "undo.refused", requester, _UNKNOWN, about=fix_id, where=channel
            )
        request = _draft(desk, fix, requester, reason, channel)
        refusal = (
            _nothing_left(connection, fix)
            or open_already(connection, request)
            or why_never(desk, connection, request, guards.AT_UNDO_ASKED)
        )
        if refusal is not None:
            record(desk, connection, request, "undo.refused", requester, refusal.reason, guard=refusal.guard)
            return refusal
        requests.add_request(connection, request)
        outcome = f"<@{requester.user_id}> asked to undo the fix of {request.label}."
        more = {"reason": reason, "undoes": fix.id}
        record(desk, connection, request, "undo.requested", requester, outcome, **more)
        desk.enqueue(connection, "prepare_undo", request.id, queue=FIXES, key=f"prepare:{request.id}")
    return request


def has_begun(connection: Connection, fix_id: str) -> bool:
    """Whether an approved undo of this fix has written already, or was about to when it stopped."""
    return any(
        undo.state in BEGUN and audit.has_event(connection, undo.id, "change.intended")
        for undo in requests.read_undos(connection, fix_id)
    )


def _draft(
    desk: Desk, fix: RemediationRequest, requester: Person, reason: str, channel: str
) -> RemediationRequest:
    # Nothing of the fix but its account: an undo is decided by itself, whatever the fix was part of.
    draft = draft_request(
        desk,
        RequestKind.UNDO,
        account_id=fix.account_id,
        account_name=fix.account_name,
        requester=requester,
        reason=reason,
        channel=channel,
    )
    return replace(draft, undoes=fix.id)


def _nothing_left(connection: Connection, fix: RemediationRequest) -> Refused | None:
    if fix.leaves is not None:
        return None
    if fix.state is not RequestState.UNDONE:
        text = f"The fix of {fix.label} is {fix.state.value}: it left no role that could be taken away."
        return Refused("fix_can_be_undone", text)
    by = [
        f"<@{u.requester.user_id}>" for u in requests.read_undos(connection, fix.id) if u.state is fix.state
    ]
    who = f"; {by[-1]} asked for that" if by else ""
    return Refused("fix_can_be_undone", f"The fix of {fix.label} is undone already{who}.")
