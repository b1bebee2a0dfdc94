"""The worker's half of an undo: the role is read anew, put before the approvers, and taken away if untouched.

preparing → pending → approved → applying → undone, and the fix moves to undone in the same transaction. Each
step looks before it acts. A role that is gone once our intent stands in the audit is our own work.
"""

import logging
from dataclasses import replace

from dbos import DBOS
from sqlalchemy import Connection

from bot.aws.support_role import Deleted, NotOurs
from bot.domain import guards
from bot.domain.account import Account
from bot.domain.errors import AwsError, MessengerError
from bot.domain.guards import Click, Context, Refused
from bot.domain.request import (
    ApplyProgress,
    Mode,
    Outcome,
    RemediationRequest,
    RequestId,
    RequestState,
    UndoStep,
)
from bot.domain.undo import Remains, Removal
from bot.flows.ask import context_of
from bot.flows.attempt import Attempt, decision_of
from bot.flows.engine import step
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer, end_request, event_of, show_request
from bot.flows.undo import has_begun
from bot.store import accounts, audit, operations, requests

log = logging.getLogger(__name__)


class Undoer:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk
        self._preparer = Preparer(parts)

    def register(self) -> None:
        @DBOS.workflow(name="prepare_undo")
        def prepare_undo(request_id: str) -> None:
            try:
                DBOS.run_step(step("prepare"), self.prepare, RequestId(request_id))
            except Exception:
                # Left in preparation, it would keep the account from being asked for again.
                log.exception("preparation stopped on a fault", extra={"request": request_id})
                DBOS.run_step(step("stop"), self._preparer.stop_on_fault, RequestId(request_id))
            DBOS.run_step(step("announce"), self._preparer.announce, RequestId(request_id))

        @DBOS.workflow(name="undo")
        def undo(request_id: str) -> None:
            run = UndoRun(self._parts, RequestId(request_id))
            try:
                run.go()
            except Exception:
                # Nobody waits for this workflow: a fault that nobody foresaw must end where people see it.
                log.exception("undo stopped on a fault", extra={"request": request_id})
                DBOS.run_step(step("stop"), run.stop_on_fault)
            finally:
                run.close()

    def prepare(self, request_id: RequestId) -> None:
        """Read the role anew; ask the approvers only when it is exactly what the fix left."""
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, request_id)
            fix = requests.read_request(connection, request.undoes or "") if request else None
            account = accounts.read_account(connection, request.account_id) if request else None
            paused = operations.is_paused(connection)
        if request is None or request.state is not RequestState.PREPARING:
            return
        removal = fix.leaves if fix else None
        if account is None or removal is None:
            text = f"The fix of {request.label} cannot be undone any more."
            self._end(request, RequestState.REFUSED, Outcome(text, "See /support-role status."))
            return
        try:
            remains = read_remains(self._parts, self._parts.aws.reach(account), removal)
        except AwsError as fault:
            self._end(request, RequestState.FAILED, Outcome(str(fault)))
            return
        asked = replace(request, plan=removal.plan, removal=removal)
        refusal = self._refusal(asked, account, remains, paused=paused)
        if refusal is not None:
            self._end(request, RequestState.REFUSED, Outcome(refusal.reason, refusal.next_step))
            return
        self._put_before_approvers(request, removal, remains)

    def _refusal(
        self, request: RemediationRequest, account: Account, remains: Remains, *, paused: bool
    ) -> Refused | None:
        context = Context(
            now=self._desk.clock(),
            policy=self._desk.policy,
            paused=paused,
            request=request,
            click=Click(request.requester, "", is_shared_channel=None),
            clicker=None,
            account=account,
            remains=remains,
        )
        return guards.first_refusal(guards.AT_UNDO_REQUEST, context)

    def _put_before_approvers(self, request: RemediationRequest, removal: Removal, remains: Remains) -> None:
        with self._desk.engine.begin() as connection:
            requests.move(
                connection,
                request.id,
                before=RequestState.PREPARING,
                after=RequestState.PENDING,
                now=self._desk.clock(),
                plan=removal.plan,
                removal=removal,
                remains=remains,
            )

    def _end(self, request: RemediationRequest, state: RequestState, outcome: Outcome) -> None:
        end_request(self._desk, request, before=RequestState.PREPARING, after=state, outcome=outcome)


