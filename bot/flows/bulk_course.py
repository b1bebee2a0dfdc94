"""The course of a bulk request: what it does next, in one transaction. Nothing of AWS, and no thread waits.

There is no workflow of a bulk request. Each member is an ordinary fix; whenever one ends, when somebody stops
it and every moment besides, `advance` looks at the rows and lets the next members go, or ends it. A crash
anywhere delays that by a moment and loses nothing.
"""

from datetime import timedelta

from sqlalchemy import Connection

from bot.domain.audit import AuditEvent
from bot.domain.bulk import (
    UNDER_WAY,
    BulkReport,
    BulkState,
    Finish,
    Halt,
    Release,
    Wait,
    next_move,
    result_of,
)
from bot.domain.request import Outcome, Person, RemediationRequest, RequestId, RequestState
from bot.flows.desk import Desk
from bot.flows.engine import FIXES
from bot.store import audit, bulks, requests

BOT = "support-role-bot"
HOUR = timedelta(hours=1)
NOBODY = RequestId("")


def advance(desk: Desk, connection: Connection, bulk_id: str) -> None:
    """Do what is next, if anything is; takes the chain's lock, so that of two at once the second sees it."""
    audit.lock_chain(connection)
    report = bulks.read_report(connection, bulk_id)
    if report is None:
        return
    if report.bulk.state is BulkState.PREPARING:
        _ask_if_prepared(desk, connection, report)
    elif report.bulk.state is BulkState.RUNNING:
        _run(desk, connection, report)
    elif report.bulk.state is BulkState.STOPPING:
        _end_if_at_rest(desk, connection, report)


def halt(
    desk: Desk, connection: Connection, report: BulkReport, why: Outcome, *, by: Person | None = None
) -> bool:
    """Begin nothing more: what was approved and has not begun is skipped; False when it runs no longer."""
    bulk = report.bulk
    moved = bulks.move(
        connection,
        bulk.id,
        before=BulkState.RUNNING,
        after=BulkState.STOPPING,
        stopped_by=by,
        outcome=why,
    )
    if moved:
        for member in report.planned:
            _skip(desk, connection, member)
        advance(desk, connection, bulk.id)
    return moved


def _ask_if_prepared(desk: Desk, connection: Connection, report: BulkReport) -> None:
    bulk = report.bulk
    if report.unprepared and desk.clock() < bulk.expires_at:
        return
    for member in report.unprepared:
        text = f"{member.label} was not read in time."
        end_member(desk, connection, member, RequestState.REFUSED, Outcome(text, "Is a worker running?"))
    if report.planned:
        bulks.move(
            connection,
            bulk.id,
            before=BulkState.PREPARING,
            after=BulkState.PENDING,
            plans_hash=report.plans_hash,
        )
        return
    text = f"None of the {len(report.members)} accounts can be fixed: each has its reason."
    outcome = Outcome(text, "/support-role status shows the accounts.")
    if bulks.move(connection, bulk.id, before=BulkState.PREPARING, after=BulkState.REFUSED, outcome=outcome):
        record_bulk(desk, connection, report, "bulk.refused", text)


def _run(desk: Desk, connection: Connection, report: BulkReport) -> None:
    now, limit = desk.clock(), desk.policy.max_changes_per_hour
    made = requests.count_changes(connection, since=now - HOUR, besides=NOBODY)
    move = next_move(report, free_changes=limit - made, limit=limit, now=now)
    if isinstance(move, Release):
        _release(desk, connection, report, move.members)
    elif isinstance(move, Halt):
        halt(desk, connection, report, move.why)
    elif isinstance(move, Wait):
        if move.why:
            bulks.note_outcome(connection, report.bulk, Outcome(move.why))
    elif isinstance(move, Finish):
        _end(desk, connection, report, BulkState.DONE, "bulk.done", Outcome(result_of(report)))


