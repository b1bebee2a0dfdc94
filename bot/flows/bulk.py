"""The Slack side of a bulk request: asking for one, deciding about it, stopping it. Nothing of AWS.

A click moves the request and all its members, records each, and lets the canary go, in one transaction.
"""

from dataclasses import dataclass, replace
from secrets import token_hex

from sqlalchemy import Connection

from bot.domain import guards
from bot.domain.account import Account, AccountId
from bot.domain.bulk import WAVE_SIZE, Bulk, BulkId, BulkReport, BulkState
from bot.domain.bulk_guards import (
    AT_BULK_DECISION,
    AT_BULK_DENIAL,
    AT_BULK_REQUEST,
    AT_STOP,
    BulkContext,
    BulkIsRunning,
)
from bot.domain.errors import StoreError
from bot.domain.guards import Click, GuardOf, Refused
from bot.domain.request import (
    Approval,
    MessageRef,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestState,
)
from bot.flows.ask import NOT_KNOWN, Decider, approval_of, context_of, open_already, place_of, refuse_unknown
from bot.flows.bulk_course import advance, end_member, halt, record_bulk, record_member
from bot.flows.desk import Desk
from bot.flows.engine import PLANS
from bot.store import accounts, audit, bulks, requests

TOO_LATE = frozenset({guards.RequestIsPending().name, BulkIsRunning().name})
"""Refusals of those who lost a race: they stand in the chain, and need no message each."""


@dataclass(frozen=True, slots=True)
class BulkWish:
    """What somebody asks for in the form."""

    account_ids: tuple[AccountId, ...]
    """The canary first."""
    requester: Person
    reason: str
    channel: str
    wave_size: int = WAVE_SIZE


def ask_for_bulk(desk: Desk, wish: BulkWish) -> BulkReport | Refused:
    """Write a bulk request and its members down, and have each one's plan made."""
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        bulk = _draft(desk, wish)
        found = [
            accounts.read_account(connection, account_id) for account_id in dict.fromkeys(wish.account_ids)
        ]
        known = [account for account in found if account is not None]
        report = BulkReport(bulk, tuple(_member(bulk, account, at) for at, account in enumerate(known)))
        refusal = _never(desk, connection, report)
        if refusal is not None:
            record_bulk(
                desk,
                connection,
                report,
                "bulk.refused",
                refusal.reason,
                by=wish.requester,
                guard=refusal.guard,
            )
            return refusal
        bulks.add_bulk(connection, bulk)
        for member in report.members:
            _add_member(desk, connection, member)
        text = f"<@{wish.requester.user_id}> asked for fixes of {len(known)} accounts."
        record_bulk(desk, connection, report, "bulk.requested", text, by=wish.requester, reason=wish.reason)
    return report


def approve_bulk(desk: Desk, bulk_id: str, decider: Decider) -> BulkReport | Refused:
    """Approve all or nothing: the guards of the whole and those of every member must allow it."""
    with desk.engine.begin() as connection:
        report = _opened(desk, connection, bulk_id, decider, AT_BULK_DECISION)
        if isinstance(report, Refused):
            return report
        refusal = _member_refusal(desk, connection, report, decider)
        if refusal is not None:
            return refusal
        person = decider.click.person
        decision = approval_of(decider, report.bulk.hash, desk.clock())
        bulks.move(
            connection, report.bulk.id, before=BulkState.PENDING, after=BulkState.RUNNING, decision=decision
        )
        for member in report.planned:
            _approve_member(desk, connection, member, decision)
        decided = replace(report, bulk=replace(report.bulk, decision=decision))
        text = f"<@{person.user_id}> approved the fixes of {len(report.planned)} accounts."
        where = place_of(decider.click)
        record_bulk(desk, connection, decided, "bulk.approved", text, by=person, where=where)
        advance(desk, connection, report.bulk.id)
        return bulks.read_report(connection, bulk_id) or decided


def deny_bulk(desk: Desk, bulk_id: str, decider: Decider) -> BulkReport | Refused:
    """Deny all of it, which any member in the approval channel may do while it is undecided."""
    with desk.engine.begin() as connection:
        report = _opened(desk, connection, bulk_id, decider, AT_BULK_DENIAL)
        if isinstance(report, Refused):
            return report
        person = decider.click.person
        decision = approval_of(decider, report.bulk.hash, desk.clock())
        text = f"<@{person.user_id}> denied the fixes of {len(report.planned)} accounts."
        bulks.move(
            connection,
            report.bulk.id,
            before=BulkState.PENDING,
            after=BulkState.DENIED,
            decision=decision,
            outcome=Outcome(text),
        )
        for member in report.planned:
            end_member(desk, connection, member, RequestState.DENIED, Outcome(text), by=person)
        where = place_of(decider.click)
        record_bulk(desk, connection, report, "bulk.denied", text, by=person, where=where)
        return bulks.read_report(connection, bulk_id) or report


def stop_bulk(desk: Desk, bulk_id: str, decider: Decider) -> BulkReport | Refused:
    """Begin nothing more; what has begun goes to its end, for half a role helps nobody."""
    with desk.engine.begin() as connection:
        report = _opened(desk, connection, bulk_id, decider, AT_STOP)
        if isinstance(report, Refused):
            return report
        person = decider.click.person
        why = Outcome(f"<@{person.user_id}> stopped it.", "Ask again for the accounts that are left.")
        where = place_of(decider.click)
        record_bulk(desk, connection, report, "bulk.stop-asked", why.text, by=person, where=where)
        halt(desk, connection, report, why, by=person)
        return bulks.read_report(connection, bulk_id) or report


