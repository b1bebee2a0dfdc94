"""Preparing a request: its facts are read, its plan is made, and it is put before the approvers.

preparing → pending (the approval message stands in Slack) | refused | already-fixed | failed
"""

import logging
from dataclasses import replace
from datetime import datetime

from dbos import DBOS

from bot.domain import guards
from bot.domain.account import Account
from bot.domain.audit import AuditEvent
from bot.domain.errors import AwsError, MessengerError
from bot.domain.facts import AccountFacts
from bot.domain.finding import Finding, Verdict
from bot.domain.guards import Click, Context
from bot.domain.plan import Plan, TargetFacts, build_plan
from bot.domain.request import Outcome, RemediationRequest, RequestId, RequestKind, RequestState
from bot.domain.rule import evaluate
from bot.flows.bulk_course import advance
from bot.flows.desk import Desk
from bot.flows.engine import step
from bot.flows.notices import owe_end, tell_owed
from bot.flows.parts import Parts
from bot.store import accounts, audit, findings, operations, progress, requests

BOT = "support-role-bot"
log = logging.getLogger(__name__)


class Preparer:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def register(self) -> None:
        @DBOS.workflow(name="prepare_fix")
        def prepare_fix(request_id: str) -> None:
            try:
                DBOS.run_step(step("prepare"), self.prepare, RequestId(request_id))
            except Exception:
                # Left in preparation, it would keep the account from being asked for again.
                log.exception("preparation stopped on a fault", extra={"request": request_id})
                DBOS.run_step(step("stop"), self.stop_on_fault, RequestId(request_id))
            DBOS.run_step(step("announce"), self.announce, RequestId(request_id))

    def prepare(self, request_id: RequestId) -> None:
        """Read the account and decide whether there is something to ask of anybody."""
        desk = self._desk
        with desk.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
            account = accounts.read_account(connection, request.account_id) if request else None
            everybody = accounts.read_accounts(connection)
            paused = operations.is_paused(connection)
        if request is None or request.state is not RequestState.PREPARING:
            return
        if account is None:
            self._end(request, RequestState.REFUSED, Outcome(f"{request.label} is no longer in scope."))
            return
        try:
            account = self._parts.aws.reach(account)
            target = read_target(self._parts, account, everybody)
        except AwsError as fault:
            self._end(request, RequestState.FAILED, Outcome(str(fault)))
            return
        self._judge(request, account, target, paused=paused)

    def _judge(
        self,
        request: RemediationRequest,
        account: Account,
        target: TargetFacts,
        *,
        paused: bool,
    ) -> None:
        unreadable = target.facts.unreadable
        if unreadable is not None:
            self._end(request, RequestState.REFUSED, Outcome(unreadable.text, unreadable.next_step))
            return
        finding = self._store_finding(target)
        if finding.verdict is Verdict.UNKNOWN:
            why = " ".join(reason.text for reason in finding.reasons)
            self._end(request, RequestState.REFUSED, Outcome(why, finding.next_step))
            return
        if finding.verdict is Verdict.PASS:
            self._end(
                request, RequestState.ALREADY_FIXED, Outcome(f"{request.label} has a support role already.")
            )
            return
        plan = build_plan(account, self._desk.role, target.facts)
        context = Context(
            now=self._desk.clock(),
            policy=self._desk.policy,
            paused=paused,
            request=replace(request, plan=plan),
            click=Click(request.requester, "", is_shared_channel=None),
            clicker=None,
            account=account,
            target=target,
            plan_now=plan,
        )
        refusal = guards.first_refusal(guards.AT_REQUEST, context)
        if refusal is not None:
            self._end(request, RequestState.REFUSED, Outcome(refusal.reason, refusal.next_step))
            return
        self._put_before_approvers(request, account, plan, target)

    def _store_finding(self, target: TargetFacts) -> Finding:
        with self._desk.engine.begin() as connection:
            in_scope = accounts.read_account_ids(connection)
            finding = evaluate(target.facts, in_scope=in_scope)
            findings.save_findings(connection, [finding], scan_id=f"fix:{target.facts.read_at.isoformat()}")
        return finding

    def _put_before_approvers(
        self, request: RemediationRequest, account: Account, plan: Plan, target: TargetFacts
    ) -> None:
        with self._desk.engine.begin() as connection:
            # The click is judged by the store: it must find there what the plan was made from.
            accounts.keep_trust(connection, account)
            requests.move(
                connection,
                request.id,
                before=RequestState.PREPARING,
                after=RequestState.PENDING,
                now=self._desk.clock(),
                plan=plan,
                target=target,
            )

    def stop_on_fault(self, request_id: RequestId) -> None:
        """End the request as failed; the log has the fault."""
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
        if request is not None:
            text = f"The preparation stopped on a fault of this bot. The log has it under {request_id}."
            self._end(request, RequestState.FAILED, Outcome(text, "Ask again."))

    def announce(self, request_id: RequestId) -> None:
        """Put the request before the approvers, or tell the requester why not; Slack may be away just now."""
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
        if request is None or request.message is not None:
            return
        if request.state is not RequestState.PENDING:
            tell_owed(self._parts, request_id)
            return
        try:
            show_request(self._parts, request)
        except MessengerError as fault:
            log.warning("request not shown yet", extra={"request": request_id, "problem": str(fault)})

    def _end(self, request: RemediationRequest, state: RequestState, outcome: Outcome) -> None:
        end_request(self._desk, request, before=RequestState.PREPARING, after=state, outcome=outcome)