class UndoRun(Attempt):
    """One attempt at one undo, in one process."""

    def go(self) -> None:
        if DBOS.run_step(step("begin"), self.begin):
            if DBOS.run_step(step("take away"), self.take_away):
                DBOS.run_step(step("see it gone"), self.see_it_gone)
            DBOS.run_step(step("refresh finding"), self.refresh_if_written)
        self._board.close()
        DBOS.run_step(step("show"), self.show)
        DBOS.run_step(step("show the fix"), self.show_fix)

    def stop_on_fault(self) -> None:
        """End the request as failed, saying what may have been done; the log has the fault."""
        request = self._request()
        if request.state is RequestState.APPLYING:
            text = f"The undo stopped on a fault of this bot. The log has it under {self._id}."
            left = f"Whether {_removal_of(request).role_arn} was taken away is not known."
            self._end(request, RequestState.FAILED, Outcome(text, PRESS_AGAIN, left_behind=left))

    # --- before the write -----------------------------------------------------------------------------

    def take_away(self) -> bool:
        """Detach and delete, if every guard allows it on the role read anew; False when it has ended here."""
        request = self._request()
        self._progress(request, UndoStep.GUARDS)
        try:
            account = self._account_of(request)
            remains = self._remains(request, account)
        except AwsError as fault:
            left = _half_done(_removal_of(request), None) if self._has_written() else ""
            outcome = Outcome(str(fault), PRESS_AGAIN, left_behind=left)
            return self._end(request, RequestState.FAILED, outcome)
        if _is_gone(_removal_of(request), remains) and self._has_written():
            return True
        refusal = self._refusal(request, account, remains)
        if refusal is not None:
            return self._stop(request, remains, refusal)
        if request.mode is not Mode.APPLY or self._desk.policy.mode is not Mode.APPLY:
            return self._rehearse(request, remains)
        if _is_gone(_removal_of(request), remains):
            # An earlier undo did it all, and only could not see it yet.
            return True
        return account is not None and self._delete(request, account)

    def _remains(self, request: RemediationRequest, account: Account | None) -> Remains | None:
        return read_remains(self._parts, account, _removal_of(request)) if account else None

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
            return Refused(SUPERSEDED_BY, text, guards.ask_again(request))
        context = replace(known, account=account, remains=remains, expected_state=RequestState.APPLYING)
        return guards.first_refusal(guards.AT_UNDO, context)

    def _rehearse(self, request: RemediationRequest, remains: Remains | None) -> bool:
        """Settings allow no write. After a crash in the middle of one that leaves half of it: a failure."""
        removal = _removal_of(request)
        left = _half_done(removal, remains) if self._has_written() else ""
        if left:
            text = "Settings allow dry runs alone by now, so the undo that had begun did not go on."
            return self._end(request, RequestState.FAILED, Outcome(text, PRESS_AGAIN, left_behind=left))
        arn = removal.role_arn
        text = f"Dry run: {arn} would now be taken away from {request.label}. Nothing was written."
        return self._end(request, RequestState.REHEARSED, Outcome(text))

    def _stop(self, request: RemediationRequest, remains: Remains | None, refusal: Refused) -> bool:
        """A guard refuses. After a crash in the middle of the write that leaves half of it: a failure."""
        outcome = Outcome(refusal.reason, refusal.next_step)
        left = _half_done(_removal_of(request), remains) if self._has_written() else ""
        if left:
            return self._end(request, RequestState.FAILED, replace(outcome, left_behind=left))
        return self._end(request, ENDS.get(refusal.guard, RequestState.REFUSED), outcome)

    def _intend(self, request: RemediationRequest) -> None:
        """Commit what is about to be done, before it is: no audit, no write."""
        removal, approver = _removal_of(request), decision_of(request).person.user_id
        text = (
            f"About to detach AWSSupportAccess from {removal.role_arn} and delete it "
            f"in {request.label}, approved by <@{approver}>."
        )
        with self._desk.engine.begin() as connection:
            outcome = Outcome(text, role_arn=removal.role_arn, role_id=removal.role_id)
            event = event_of(request, "change.intended", outcome, self._now())
            audit.record_once(connection, event, channel=self._desk.audit_channel)

    def _has_written(self) -> bool:
        with self._desk.engine.connect() as connection:
            return audit.has_event(connection, self._id, "change.intended")

    # --- the write ------------------------------------------------------------------------------------

    def _delete(self, request: RemediationRequest, account: Account) -> bool:
        self._intend(request)
        self._progress(request, UndoStep.REMOVE)
        removal, approver = _removal_of(request), decision_of(request).person.user_id
        try:
            writer = self._parts.aws.open_undo(account, removal, self._id, approver)
            answer = writer.delete_created_role(removal.role_id, removal.tags)
        except AwsError as fault:
            return self._fail(request, account, fault)
        if isinstance(answer, NotOurs):
            text = f"The role is not as the fix left it, so nothing was touched: {answer.reason}."
            refusal = Refused(guards.NothingDiffers().name, text, "Look at the role by hand.")
            return self._stop(request, self._remains(request, account), refusal)
        self._note(request, answer)
        return True

    def _note(self, request: RemediationRequest, deleted: Deleted) -> None:
        arn = _removal_of(request).role_arn
        with self._desk.engine.begin() as connection:
            outcome = Outcome(role_arn=arn, aws_request_ids=deleted.request_ids)
            requests.note_outcome(connection, self._id, outcome)

    def _fail(self, request: RemediationRequest, account: Account, fault: AwsError) -> bool:
        """A write that AWS refused for good: look again, and say what is there now."""
        removal = _removal_of(request)
        remains = self._remains(request, account)
        if _is_gone(removal, remains):
            return True
        self._board.post(request, ApplyProgress(UndoStep.REMOVE, failed=True))
        left = _half_done(removal, remains)
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
        removal = _removal_of(request)
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

    def _finish(self, request: RemediationRequest, outcome: Outcome) -> None:
        """The undo and its fix end together, with the one event that says so."""
        with self._desk.engine.begin() as connection:
            audit.lock_chain(connection)
            now = self._now()
            moved = requests.move(
                connection,
                self._id,
                before=RequestState.APPLYING,
                after=RequestState.UNDONE,
                now=now,
                outcome=outcome,
            )
            if moved:
                self._undo_fix(connection, request)
                event = event_of(request, "change.undone", outcome, now)
                audit.record(connection, event, channel=self._desk.audit_channel)

    def _undo_fix(self, connection: Connection, request: RemediationRequest) -> None:
        fix = requests.read_request(connection, request.undoes or "")
        if fix is None or fix.leaves is None:
            return
        by = decision_of(request).person.user_id
        text = f"It was undone by {request.id}: <@{request.requester.user_id}> asked, <@{by}> approved."
        outcome = replace(fix.outcome, text=text, next_step="")
        requests.move(
            connection,
            fix.id,
            before=fix.state,
            after=RequestState.UNDONE,
            now=self._now(),
            outcome=outcome,
        )

    def refresh_if_written(self) -> None:
        if self._has_written():
            self.refresh_finding()

    def show_fix(self) -> None:
        """Turn the fix's record into one of an undone fix, whose Undo button is gone."""
        with self._desk.engine.connect() as connection:
            fix = requests.read_request(connection, self._request().undoes or "")
        if fix is None or fix.state is not RequestState.UNDONE:
            return
        try:
            show_request(self._parts, fix)
        except MessengerError as fault:
            log.warning("record not shown yet", extra={"request": fix.id, "problem": str(fault)})

    def _end(self, request: RemediationRequest, state: RequestState, outcome: Outcome) -> bool:
        """End the request; False, for whoever asks whether to go on."""
        end_request(self._desk, request, before=RequestState.APPLYING, after=state, outcome=outcome)
        return False


