"""The write: approved → applying → applied, one idempotent step after the other.

Each step looks before it acts, so that a crash anywhere, a second worker or a retry changes nothing twice.
The engine remembers what each step answered; credentials live in memory alone, and so does "the guards have
allowed it": a run that goes on after a crash asks them again before it writes.
"""

import logging
from dataclasses import replace

from dbos import DBOS

from bot.aws.support_role import Attached, Created, NotOurs, Writer
from bot.domain import guards
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.finding import Verdict
from bot.domain.guards import Context, Refused
from bot.domain.plan import TargetFacts, build_plan
from bot.domain.request import (
    ApplyProgress,
    ApplyStep,
    Mode,
    Outcome,
    RemediationRequest,
    RequestId,
    RequestState,
)
from bot.domain.rule import evaluate
from bot.flows.ask import context_of
from bot.flows.attempt import Attempt, decision_of, plan_of
from bot.flows.engine import step
from bot.flows.parts import Parts
from bot.flows.prepare import end_request, event_of, read_target
from bot.flows.recent_people import RecentPeople
from bot.store import accounts, audit, requests

log = logging.getLogger(__name__)


class Remediator:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._recent = RecentPeople(parts.messenger)

    def register(self) -> None:
        @DBOS.workflow(name="remediate")
        def remediate(request_id: str) -> None:
            run = Run(self._parts, RequestId(request_id), self._recent)
            try:
                run.go()
            except Exception:
                # Nobody waits for this workflow: a fault that nobody foresaw must end where people see it.
                log.exception("fix stopped on a fault", extra={"request": request_id})
                DBOS.run_step(step("stop"), run.stop_on_fault)
            finally:
                run.close()


