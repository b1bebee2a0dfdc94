"""Waivers as they are when all is well: asked for at NOW, and granted at once where they are granted."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.domain.request import MessageRef, Person
from bot.domain.waiver import MOVES, Waiver, WaiverDecision, WaiverId, WaiverState
from building.values import APPROVER, ASKER, NOW, an_account

OWNER = "U0OWNER"
UNTIL = date(2026, 3, 31)


def a_waiver(state: WaiverState = WaiverState.GRANTED, **changes: Any) -> Waiver:
    """For the payments account, until the end of 31 March in UTC."""
    account = an_account()
    waiver = Waiver(
        id=WaiverId("waiver-1"),
        account_id=account.id,
        account_name=account.name,
        requester=ASKER,
        owner=OWNER,
        reason="moves to another organization in April",
        until=UNTIL,
        ends_at=NOW.replace(month=4, day=1, hour=0),
        state=state,
        created_at=NOW,
        decide_by=NOW + timedelta(hours=1),
        origin=MessageRef("C0ORIGIN", ""),
    )
    is_decided = state not in (WaiverState.PENDING, WaiverState.UNDECIDED)
    decision = a_decision() if is_decided else None
    revocation = a_decision() if state is WaiverState.REVOKED else None
    return replace(waiver, **{"decision": decision, "revocation": revocation, **changes})


def a_decision(person: Person = APPROVER, **changes: Any) -> WaiverDecision:
    return replace(WaiverDecision(person, NOW), **changes)


CLOSED = [state for state in WaiverState if state not in MOVES]