PRESS_AGAIN = "Press Undo on the record of the fix again."
SUPERSEDED_BY = guards.PlanUnchanged().name
ENDS = {
    guards.NotExpired().name: RequestState.EXPIRED,
    SUPERSEDED_BY: RequestState.SUPERSEDED,
}
"""Where a refusal just before the write leads; anything else is REFUSED."""


def read_remains(parts: Parts, account: Account, removal: Removal) -> Remains:
    """What is there of a fix now, and whether an undo of it has begun; `account` as it is reached."""
    remains = parts.aws.read_remains(account, removal.plan.role_name)
    with parts.desk.engine.connect() as connection:
        return replace(remains, begun=has_begun(connection, removal.fix_id))


def _is_gone(removal: Removal, remains: Remains | None) -> bool:
    """Whether our role is not there, though somebody may have made another of its name since."""
    if remains is None or remains.unreadable is not None:
        return False
    return remains.role is None or remains.role.role_id != removal.role_id


def _half_done(removal: Removal, remains: Remains | None) -> str:
    """What a write that stopped has left; empty when it has taken nothing away."""
    if remains is None or remains.unreadable is not None:
        return f"Whether {removal.role_arn} was taken away could not be read."
    if remains.role is None:
        return f"Nothing: {removal.role_arn} is gone."
    if remains.role.role_id == removal.role_id and removal.plan.policy_arn not in remains.role.policies:
        return f"{removal.role_arn}, without AWSSupportAccess."
    return ""


def _removal_of(request: RemediationRequest) -> Removal:
    if request.removal is None:
        raise LookupError(f"request {request.id} says not what to take away")
    return request.removal
