"""The Slack side of a fix: asking for one, and deciding about it or about an undo. Rows, guards and audit.

A click moves the row, records it and enqueues the work in one transaction: all of it happens, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Connection

from bot.domain import guards
from bot.domain.account import AccountId
from bot.domain.audit import AuditEvent
from bot.domain.guards import Click, Context, Guard, Refused
from bot.domain.people import PersonFacts
from bot.domain.plan import build_plan
from bot.domain.request import (
    Approval,
    MessageRef,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from bot.flows.desk import Desk
from bot.flows.engine import FIXES
from bot.store import accounts, audit, operations, requests

HOUR = timedelta(hours=1)
WORKFLOWS = {RequestKind.FIX: "remediate", RequestKind.UNDO: "undo"}
"""What an approval sets going."""
APP_HOME = "App Home"
KIND_WORDS = {RequestKind.FIX: "A fix", RequestKind.UNDO: "An undo"}


@dataclass(frozen=True, slots=True)
class Decider:
    """Who clicked, and what Slack said about them just now; None where it could not say."""

    click: Click
    facts: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None]


def ask_for_fix(
    desk: Desk,
    *,
    account_id: AccountId,
    requester: Person,
    reason: str,
    channel: str,
) -> RemediationRequest | Refused:
    """Write a request down and have its plan made; refused when one for the account is open already."""
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        account = accounts.read_account(connection, account_id)
        request = draft_request(
            desk,
            RequestKind.FIX,
            account_id=account_id,
            account_name=account.name if account else "",
            requester=requester,
            reason=reason,
            channel=channel,
        )
        refusal = open_already(connection, request) or why_never(
            desk, connection, request, guards.AT_FIX_ASKED
        )
        if refusal is not None:
            record(desk, connection, request, "fix.refused", requester, refusal.reason, guard=refusal.guard)
            return refusal
        requests.add_request(connection, request)
        outcome = f"<@{requester.user_id}> asked for a fix of {request.label}."
        record(desk, connection, request, "fix.requested", requester, outcome, reason=reason)
        desk.enqueue(connection, "prepare_fix", request.id, queue=FIXES, key=f"prepare:{request.id}")
    return request


def draft_request(
    desk: Desk,
    kind: RequestKind,
    *,
    account_id: AccountId,
    account_name: str,
    requester: Person,
    reason: str,
    channel: str,
) -> RemediationRequest:
    """A request as it is asked for, before anything was read in AWS."""
    now = desk.clock()
    return RemediationRequest(
        id=RequestId(f"{kind.value}-{token_hex(10)}"),
        account_id=account_id,
        account_name=account_name,
        requester=requester,
        reason=reason,
        mode=desk.policy.mode,
        state=RequestState.PREPARING,
        created_at=now,
        expires_at=now + desk.request_ttl,
        origin=MessageRef(channel, ""),
        kind=kind,
    )


def approve(desk: Desk, request_id: str, decider: Decider) -> RemediationRequest | Refused:
    """Approve, if every guard allows it; of many clicks at once one wins, and the others are told."""
    with desk.engine.begin() as connection:
        context = _opened(desk, connection, request_id, decider, guards.DECISION)
        if isinstance(context, Refused):
            return context
        request = context.request
        decision = approval_of(decider, request.approved_hash, context.now)
        moved = requests.move(
            connection,
            request.id,
            before=RequestState.PENDING,
            after=RequestState.APPROVED,
            now=decision.at,
            decision=decision,
        )
        if not moved:
            return _refuse(desk, connection, context, _lost(connection, request))
        kind, workflow = request.kind.value, WORKFLOWS[request.kind]
        outcome = f"<@{decision.person.user_id}> approved the {kind} of {request.label}."
        where = place_of(decider.click)
        record(desk, connection, request, f"{kind}.approved", decision.person, outcome, where=where)
        desk.enqueue(connection, workflow, request.id, queue=FIXES, key=f"{workflow}:{request.id}")
        return requests.read_request(connection, request.id) or request


def deny(desk: Desk, request_id: str, decider: Decider) -> RemediationRequest | Refused:
    """Deny, which any member in the approval channel may do while the request is undecided."""
    with desk.engine.begin() as connection:
        context = _opened(desk, connection, request_id, decider, guards.DENIAL)
        if isinstance(context, Refused):
            return context
        request = context.request
        decision = approval_of(decider, request.approved_hash, context.now)
        kind = request.kind.value
        outcome = f"<@{decision.person.user_id}> denied the {kind} of {request.label}."
        moved = requests.move(
            connection,
            request.id,
            before=RequestState.PENDING,
            after=RequestState.DENIED,
            now=decision.at,
            decision=decision,
            outcome=Outcome(outcome),
        )
        if not moved:
            return _refuse(desk, connection, context, _lost(connection, request))
        where = place_of(decider.click)
        record(desk, connection, request, f"{kind}.denied", decision.person, outcome, where=where)
        return requests.read_request(connection, request.id) or request


def context_of(
    desk: Desk,
    connection: Connection,
    request: RemediationRequest,
    decider: Decider,
) -> Context:
    """What the guards look at, with the account and its facts as the store knows them."""
    account = accounts.read_account(connection, request.account_id)
    target = requests.read_target(connection, request.id)
    now = desk.clock()
    return Context(
        now=now,
        policy=desk.policy,
        paused=operations.is_paused(connection),
        request=request,
        click=decider.click,
        clicker=decider.facts,
        group_members=decider.group_members,
        account=account,
        target=target,
        plan_now=build_plan(account, desk.role, target.facts) if account and target else None,
        changes_in_last_hour=requests.count_changes(connection, since=now - HOUR, besides=request.id),
        remains=requests.read_remains(connection, request.id),
    )


def approval_of(decider: Decider, plan_hash: str, at: datetime) -> Approval:
    """What is kept of a decision: who made it, where and about what."""
    click = decider.click
    return Approval(click.person, click.channel_id, plan_hash, at, is_home=click.is_home)


def _opened(
    desk: Desk,
    connection: Connection,
    request_id: str,
    decider: Decider,
    rules: Mapping[RequestKind, tuple[Guard, ...]],
) -> Context | Refused:
    """What is decided about, once every guard allows it; its caller holds the chain, and decides alone."""
    audit.lock_chain(connection)
    request = requests.read_request(connection, request_id)
    if request is None or request.bulk_id:
        person, where = decider.click.person, place_of(decider.click)
        return refuse_unknown(
            desk, connection, "fix.refused", person, NOT_KNOWN, about=request_id, where=where
        )
    context = context_of(desk, connection, request, decider)
    refusal = guards.first_refusal(rules[request.kind], context)
    return context if refusal is None else _refuse(desk, connection, context, refusal)


def _refuse(desk: Desk, connection: Connection, context: Context, refusal: Refused) -> Refused:
    person, request = context.click.person, context.request
    kind = f"{request.kind.value}.refused"
    where = place_of(context.click)
    record(desk, connection, request, kind, person, refusal.reason, guard=refusal.guard, where=where)
    return refusal


def place_of(click: Click) -> str:
    """Where somebody clicked, as the audit has it: a channel's id, or App Home."""
    return APP_HOME if click.is_home else click.channel_id


