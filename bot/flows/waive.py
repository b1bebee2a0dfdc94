"""The Slack side of a waiver: asking for one, deciding about it, and taking it back. Rows, guards and audit.

A click moves the row and records it in one transaction. Nothing is enqueued: a waiver changes nothing in AWS,
and a chore of the worker brings its messages in line with the row.
"""

from dataclasses import dataclass
from datetime import date
from secrets import token_hex

from sqlalchemy import Connection

from bot.domain.account import Account, AccountId
from bot.domain.audit import AuditEvent
from bot.domain.errors import StoreError
from bot.domain.finding import Verdict
from bot.domain.guards import Click, GuardOf, Refused, RequestIsPending, first_refusal
from bot.domain.people import PersonFacts
from bot.domain.request import MessageRef, Person
from bot.domain.waiver import (
    WAIVABLE,
    Waiver,
    WaiverDecision,
    WaiverId,
    WaiverState,
    end_of,
    problem_with_end,
    spelled,
)
from bot.domain.waiver_guards import (
    WAIVER_AT_DENIAL,
    WAIVER_AT_GRANT,
    WAIVER_AT_REQUEST,
    WAIVER_AT_REVOCATION,
    WaiverContext,
    WaiverInForce,
)
from bot.flows.ask import Decider, place_of, refuse_unknown
from bot.flows.desk import Desk
from bot.store import accounts, audit, findings, waivers

TOO_LATE = frozenset({RequestIsPending().name, WaiverInForce().name})
"""Refusals of those who lost a race: they stand in the chain, and need no message each."""


@dataclass(frozen=True, slots=True)
class WaiverWish:
    """What somebody asks for in the form."""

    account_id: AccountId
    requester: Person
    owner: str
    owner_facts: PersonFacts | None
    """What Slack said about the owner just now; None where it could not say."""
    reason: str
    until: str
    """The last day, as the form gives it: `2026-01-31`."""
    channel: str


@dataclass(frozen=True, slots=True)
class _Deed:
    """One thing that a person can do to a waiver."""

    rules: tuple[GuardOf[WaiverContext], ...]
    before: WaiverState
    after: WaiverState
    kind: str
    verb: str


GRANT = _Deed(WAIVER_AT_GRANT, WaiverState.PENDING, WaiverState.GRANTED, "waiver.granted", "granted")
DENY = _Deed(WAIVER_AT_DENIAL, WaiverState.PENDING, WaiverState.DENIED, "waiver.denied", "denied")
REVOKE = _Deed(WAIVER_AT_REVOCATION, WaiverState.GRANTED, WaiverState.REVOKED, "waiver.revoked", "revoked")


def ask_for_waiver(desk: Desk, wish: WaiverWish) -> Waiver | Refused:
    """Put a waiver before the approvers; refused when it could have no effect, or waits already."""
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        account = accounts.read_account(connection, wish.account_id)
        if account is None:
            text = f"{wish.account_id} is not in scope."
            refusal = Refused("account_in_scope", text, "See /support-role status.")
            return _refuse_wish(desk, connection, wish, refusal)
        now = desk.clock()
        problem = problem_with_end(wish.until, now=now, zone=desk.zone, max_days=desk.waiver_days)
        if problem:
            refusal = Refused("end_date", problem, f"Ask again: /support-role waive {account.id}")
            return _refuse_wish(desk, connection, wish, refusal)
        waiver = _draft(desk, wish, account)
        why_not = _why_not_asked(desk, connection, waiver, wish)
        if why_not is not None:
            return _refuse(desk, connection, waiver, wish.requester, why_not)
        waivers.add_waiver(connection, waiver)
        who, until = f"<@{wish.requester.user_id}>", spelled(waiver.until)
        outcome = f"{who} asked for a waiver for {waiver.label} until {until}."
        _record(desk, connection, waiver, "waiver.requested", wish.requester, outcome, reason=waiver.reason)
    return waiver