KINDS = {
    RequestState.REFUSED: "fix.refused",
    RequestState.SUPERSEDED: "fix.superseded",
    RequestState.ALREADY_FIXED: "fix.already-fixed",
    RequestState.EXPIRED: "fix.expired",
    RequestState.FAILED: "change.failed",
    RequestState.REHEARSED: "change.rehearsed",
    RequestState.APPLIED: "change.verified",
    RequestState.APPLIED_UNVERIFIED: "change.unverified",
    RequestState.UNDONE: "change.undone",
}
"""The audit kind of each way for a fix to end."""


def kind_of_end(request: RemediationRequest, state: RequestState) -> str:
    """The audit kind of an end; what is about an undo's request, and not about AWS, says so by its name."""
    kind = KINDS[state]
    return kind.replace("fix.", "undo.", 1) if request.kind is RequestKind.UNDO else kind


def end_request(
    desk: Desk,
    request: RemediationRequest,
    *,
    before: RequestState,
    after: RequestState,
    outcome: Outcome,
    is_decided: bool = False,
) -> bool:
    """Move a request to its end and record it, together; False when it had moved on already.

    `is_decided`: its ending was, in the store, before what it had made was taken back.
    """
    with desk.engine.begin() as connection:
        audit.lock_chain(connection)
        now = desk.clock()
        moved = requests.move(
            connection,
            request.id,
            before=before,
            after=after,
            now=now,
            outcome=outcome,
            is_decided=is_decided,
        )
        if moved:
            owe_end(connection, replace(request, state=before), after, outcome, now)
            # A member that is left out is told of with the others, by the message of the bulk request.
            is_left_out = bool(request.bulk_id) and before is RequestState.PREPARING
            event = event_of(request, kind_of_end(request, after), outcome, now)
            audit.record(connection, event, channel="" if is_left_out else desk.audit_channel)
            if request.bulk_id and not is_left_out:
                advance(desk, connection, request.bulk_id)
    return moved


def event_of(request: RemediationRequest, kind: str, outcome: Outcome, now: datetime) -> AuditEvent:
    detail = {
        "account_name": request.account_name,
        "requester": request.requester.user_id,
        "approver": request.decision.person.user_id if request.decision else "",
        "role_arn": outcome.role_arn,
        "left_behind": outcome.left_behind,
        "mode": request.mode.value,
        # The kinds `change.…` are of both: what is said of an undo must not read as a fix.
        "undoes": request.undoes or "",
        "bulk": request.bulk_id,
    }
    return AuditEvent(
        kind=kind,
        at=now,
        actor=BOT,
        outcome=outcome.text,
        account_id=request.account_id,
        request_id=request.id,
        plan_hash=request.approved_hash,
        aws_request_ids=outcome.aws_request_ids,
        detail=tuple((name, value) for name, value in detail.items() if value),
    )


def read_target(parts: Parts, account: Account, everybody: tuple[Account, ...]) -> TargetFacts:
    """The facts of an account for a fix, read anew; it comes with how it is reached. Raises AwsError."""
    # The plan's fingerprint is of the facts that are only being read here; what to look up needs none.
    draft = build_plan(account, parts.desk.role, AccountFacts(account, parts.desk.clock()))
    return parts.aws.read_target(account, draft, [parts.aws.reach(other) for other in everybody])


def show_request(parts: Parts, request: RemediationRequest) -> None:
    """Bring the request's message in line with the request; raises MessengerError.

    Nothing is posted while somebody else is posting the first message of the same request.
    """
    desk = parts.desk
    if request.message is None:
        with desk.engine.begin() as connection:
            if not requests.claim_message(connection, request.id, now=desk.clock()):
                return
    began = desk.clock()
    with desk.engine.connect() as connection:
        # As it is now: it may have been read before something else was shown.
        request = requests.read_request(connection, request.id) or request
        seen = progress.read_seen(connection, request.id)
        pause = operations.read_pause(connection)
    channel = request.message.channel if request.message else desk.policy.approval_channel
    try:
        at = parts.messenger.show_request(channel, request, request.message, None, pause)
    except MessengerError:
        with desk.engine.begin() as connection:
            requests.release_message(connection, request.id)
        raise
    with desk.engine.begin() as connection:
        shown = progress.after_showing(request.state, seen, now=began)
        requests.place_message(connection, request.id, at, **shown)
