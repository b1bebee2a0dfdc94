"""The worker's half of an undo: the role is read anew and put before the approvers; `undo_run` takes it away.

preparing → pending → approved → applying → undone, and the fix moves to undone in the same transaction.
"""

import logging
from dataclasses import replace

from dbos import DBOS

from bot.domain import guards
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.guards import Click, Context, Refused
from bot.domain.request import Outcome, RemediationRequest, RequestId, RequestState
from bot.domain.undo import Remains, Removal
from bot.flows.engine import step
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer, end_request
from bot.flows.undo_end import read_remains
from bot.flows.undo_run import UndoRun
from bot.store import accounts, operations, requests

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