def grant(desk: Desk, waiver_id: str, decider: Decider) -> Waiver | Refused:
    """Grant it, if every guard allows; an older waiver of the account gives way to it."""
    return _do(GRANT, desk, waiver_id, decider)


def deny(desk: Desk, waiver_id: str, decider: Decider) -> Waiver | Refused:
    """Deny, which any member in the approval channel may do while it is undecided."""
    return _do(DENY, desk, waiver_id, decider)


def revoke(desk: Desk, waiver_id: str, decider: Decider) -> Waiver | Refused:
    """End a waiver before its time; needs no second person, for it only makes things stricter."""
    return _do(REVOKE, desk, waiver_id, decider)


def record_event(
    desk: Desk,
    connection: Connection,
    waiver: Waiver,
    kind: str,
    *,
    actor: str,
    outcome: str,
    more: dict[str, str] | None = None,
) -> None:
    """Append an event about a waiver, with whom and what it is about."""
    detail = {
        "account_name": waiver.account_name,
        "requester": waiver.requester.user_id,
        "owner": waiver.owner,
        "until": waiver.until.isoformat(),
        **(more or {}),
    }
    event = AuditEvent(
        kind=kind,
        at=desk.clock(),
        actor=actor,
        outcome=outcome,
        account_id=waiver.account_id,
        request_id=waiver.id,
        detail=tuple(sorted(detail.items())),
    )
    is_loser = detail.get("guard") in TOO_LATE
    audit.record(connection, event, channel="" if is_loser else desk.audit_channel)


_UNKNOWN = Refused("request_is_pending", "This waiver is not known here.", "See /support-role waivers.")


def _refuse_wish(desk: Desk, connection: Connection, wish: WaiverWish, refusal: Refused) -> Refused:
    """Record a wish of which no waiver could be made."""
    person, account_id = wish.requester, wish.account_id
    return refuse_unknown(
        desk, connection, "waiver.refused", person, refusal, account_id=account_id, where=wish.channel
    )


def _do(deed: _Deed, desk: Desk, waiver_id: str, decider: Decider) -> Waiver | Refused:
    person = decider.click.person
    with desk.engine.begin() as connection:
        # Whoever decides holds the chain: of many clicks at once one wins, and the others see its decision.
        audit.lock_chain(connection)
        waiver = waivers.read_waiver(connection, waiver_id)
        if waiver is None:
            where = place_of(decider.click)
            return refuse_unknown(
                desk, connection, "waiver.refused", person, _UNKNOWN, about=waiver_id, where=where
            )
        refusal = first_refusal(deed.rules, _context(desk, connection, waiver, decider))
        if refusal is not None:
            return _refuse(desk, connection, waiver, person, refusal, where=place_of(decider.click))
        if deed is GRANT:
            _replace_older(desk, connection, waiver, person)
        taken = WaiverDecision(person, desk.clock())
        moved = waivers.move(
            connection,
            waiver.id,
            before=deed.before,
            after=deed.after,
            decision=None if deed is REVOKE else taken,
            revocation=taken if deed is REVOKE else None,
        )
        if not moved:
            raise StoreError(f"{waiver.id} was changed in the middle of a decision. Try again.")
        outcome = f"<@{person.user_id}> {deed.verb} the waiver for {waiver.label}."
        where = place_of(decider.click)
        _record(desk, connection, waiver, deed.kind, person, outcome, where=where)
        return waivers.read_waiver(connection, waiver.id) or waiver


def _replace_older(desk: Desk, connection: Connection, waiver: Waiver, person: Person) -> None:
    older = waivers.read_in_force_for(connection, waiver.account_id, now=desk.clock())
    if older is None:
        return
    waivers.move(connection, older.id, before=WaiverState.GRANTED, after=WaiverState.REPLACED)
    outcome = f"A newer waiver for {waiver.label} takes its place."
    _record(desk, connection, older, "waiver.replaced", person, outcome, replaced_by=waiver.id)