def expire_bulk(desk: Desk, bulk_id: str) -> None:
    """Close what nobody decided in time; the guard `not_expired` had refused it since."""
    with desk.engine.begin() as connection:
        report = _locked(connection, bulk_id)
        if report is None or report.bulk.state is not BulkState.PENDING:
            return
        text = f"Nobody decided about the fixes of {len(report.planned)} accounts in time."
        outcome = Outcome(text, "Ask again: /support-role fix verdict:fail")
        bulks.move(
            connection, report.bulk.id, before=BulkState.PENDING, after=BulkState.EXPIRED, outcome=outcome
        )
        for member in report.planned:
            end_member(desk, connection, member, RequestState.EXPIRED, Outcome(text))
        record_bulk(desk, connection, report, "bulk.expired", text)


def _draft(desk: Desk, wish: BulkWish) -> Bulk:
    now = desk.clock()
    return Bulk(
        id=BulkId(f"bulk-{token_hex(10)}"),
        requester=wish.requester,
        reason=wish.reason,
        mode=desk.policy.mode,
        state=BulkState.PREPARING,
        wave_size=max(1, wish.wave_size),
        created_at=now,
        expires_at=now + desk.request_ttl,
        origin=MessageRef(wish.channel, ""),
    )


def _member(bulk: Bulk, account: Account, at: int) -> RemediationRequest:
    """The ids of members sort in their order; each is a session name in AWS, so it must be short."""
    return RemediationRequest(
        id=RequestId(f"{bulk.id.replace('bulk', 'fix', 1)}-{at:03d}"),
        account_id=account.id,
        account_name=account.name,
        requester=bulk.requester,
        reason=bulk.reason,
        mode=bulk.mode,
        state=RequestState.PREPARING,
        created_at=bulk.created_at,
        expires_at=bulk.expires_at,
        origin=bulk.origin,
        bulk_id=bulk.id,
    )


def _add_member(desk: Desk, connection: Connection, member: RemediationRequest) -> None:
    other = open_already(connection, member)
    requests.add_request(connection, member)
    text = f"<@{member.requester.user_id}> asked for a fix of {member.label}, with others."
    record_member(desk, connection, member, "fix.requested", text, by=member.requester, reason=member.reason)
    if other is not None:
        outcome = Outcome(other.reason, other.next_step)
        end_member(desk, connection, member, RequestState.REFUSED, outcome)
        return
    desk.enqueue(connection, "prepare_member", member.id, queue=PLANS, key=f"prepare:{member.id}")


def _never(desk: Desk, connection: Connection, report: BulkReport) -> Refused | None:
    """Why it could never be approved, as far as that can be told without AWS."""
    if not report.members:
        return Refused("account_in_scope", "None of these accounts is in scope.", "See /support-role status.")
    nobody = Decider(Click(report.bulk.requester, "", is_shared_channel=None), None, {})
    context = context_of(desk, connection, report.members[0], nobody)
    return guards.first_refusal((guards.RemediationEnabled(),), context) or guards.first_refusal(
        AT_BULK_REQUEST, _context(desk, report, nobody)
    )


def _locked(connection: Connection, bulk_id: str) -> BulkReport | None:
    """The bulk request, after everybody else who decides something is done."""
    audit.lock_chain(connection)
    return bulks.read_report(connection, bulk_id)


def _context(desk: Desk, report: BulkReport, decider: Decider) -> BulkContext:
    return BulkContext(desk.clock(), desk.policy, report, decider.click, decider.facts, decider.group_members)


def _opened(
    desk: Desk,
    connection: Connection,
    bulk_id: str,
    decider: Decider,
    rules: tuple[GuardOf[BulkContext], ...],
) -> BulkReport | Refused:
    """What is decided about, once every guard of the whole allows it."""
    report = _locked(connection, bulk_id)
    if report is None:
        person, where = decider.click.person, place_of(decider.click)
        return refuse_unknown(desk, connection, "bulk.refused", person, NOT_KNOWN, about=bulk_id, where=where)
    refusal = guards.first_refusal(rules, _context(desk, report, decider))
    return report if refusal is None else _refuse(desk, connection, report, decider, refusal)


def _member_refusal(
    desk: Desk, connection: Connection, report: BulkReport, decider: Decider
) -> Refused | None:
    """The first member about which a guard of a fix refuses, with its name."""
    for member in report.planned:
        context = context_of(desk, connection, member, decider)
        refusal = guards.first_refusal(guards.AT_DECISION, context)
        if refusal is not None:
            about = replace(refusal, reason=f"{member.label}: {refusal.reason}")
            return _refuse(desk, connection, report, decider, about)
    return None


def _refuse(
    desk: Desk, connection: Connection, report: BulkReport, decider: Decider, refusal: Refused
) -> Refused:
    record_bulk(
        desk,
        connection,
        report,
        "bulk.refused",
        refusal.reason,
        by=decider.click.person,
        is_told=refusal.guard not in TOO_LATE,
        guard=refusal.guard,
        where=place_of(decider.click),
    )
    return refusal


def _approve_member(
    desk: Desk, connection: Connection, member: RemediationRequest, decision: Approval
) -> None:
    own = replace(decision, plan_hash=member.approved_hash)
    moved = requests.move(
        connection,
        member.id,
        before=RequestState.PENDING,
        after=RequestState.APPROVED,
        now=decision.at,
        decision=own,
    )
    if not moved:
        raise StoreError(f"{member.label} moved on while it was approved. Nothing was approved; try again.")
    text = f"<@{decision.person.user_id}> approved the fix of {member.label}, with others."
    record_member(desk, connection, member, "fix.approved", text, by=decision.person)