def _lost(connection: Connection, request: RemediationRequest) -> Refused:
    winner = requests.read_request(connection, request.id)
    standing = winner.standing if winner else "gone"
    return Refused("request_is_pending", f"Somebody was faster: this request is already {standing}.")


def open_already(connection: Connection, request: RemediationRequest) -> Refused | None:
    """Why a request must wait: one at a time for each account, whether fix or undo."""
    other = requests.read_open_for(connection, request.account_id)
    if other is None:
        return None
    who = f"<@{other.requester.user_id}>"
    return Refused(
        "one_request_at_a_time",
        f"{KIND_WORDS[other.kind]} of {request.label} is already {other.state.value}; {who} asked for it.",
        "Wait for its decision, or have it denied.",
    )


def why_never(
    desk: Desk, connection: Connection, request: RemediationRequest, rules: tuple[Guard, ...]
) -> Refused | None:
    """Why a request could never be approved, as far as that can be told without AWS and before any click."""
    nobody = Click(request.requester, channel_id="", is_shared_channel=None)
    context = context_of(desk, connection, request, Decider(nobody, None, {}))
    return guards.first_refusal(rules, context)


NOT_KNOWN = Refused("request_is_pending", "This request is not known here.", "Ask again: /support-role fix")
_LONGEST_ID = 40


def refuse_unknown(
    desk: Desk,
    connection: Connection,
    kind: str,
    person: Person,
    refusal: Refused,
    *,
    about: str = "",
    account_id: str = "",
    where: str,
) -> Refused:
    """Record a click on what is not known here, and needs no message; `about` is the id that it bore."""
    event = AuditEvent(
        kind=kind,
        at=desk.clock(),
        actor=f"{person.team_id}/{person.user_id}",
        outcome=refusal.reason,
        account_id=account_id,
        request_id=about[:_LONGEST_ID],
        detail=(("guard", refusal.guard), ("where", where)),
    )
    audit.record(connection, event)
    return refusal


def record(
    desk: Desk,
    connection: Connection,
    request: RemediationRequest,
    kind: str,
    person: Person,
    outcome: str,
    **detail: str,
) -> None:
    """Append what a person did about a request."""
    audit.record(
        connection,
        AuditEvent(
            kind=kind,
            at=desk.clock(),
            actor=f"{person.team_id}/{person.user_id}",
            outcome=outcome,
            account_id=request.account_id,
            request_id=request.id,
            plan_hash=request.approved_hash,
            detail=tuple(sorted({"account_name": request.account_name, **detail}.items())),
        ),
        # Many clicks at once have one winner; the losers stand in the chain, and need no message each.
        channel="" if detail.get("guard") == guards.RequestIsPending().name else desk.audit_channel,
    )
