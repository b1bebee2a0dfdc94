"""An approved undo: the guards again on the role read anew, detach and delete, and a look that it is gone.

Each step looks before it acts. A role that is gone once our intent stands in the audit is our own work. The
guards that may answer otherwise a moment later (`attempt.BEFORE_EACH_WRITE`) are asked once more before the
policy is detached, and again before the role is deleted; `undo_end` says why it stops in between.
"""

from dataclasses import replace

from dbos import DBOS

from bot.aws.support_role import Deleted, NotOurs, Withheld
from bot.domain import guards
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.guards import Refused
from bot.domain.request import (
    ApplyProgress,
    Mode,
    Outcome,
    RemediationRequest,
    RequestState,
    UndoStep,
)
from bot.domain.undo import Remains, Removal
from bot.flows.ask import context_of
from bot.flows.attempt import decision_of
from bot.flows.engine import step
from bot.flows.undo_end import (
    PRESS_AGAIN,
    UndoEnd,
    half_done,
    is_gone,
    read_remains,
    removal_of,
    without_policy,
)
from bot.store import requests


class UndoRun(UndoEnd):
    """One attempt at one undo, in one process."""

    def go(self) -> None:
        if DBOS.run_step(step("begin"), self.begin):
            if DBOS.run_step(step("take away"), self.take_away):
                DBOS.run_step(step("see it gone"), self.see_it_gone)
            DBOS.run_step(step("refresh finding"), self.refresh_if_written)
        self._board.close()
        DBOS.run_step(step("show"), self.show)
        DBOS.run_step(step("show the fix"), self.show_fix)

    # --- before the write -----------------------------------------------------------------------------

    def take_away(self) -> bool:
        """Detach and delete, if every guard allows it on the role read anew; False when it has ended here."""
        request = self._request()
        if request.state is not RequestState.APPLYING:
            return False
        self._progress(request, UndoStep.GUARDS)
        try:
            account = self._account_now(request)
            remains = self._remains(request, account)
        except AwsError as fault:
            left = half_done(removal_of(request), None) if self._has_written() else ""
            outcome = Outcome(str(fault), PRESS_AGAIN, left_behind=left)
            return self._end(request, RequestState.FAILED, outcome)
        if is_gone(removal_of(request), remains) and self._has_written():
            return True
        refusal = self._refusal(request, account, remains)
        if refusal is not None:
            return self._stop(request, remains, refusal)
        if request.mode is not Mode.APPLY or self._desk.policy.mode is not Mode.APPLY:
            return self._rehearse(request, remains)
        if is_gone(removal_of(request), remains):
            # An earlier undo did it all, and only could not see it yet.
            return True
        return account is not None and self._intend(request) and self._delete(request, account)

    def _remains(self, request: RemediationRequest, account: Account | None) -> Remains | None:
        return read_remains(self._parts, account, removal_of(request)) if account else None

    def _refusal(
        self, request: RemediationRequest, account: Account | None, remains: Remains | None
    ) -> Refused | None:
        decider = self._decider_of(request)
        with self._desk.engine.connect() as connection:
            known = context_of(self._desk, connection, request, decider)
            fix = requests.read_request(connection, request.undoes or "")
        left = fix.leaves if fix else None
        if left is None or left.hash != decision_of(request).plan_hash:
            text = "What the fix left is not what was approved to be taken away."
            return Refused(guards.PlanUnchanged().name, text, guards.ask_again(request))
        context = replace(known, account=account, remains=remains, expected_state=RequestState.APPLYING)
        return guards.first_refusal(guards.AT_UNDO, context)

    def _intend(self, request: RemediationRequest) -> bool:
        """Commit what is about to be done, before it is: no audit, no write."""
        removal, approver = removal_of(request), decision_of(request).person.user_id
        text = (
            f"About to detach AWSSupportAccess from {removal.role_arn} and delete it "
            f"in {request.label}, approved by <@{approver}>."
        )
        outcome = Outcome(text, role_arn=removal.role_arn, role_id=removal.role_id)
        return self._record_if_running("change.intended", outcome)

    # --- the write ------------------------------------------------------------------------------------

    def _delete(self, request: RemediationRequest, account: Account) -> bool:
        self._progress(request, UndoStep.REMOVE)
        removal, approver = removal_of(request), decision_of(request).person.user_id
        try:
            writer = self._parts.aws.open_undo(account, removal, self._id, approver)
            answer = writer.delete_created_role(removal.role_id, removal.tags, self._why_not)
        except AwsError as fault:
            return self._fail(request, account, fault)
        match answer:
            case Withheld():
                return self._withhold(request, account, answer)
            case NotOurs():
                text = f"The role is not as the fix left it, so nothing was touched: {answer.reason}."
                refusal = Refused(guards.NothingDiffers().name, text, "Look at the role by hand.")
                return self._stop(request, self._remains(request, account), refusal)
            case Deleted():
                return self._note(request, answer)

    def _withhold(self, request: RemediationRequest, account: Account, answer: Withheld) -> bool:
        """A guard refused right before a write. What this attempt has just detached IAM may still show."""
        if answer.has_detached:
            left = without_policy(removal_of(request))
            return self._stop_with(request, answer.refused, left, answer.request_ids)
        return self._stop(request, self._remains(request, account), answer.refused)

    def _note(self, request: RemediationRequest, deleted: Deleted) -> bool:
        arn = removal_of(request).role_arn
        outcome = Outcome(role_arn=arn, aws_request_ids=deleted.request_ids)
        with self._desk.engine.begin() as connection:
            is_kept = requests.note_outcome(connection, self._id, outcome)
        if not is_kept and not deleted.already:
            text = f"{arn} was deleted by a call that was on its way while the undo ended."
            self._record_late(replace(outcome, text=text))
        return is_kept

    def _fail(self, request: RemediationRequest, account: Account, fault: AwsError) -> bool:
        """A write that AWS refused for good: look again, and say what is there now."""
        removal = removal_of(request)
        remains = self._remains(request, account)
        if is_gone(removal, remains):
            return True
        self._board.post(request, ApplyProgress(UndoStep.REMOVE, failed=True))
        left = half_done(removal, remains)
        outcome = Outcome(
            text=str(fault),
            next_step=PRESS_AGAIN if left else f"Nothing was taken away. {PRESS_AGAIN}",
            role_arn=removal.role_arn,
            aws_request_ids=(fault.request_id,) if fault.request_id else (),
            left_behind=left,
        )
        return self._end(request, RequestState.FAILED, outcome)

    # --- after it ---------------------------------------------------------------------------------------

    def see_it_gone(self) -> None:
        """Call it undone only when IAM shows no such role any more; else it is applied, not yet visible."""
        request = self._request()
        self._progress(request, UndoStep.GONE)
        removal = removal_of(request)
        problem = self._still_there(request, removal)
        outcome = replace(request.outcome, role_arn=removal.role_arn)
        if problem:
            text = f"AWS accepted the deletion of {removal.role_arn}, but {problem}."
            outcome = replace(outcome, text=text, next_step=f"Wait a few minutes. {PRESS_AGAIN}")
            self._end(request, RequestState.APPLIED_UNVERIFIED, outcome)
            return
        text = f"{removal.role_arn} was taken away from {request.label}: detached, deleted and seen gone."
        self._finish(request, replace(outcome, text=text))

    def _still_there(self, request: RemediationRequest, removal: Removal) -> str:
        try:
            account = self._account_of(request)
            if account is None:
                return "the account left the scope before it could be seen"
            remains = self._parts.aws.read_until_gone(account, removal.plan.role_name)
        except AwsError as fault:
            return f"whether it is gone could not be read: {fault}"
        if remains.unreadable is not None:
            return f"whether it is gone could not be read: {remains.unreadable.text}"
        # A role of the same name with another id was made by somebody after ours was deleted.
        is_ours = remains.role is not None and remains.role.role_id == removal.role_id
        return "it is still shown" if is_ours else ""

    def refresh_if_written(self) -> None:
        if self._has_written():
            self.refresh_finding()