def _release(
    desk: Desk, connection: Connection, report: BulkReport, members: tuple[RemediationRequest, ...]
) -> None:
    if bulks.release(connection, report.bulk, len(members)):
        for member in members:
            desk.enqueue(connection, "remediate", member.id, queue=FIXES, key=f"remediate:{member.id}")


def _end_if_at_rest(desk: Desk, connection: Connection, report: BulkReport) -> None:
    if report.count(*UNDER_WAY):
        return
    why = report.bulk.outcome
    outcome = Outcome(f"{result_of(report)} {why.text}", why.next_step)
    _end(desk, connection, report, BulkState.STOPPED, "bulk.stopped", outcome)


def _end(
    desk: Desk, connection: Connection, report: BulkReport, after: BulkState, kind: str, outcome: Outcome
) -> None:
    bulk = report.bulk
    if bulks.move(connection, bulk.id, before=bulk.state, after=after, outcome=outcome):
        record_bulk(desk, connection, report, kind, outcome.text)


def _skip(desk: Desk, connection: Connection, member: RemediationRequest) -> None:
    """A member whose workflow is queued already finds itself skipped, and does nothing."""
    if member.state is RequestState.APPROVED:
        text = f"{member.label} was not attempted: the bulk request stopped before it came to it."
        outcome = Outcome(text, f"Ask again: /support-role fix {member.account_id}")
        end_member(desk, connection, member, RequestState.SKIPPED, outcome)


MEMBER_KINDS = {
    RequestState.SKIPPED: "fix.skipped",
    RequestState.REFUSED: "fix.refused",
    RequestState.EXPIRED: "fix.expired",
    RequestState.DENIED: "fix.denied",
}


def end_member(
    desk: Desk,
    connection: Connection,
    member: RemediationRequest,
    after: RequestState,
    outcome: Outcome,
    *,
    by: Person | None = None,
) -> bool:
    """End a member together with the others, and record it; False when it had moved on already."""
    moved = requests.move(
        connection, member.id, before=member.state, after=after, now=desk.clock(), outcome=outcome
    )
    if moved:
        record_member(desk, connection, member, MEMBER_KINDS[after], outcome.text, by=by)
    return moved


def record_member(
    desk: Desk,
    connection: Connection,
    member: RemediationRequest,
    kind: str,
    outcome: str,
    *,
    by: Person | None = None,
    **detail: str,
) -> None:
    """Append what was decided about one member; the message in Slack is that of the bulk request."""
    known = {"account_name": member.account_name, "bulk": member.bulk_id}
    audit.record(
        connection,
        AuditEvent(
            kind=kind,
            at=desk.clock(),
            actor=_actor(by),
            outcome=outcome,
            account_id=member.account_id,
            request_id=member.id,
            plan_hash=member.approved_hash,
            detail=tuple(sorted({**known, "requester": member.requester.user_id, **detail}.items())),
        ),
    )


def record_bulk(
    desk: Desk,
    connection: Connection,
    report: BulkReport,
    kind: str,
    outcome: str,
    *,
    by: Person | None = None,
    is_told: bool = True,
    **detail: str,
) -> None:
    """Append what happened to a bulk request as a whole, and tell the audit channel unless it is no news."""
    bulk = report.bulk
    asked = report.planned or report.members
    known = {
        "requester": bulk.requester.user_id,
        "approver": bulk.decision.person.user_id if bulk.decision else "",
        "accounts": ", ".join(member.account_id for member in asked),
        "count": str(len(asked)),
        "mode": bulk.mode.value,
    }
    audit.record(
        connection,
        AuditEvent(
            kind=kind,
            at=desk.clock(),
            actor=_actor(by),
            outcome=outcome,
            request_id=bulk.id,
            plan_hash=bulk.hash,
            detail=tuple(sorted((name, value) for name, value in {**known, **detail}.items() if value)),
        ),
        channel=desk.audit_channel if is_told else "",
    )


def _actor(by: Person | None) -> str:
    return f"{by.team_id}/{by.user_id}" if by else BOT