class Run(Attempt):
    """One attempt at one fix, in one process."""

    _writer: Writer | None = None
    _allowed = False

    def go(self) -> None:
        if DBOS.run_step(step("begin"), self.begin) and self._write():
            DBOS.run_step(step("refresh finding"), self.refresh_finding)
        self._board.close()
        DBOS.run_step(step("show"), self.show)

    def stop_on_fault(self) -> None:
        """End the request as failed, saying what may have been left; the log has the fault."""
        request = self._request()
        if request.state is RequestState.APPLYING:
            text = f"The fix stopped on a fault of this bot. The log has it under {self._id}."
            left = f"Whether {plan_of(request).role_arn} was created is not known."
            next_step = "Look at the role by hand, then ask again."
            self._end(request, RequestState.FAILED, Outcome(text, next_step, left_behind=left))

    def _write(self) -> bool:
        return (
            DBOS.run_step(step("create role"), self.create)
            and DBOS.run_step(step("attach policy"), self.attach)
            and DBOS.run_step(step("read back"), self.read_back)
        )

    # --- before the write -----------------------------------------------------------------------------

    def _recheck(self, request: RemediationRequest) -> bool:
        """Run every guard again, on facts read anew; False when the request has ended here."""
        self._progress(request, ApplyStep.GUARDS)
        try:
            account, target = self._read_target(request)
        except AwsError as fault:
            return self._end(request, RequestState.FAILED, Outcome(str(fault)))
        unreadable = target.facts.unreadable if target else None
        if unreadable is not None:
            return self._end(request, RequestState.FAILED, Outcome(unreadable.text, unreadable.next_step))
        refusal = self._refusal(request, account, target)
        if refusal is not None:
            return self._end(request, *self._end_after(request, target, refusal))
        self._allowed = self._may_write(request)
        return self._allowed

    def _end_after(
        self, request: RemediationRequest, target: TargetFacts | None, refusal: Refused
    ) -> tuple[RequestState, Outcome]:
        """Where a refusal leads; what has made the plan old may be that the account needs none any more."""
        is_old = refusal.guard == guards.PlanUnchanged().name
        if is_old and target is not None and self._fixed_by_others(request, target):
            text = f"{request.label} got a support role by another way; nothing was written."
            return RequestState.ALREADY_FIXED, Outcome(text)
        state = ENDS.get(refusal.guard, RequestState.REFUSED)
        return state, Outcome(refusal.reason, refusal.next_step)

    def _read_target(self, request: RemediationRequest) -> tuple[Account | None, TargetFacts | None]:
        with self._desk.engine.connect() as connection:
            account = accounts.read_account(connection, request.account_id)
            everybody = accounts.read_accounts(connection)
        return (account, read_target(self._parts, account, everybody)) if account else (None, None)

    def _may_write(self, request: RemediationRequest) -> bool:
        if request.mode is not Mode.APPLY or self._desk.policy.mode is not Mode.APPLY:
            text = f"Dry run: the role would now be created in {request.label}. Nothing was written."
            return self._end(request, RequestState.REHEARSED, Outcome(text))
        return True

    def _fixed_by_others(self, request: RemediationRequest, target: TargetFacts) -> bool:
        with self._desk.engine.connect() as connection:
            in_scope = accounts.read_account_ids(connection)
        finding = evaluate(target.facts, in_scope=in_scope)
        ours = request.plan.role_arn if request.plan else ""
        return finding.verdict is Verdict.PASS and all(role.arn != ours for role in finding.roles)

    def _refusal(
        self,
        request: RemediationRequest,
        account: Account | None,
        target: TargetFacts | None,
    ) -> Refused | None:
        decider = self._decider_of(request)
        with self._desk.engine.connect() as connection:
            known = context_of(self._desk, connection, request, decider)
        context: Context = replace(
            known,
            account=account,
            target=target,
            plan_now=build_plan(account, self._desk.role, target.facts) if account and target else None,
            expected_state=RequestState.APPLYING,
        )
        return guards.first_refusal(guards.AT_DECISION, context)

    def _intend(self, request: RemediationRequest) -> None:
        """Commit what is about to be done, before it is: no audit, no write."""
        plan = plan_of(request)
        approver = decision_of(request).person.user_id
        text = f"About to create {plan.role_arn} in {request.label}, approved by <@{approver}>."
        with self._desk.engine.begin() as connection:
            event = event_of(request, "change.intended", Outcome(text, role_arn=plan.role_arn), self._now())
            audit.record_once(connection, event, channel=self._desk.audit_channel)

    # --- the write ------------------------------------------------------------------------------------

    def create(self) -> bool:
        request = self._request()
        if not self._recheck(request):
            return False
        is_first = not self._has_written()
        self._intend(request)
        self._progress(request, ApplyStep.ASSUME)
        try:
            created = self._writer_for(request).create_role()
        except AwsError as fault:
            never_wrote = is_first and not (self._writer and self._writer.may_have_written)
            return self._fail(request, fault, ApplyStep.CREATE, take_back=not never_wrote)
        if isinstance(created, NotOurs):
            return self._end(request, RequestState.REFUSED, _not_ours(request, created), take_back=False)
        self._note(request, created)
        return True

    def _note(self, request: RemediationRequest, created: Created) -> None:
        ids = (*request.outcome.aws_request_ids, *created.request_ids)
        outcome = Outcome(role_arn=created.arn, role_id=created.role_id, aws_request_ids=ids)
        with self._desk.engine.begin() as connection:
            requests.note_outcome(connection, self._id, outcome)

    def attach(self) -> bool:
        request = self._request()
        if not self._allowed and not self._recheck(request):
            return False
        self._progress(request, ApplyStep.ATTACH)
        try:
            attached = self._writer_for(request).attach_policy()
        except AwsError as fault:
            return self._fail(request, fault, ApplyStep.ATTACH)
        if isinstance(attached, NotOurs):
            outcome = replace(_not_ours(request, attached), left_behind=attached.reason)
            return self._end(request, RequestState.FAILED, outcome)
        self._record_applied(request, attached)
        return True

    def _record_applied(self, request: RemediationRequest, attached: Attached) -> None:
        plan, so_far = plan_of(request), request.outcome
        outcome = replace(
            so_far,
            text=f"{plan.role_arn} was created and AWSSupportAccess attached; it is now read back.",
            role_arn=plan.role_arn,
            aws_request_ids=(*so_far.aws_request_ids, *attached.request_ids),
        )
        with self._desk.engine.begin() as connection:
            requests.note_outcome(connection, self._id, outcome)
            event = event_of(request, "change.applied", outcome, self._now())
            audit.record_once(connection, event, channel=self._desk.audit_channel)

    def read_back(self) -> bool:
        """Call it applied only when IAM shows it; else it is applied, not yet visible."""
        request = self._request()
        self._progress(request, ApplyStep.VERIFY)
        try:
            seen = self._writer_for(request).read_back()
            problems = seen.problems
        except AwsError as fault:
            problems = (str(fault),)
        if not problems:
            text = (
                f"{request.outcome.role_arn} is in place in {request.label}: created, attached and read back."
            )
            return not self._end(request, RequestState.APPLIED, replace(request.outcome, text=text))
        log.warning("not read back", extra={"request": self._id, "problems": problems})
        outcome = replace(
            request.outcome,
            text=f"{request.outcome.role_arn} was written, but not read back: {problems[0]}",
            next_step="IAM may need a moment. Check with /support-role status, or look at the role by hand.",
        )
        return not self._end(request, RequestState.APPLIED_UNVERIFIED, outcome)

    def _fail(
        self, request: RemediationRequest, fault: AwsError, step: ApplyStep, *, take_back: bool = True
    ) -> bool:
        """A write that failed for good: what this run created is taken back."""
        self._board.post(request, ApplyProgress(step, failed=True))
        ids = (fault.request_id,) if fault.request_id else ()
        next_step = "" if take_back else "Nothing was written. Mend the cause, then ask again."
        outcome = Outcome(str(fault), next_step, aws_request_ids=ids)
        return self._end(request, RequestState.FAILED, outcome, take_back=take_back)

    def _take_back(self, request: RemediationRequest, outcome: Outcome) -> Outcome:
        """Delete the role that this request made, if it did; the outcome says what became of it."""
        left, ids = self._delete_own_role(request)
        text = f"{outcome.text.rstrip('.')}. The role that it had created was deleted again."
        otherwise = (
            "Look at the role by hand." if left else "Nothing was left behind. Mend the cause, ask again."
        )
        return replace(
            request.outcome,
            text=text if ids else outcome.text,
            left_behind=left,
            next_step=outcome.next_step or otherwise,
            aws_request_ids=(*request.outcome.aws_request_ids, *outcome.aws_request_ids, *ids),
        )

    def _delete_own_role(self, request: RemediationRequest) -> tuple[str, tuple[str, ...]]:
        """What was left behind, and the ids of the calls that took the rest away."""
        arn = plan_of(request).role_arn
        try:
            role = self._writer_for(request).observe()
            if role is None:
                return "", ()
            if request.outcome.role_id and role.role_id != request.outcome.role_id:
                return f"A role named {role.arn} that this run did not create is there.", ()
            answer = self._writer_for(request).delete_created_role(role.role_id)
        except AwsError as fault:
            return f"Whether {arn} was left behind could not be told: {fault}", ()
        if isinstance(answer, NotOurs):
            return f"{arn} is there and was left alone: {answer.reason}", ()
        return "", answer.request_ids

    def _writer_for(self, request: RemediationRequest) -> Writer:
        if self._writer is None:
            account = self._account_of(request)
            if account is None:
                raise AwsError(f"{request.label} left the scope while it was being fixed.", "out-of-scope")
            approver = decision_of(request).person.user_id
            self._writer = self._parts.aws.open_writer(account, plan_of(request), self._id, approver)
        return self._writer

    def _end(
        self, request: RemediationRequest, state: RequestState, outcome: Outcome, *, take_back: bool = True
    ) -> bool:
        """End the request; False, for whoever asks whether to go on."""
        if self._request().state is not RequestState.APPLYING:
            # Another attempt has ended it: the role is no longer this one's to take back.
            return False
        if take_back and state not in KEEPS_THE_ROLE and not outcome.left_behind and self._has_written():
            outcome = self._take_back(request, outcome)
        end_request(self._desk, request, before=RequestState.APPLYING, after=state, outcome=outcome)
        return False

    def _has_written(self) -> bool:
        """Whether this request may have made a role: a process that died in between could not tell."""
        with self._desk.engine.connect() as connection:
            return audit.has_event(connection, self._id, "change.intended")


KEEPS_THE_ROLE = frozenset({RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED})
"""At any other end, a role that this request made goes again."""

ENDS = {
    guards.NotExpired().name: RequestState.EXPIRED,
    guards.PlanUnchanged().name: RequestState.SUPERSEDED,
}
"""Where a refusal just before the write leads; anything else is REFUSED."""


def _not_ours(request: RemediationRequest, found: NotOurs) -> Outcome:
    return Outcome(
        f"The role in {request.label} is not one that this request made: {found.reason}",
        "Look at it by hand; this bot never adopts a role it did not create.",
    )
