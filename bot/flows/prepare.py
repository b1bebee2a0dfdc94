"""Preparing a request: its facts are read, its plan is made, and it is put before the approvers.

preparing → pending (the approval message stands in Slack) | refused | already-fixed | failed
"""

from dataclasses import replace
from datetime import datetime

from dbos import DBOS

from bot.domain import guards
from bot.domain.account import Account
from bot.domain.audit import AuditEvent
from bot.domain.errors import AwsError
from bot.domain.facts import AccountFacts
from bot.domain.finding import Verdict
from bot.domain.guards import Click, Context
from bot.domain.people import Notice
from bot.domain.plan import Plan, TargetFacts, build_plan
from bot.domain.request import Outcome, RemediationRequest, RequestId, RequestState
from bot.domain.rule import evaluate
from bot.flows.desk import Desk
from bot.flows.engine import step
from bot.flows.parts import Parts
from bot.store import accounts, audit, findings, operations, requests

BOT = "support-role-bot"


class Preparer:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def register(self) -> None:
        @DBOS.workflow(name="prepare_fix")
        def prepare_fix(request_id: str) -> None:
            DBOS.run_step(step("prepare"), self.prepare, RequestId(request_id))
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
        if self._store_finding(target) is Verdict.PASS:
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
        self._put_before_approvers(request, plan, target)

    def _store_finding(self, target: TargetFacts) -> Verdict:
        with self._desk.engine.begin() as connection:
            in_scope = accounts.read_account_ids(connection)
            finding = evaluate(target.facts, in_scope=in_scope)
            findings.save_findings(connection, [finding], scan_id=f"fix:{target.facts.read_at.isoformat()}")
        return finding.verdict

    def _put_before_approvers(self, request: RemediationRequest, plan: Plan, target: TargetFacts) -> None:
        with self._desk.engine.begin() as connection:
            requests.move(
                connection,
                request.id,
                before=RequestState.PREPARING,
                after=RequestState.PENDING,
                now=self._desk.clock(),
                plan=plan,
                target=target,
            )

    def announce(self, request_id: RequestId) -> None:
        """Put the request before the approvers, or tell the requester why not."""
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
        if request is None or request.message is not None:
            return
        if request.state is RequestState.PENDING:
            show_request(self._parts, request)
        elif request.plan is None and request.origin is not None:
            title = f"No fix of {request.label} was started"
            notice = Notice(title, request.outcome.text, request.outcome.next_step)
            self._parts.messenger.tell(request.requester.user_id, request.origin.channel, notice)

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
}
"""The audit kind of each way to end."""


def end_request(
    desk: Desk,
    request: RemediationRequest,
    *,
    before: RequestState,
    after: RequestState,
    outcome: Outcome,
) -> bool:
    """Move a request to its end and record it, together; False when it had moved on already."""
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
        )
        if moved:
            audit.record(
                connection, event_of(request, KINDS[after], outcome, now), channel=desk.audit_channel
            )
    return moved


def event_of(request: RemediationRequest, kind: str, outcome: Outcome, now: datetime) -> AuditEvent:
    detail = {
        "account_name": request.account_name,
        "requester": request.requester.user_id,
        "approver": request.decision.person.user_id if request.decision else "",
        "role_arn": outcome.role_arn,
        "left_behind": outcome.left_behind,
        "mode": request.mode.value,
    }
    return AuditEvent(
        kind=kind,
        at=now,
        actor=BOT,
        outcome=outcome.text,
        account_id=request.account_id,
        request_id=request.id,
        plan_hash=request.plan.hash if request.plan else "",
        aws_request_ids=outcome.aws_request_ids,
        detail=tuple((name, value) for name, value in detail.items() if value),
    )


def read_target(parts: Parts, account: Account, everybody: tuple[Account, ...]) -> TargetFacts:
    """The facts of an account for a fix, read anew. Raises AwsError."""
    reached = parts.aws.reach(account)
    # The plan's fingerprint is of the facts that are only being read here; what to look up needs none.
    draft = build_plan(account, parts.desk.role, AccountFacts(account, parts.desk.clock()))
    return parts.aws.read_target(reached, draft, [parts.aws.reach(other) for other in everybody])


def show_request(parts: Parts, request: RemediationRequest) -> None:
    """Bring the request's message in line with the request; raises MessengerError."""
    channel = request.message.channel if request.message else parts.desk.policy.approval_channel
    at = parts.messenger.show_request(channel, request, request.message, None)
    with parts.desk.engine.begin() as connection:
        requests.place_message(connection, request.id, at, shown=request.state)
