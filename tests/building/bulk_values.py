"""Bulk requests as values: a test names only what matters to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.account import Account
from bot.domain.bulk import Bulk, BulkId, BulkReport, BulkState
from bot.domain.request import MessageRef, Mode, Outcome, RemediationRequest, RequestId, RequestState
from building.values import ASKER, NOW, a_plan, a_request, an_account

TTL = timedelta(hours=1)


def some_accounts(count: int) -> tuple[Account, ...]:
    """`account 1` and so on; the first is the canary unless another is chosen."""
    return tuple(an_account(f"{number:012d}", name=f"account {number}") for number in range(1, count + 1))


def a_bulk(state: BulkState = BulkState.PENDING, **changes: Any) -> Bulk:
    bulk = Bulk(
        id=BulkId("bulk-1"),
        requester=ASKER,
        reason="the audit asks for it",
        mode=Mode.APPLY,
        state=state,
        wave_size=2,
        created_at=NOW,
        expires_at=NOW + TTL,
        origin=MessageRef("C0ORIGIN", ""),
    )
    return replace(bulk, **changes)


def a_member(number: int, state: RequestState = RequestState.PENDING, **changes: Any) -> RemediationRequest:
    (account,) = some_accounts(number)[number - 1 :]
    member = a_request(
        state,
        id=RequestId(f"fix-1-{number:03d}"),
        account_id=account.id,
        account_name=account.name,
        plan=a_plan(account),
        outcome=Outcome(f"How it ended in {account.name}.") if state in ENDED else Outcome(),
        bulk_id="bulk-1",
    )
    return replace(member, **changes)


ENDED = frozenset(RequestState) - {
    RequestState.PREPARING,
    RequestState.PENDING,
    RequestState.APPROVED,
    RequestState.APPLYING,
}


def a_report(*states: RequestState, bulk: Bulk | None = None, **changes: Any) -> BulkReport:
    """A bulk request whose members are in these states, in their order."""
    members = tuple(a_member(number, state) for number, state in enumerate(states, start=1))
    return BulkReport(replace(bulk or a_bulk(), **changes), members)
