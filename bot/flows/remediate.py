"""The write: approved → applying → applied, one idempotent step after the other.

Each step looks before it acts, so that a crash anywhere, a second worker or a retry changes nothing twice.
The engine remembers what each step answered; credentials live in memory alone, and so does "the guards have
allowed it": a run that goes on after a crash asks them again before it writes. Those that may answer
otherwise a moment later (`attempt.BEFORE_EACH_WRITE`) are asked once more right before each call. What is
refused after the role was created has it deleted again: `fix_end`.
"""

import logging
from dataclasses import replace

from dbos import DBOS

from bot.aws.support_role import Attached, Created, NotOurs, Withheld
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
from bot.flows.attempt import ENDS, decision_of, plan_of
from bot.flows.engine import step
from bot.flows.fix_end import KEEPS_THE_ROLE, FixEnd
from bot.flows.parts import Parts
from bot.flows.prepare import end_request, read_target
from bot.flows.recent_people import RecentPeople
from bot.store import accounts, requests

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


class Run(FixEnd):
    """One attempt at one fix, in one process."""

    _allowed = False

    def go(self) -> None:
        if DBOS.run_step(step("begin"), self.begin) and self._write():
            DBOS.run_step(step("refresh finding"), self.refresh_finding)
        self._board.close()
        DBOS.run_step(step("show"), self.show)

    def stop_on_fault(self) -> None:
        """End the request as failed, saying what may have been left; the log has the fault."""
        text = f"The fix stopped on a fault of this bot. The log has it under {self._id}."
        left = f"Whether {plan_of(self._request()).role_arn} was created is not known."
        self._end_as_it_is(text, "Look at the role by hand, then ask again.", left)

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
        account = self._account_now(request)
        with self._desk.engine.connect() as connection:
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

    def _intend(self, request: RemediationRequest) -> bool:
        """Commit what is about to be done, before it is: no audit, no write."""
        plan = plan_of(request)
        approver = decision_of(request).person.user_id
        text = f"About to create {plan.role_arn} in {request.label}, approved by <@{approver}>."
        return self._record_if_running("change.intended", Outcome(text, role_arn=plan.role_arn))

    # --- the write ------------------------------------------------------------------------------------

    def create(self) -> bool:
        request = self._request()
        if not self._may_go_on() or not self._recheck(request):
            return False
        is_first = not self._has_written()
        if not self._intend(request):
            return False
        self._progress(request, ApplyStep.ASSUME)
        try:
            created = self._writer_for(request).create_role(self._why_not)
        except AwsError as fault:
            may_have_written = self._writer is not None and self._writer.may_have_written
            return self._fail(request, fault, ApplyStep.CREATE, looks=not is_first or may_have_written)
        match created:
            case Withheld(refused):
                return self._withhold(request, refused)
            case NotOurs():
                # Nothing of this request is there to be taken back.
                end_request(
                    self._desk,
                    request,
                    before=RequestState.APPLYING,
                    after=RequestState.REFUSED,
                    outcome=_not_ours(request, created),
                )
                return False
            case Created():
                return self._note(request, created)

    def _note(self, request: RemediationRequest, created: Created) -> bool:
        ids = (*request.outcome.aws_request_ids, *created.request_ids)
        outcome = Outcome(role_arn=created.arn, role_id=created.role_id, aws_request_ids=ids)
        with self._desk.engine.begin() as connection:
            is_kept = requests.note_outcome(connection, self._id, outcome)
        if not is_kept:
            self._disown(created)
        return is_kept

    def attach(self) -> bool:
        request = self._request()
        if not self._may_go_on() or not (self._allowed or self._recheck(request)):
            return False
        self._progress(request, ApplyStep.ATTACH)
        try:
            attached = self._writer_for(request).attach_policy(self._why_not)
        except AwsError as fault:
            return self._fail(request, fault, ApplyStep.ATTACH)
        match attached:
            case Withheld(refused):
                return self._withhold(request, refused)
            case NotOurs(reason):
                outcome = replace(_not_ours(request, attached), left_behind=reason)
                return self._end(request, RequestState.FAILED, outcome)
            case Attached():
                return self._record_applied(request, attached)

    def _record_applied(self, request: RemediationRequest, attached: Attached) -> bool:
        plan, so_far = plan_of(request), request.outcome
        outcome = replace(
            so_far,
            text=f"{plan.role_arn} was created and AWSSupportAccess attached; it is now read back.",
            role_arn=plan.role_arn,
            aws_request_ids=(*so_far.aws_request_ids, *attached.request_ids),
        )
        return self._record_if_running("change.applied", outcome, keeps=True)

    def read_back(self) -> bool:
        """Call it applied only when IAM shows it; else it is applied, not yet visible."""
        if not self._may_go_on():
            return self._request().state in KEEPS_THE_ROLE
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
        self, request: RemediationRequest, fault: AwsError, step: ApplyStep, *, looks: bool = True
    ) -> bool:
        """A write that failed for good: what this run created is taken back."""
        self._board.post(request, ApplyProgress(step, failed=True))
        ids = (fault.request_id,) if fault.request_id else ()
        next_step = "" if looks else "Nothing was written. Mend the cause, then ask again."
        outcome = Outcome(str(fault), next_step, aws_request_ids=ids)
        return self._end(request, RequestState.FAILED, outcome, looks=looks)

    def _withhold(self, request: RemediationRequest, refused: Refused) -> bool:
        """A guard refused right before a write: what this run created is taken back, as when AWS refuses."""
        state = ENDS.get(refused.guard, RequestState.REFUSED)
        return self._end(request, state, Outcome(refused.reason, refused.next_step))


def _not_ours(request: RemediationRequest, found: NotOurs) -> Outcome:
    return Outcome(
        f"The role in {request.label} is not one that this request made: {found.reason}",
        "Look at it by hand; this bot never adopts a role it did not create.",
    )