def _draft(desk: Desk, wish: WaiverWish, account: Account) -> Waiver:
    now, until = desk.clock(), date.fromisoformat(wish.until)
    ends_at = end_of(until, desk.zone)
    return Waiver(
        id=WaiverId(f"waiver-{token_hex(10)}"),
        account_id=account.id,
        account_name=account.name,
        requester=wish.requester,
        owner=wish.owner,
        reason=wish.reason,
        until=until,
        ends_at=ends_at,
        state=WaiverState.PENDING,
        created_at=now,
        decide_by=min(now + desk.request_ttl, ends_at),
        origin=MessageRef(wish.channel, ""),
    )


def _why_not_asked(desk: Desk, connection: Connection, waiver: Waiver, wish: WaiverWish) -> Refused | None:
    nobody = Decider(Click(wish.requester, channel_id="", is_shared_channel=None), None, {})
    return (
        first_refusal(WAIVER_AT_REQUEST, _context(desk, connection, waiver, nobody))
        or _owner_refusal(wish.owner_facts)
        or why_not_to_ask(connection, waiver.account_id, waiver.label)
    )


def _owner_refusal(owner: PersonFacts | None) -> Refused | None:
    name = "owner_is_a_member"
    if owner is None:
        return Refused(name, "Slack could not say who the owner is just now.", "Try again in a minute.")
    if (
        owner.is_bot
        or owner.is_deleted
        or owner.is_stranger
        or owner.is_restricted
        or owner.is_ultra_restricted
    ):
        text = (
            f"<@{owner.user_id}> cannot be the owner: only full members of this workspace can answer for it."
        )
        return Refused(name, text, "Name somebody who will be here until the end date.")
    return None


def why_not_to_ask(connection: Connection, account_id: AccountId, label: str) -> Refused | None:
    """Why nobody should be asked about a waiver of this account; None when it makes sense."""
    return _nothing_to_waive(connection, account_id, label) or _pending_already(connection, account_id, label)


def _nothing_to_waive(connection: Connection, account_id: AccountId, label: str) -> Refused | None:
    known = findings.read_finding(connection, account_id)
    if known is None:
        return Refused(
            "finding_can_be_waived", f"{label} was not checked yet.", "Run /support-role status first."
        )
    if known.finding.verdict in WAIVABLE:
        return None
    whys = {
        Verdict.PASS: f"{label} has a support role: there is nothing to waive.",
        Verdict.UNKNOWN: f"{label} could not be read, and a waiver never hides that.",
    }
    why = whys.get(known.finding.verdict, f"{label} is not checked: there is nothing to waive.")
    return Refused("finding_can_be_waived", why, f"/support-role status {account_id} checks it anew.")


def _pending_already(connection: Connection, account_id: AccountId, label: str) -> Refused | None:
    other = waivers.read_pending_for(connection, account_id)
    if other is None:
        return None
    text = f"A waiver for {label} waits already; <@{other.requester.user_id}> asked for it."
    return Refused("one_request_at_a_time", text, "Wait for its decision, or have it denied.")


def _context(desk: Desk, connection: Connection, waiver: Waiver, decider: Decider) -> WaiverContext:
    return WaiverContext(
        now=desk.clock(),
        policy=desk.policy,
        waiver=waiver,
        click=decider.click,
        clicker=decider.facts,
        group_members=decider.group_members,
        account=accounts.read_account(connection, waiver.account_id),
    )


def _refuse(
    desk: Desk, connection: Connection, waiver: Waiver, person: Person, refusal: Refused, *, where: str = ""
) -> Refused:
    more = {"guard": refusal.guard, **({"where": where} if where else {})}
    _record(desk, connection, waiver, "waiver.refused", person, refusal.reason, **more)
    return refusal


def _record(
    desk: Desk,
    connection: Connection,
    waiver: Waiver,
    kind: str,
    person: Person,
    outcome: str,
    **more: str,
) -> None:
    actor = f"{person.team_id}/{person.user_id}"
    record_event(desk, connection, waiver, kind, actor=actor, outcome=outcome, more=more)
