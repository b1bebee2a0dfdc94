"""How an attempt at an undo ends, and what it says has become of the role.

An undo that may not go on after it has detached the policy stops there. A role without the policy lets
nobody do anything, and it can be turned either way: a further undo deletes it, or somebody attaches the
policy again by hand. A deletion cannot be taken back, and attaching the policy again would be a write that
grants something while writes are stopped. So it is *failed*, and says what it has left.
"""

import logging
from dataclasses import replace

from sqlalchemy import Connection

from bot.domain.account import Account
from bot.domain.errors import MessengerError
from bot.domain.guards import Refused
from bot.domain.request import Outcome, RemediationRequest, RequestState
from bot.domain.undo import Remains, Removal
from bot.flows.attempt import ENDS, Attempt, decision_of
from bot.flows.notices import owe_end
from bot.flows.parts import Parts
from bot.flows.prepare import end_request, event_of, show_request
from bot.flows.undo import has_begun
from bot.store import audit, requests

log = logging.getLogger(__name__)

PRESS_AGAIN = "Press Undo on the record of the fix again."


class UndoEnd(Attempt):
    """The part of an attempt at an undo that ends it."""

    def stop_on_fault(self) -> None:
        """End the request as failed, saying what may have been done; the log has the fault."""
        request = self._request()
        if request.state is RequestState.APPLYING:
            text = f"The undo stopped on a fault of this bot. The log has it under {self._id}."
            left = f"Whether {removal_of(request).role_arn} was taken away is not known."
            self._end(request, RequestState.FAILED, Outcome(text, PRESS_AGAIN, left_behind=left))

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

    def _rehearse(self, request: RemediationRequest, remains: Remains | None) -> bool:
        """Settings allow no write. After a crash in the middle of one that leaves half of it: a failure."""
        removal = removal_of(request)
        left = half_done(removal, remains) if self._has_written() else ""
        if left:
            text = "Settings allow dry runs alone by now, so the undo that had begun did not go on."
            return self._end(request, RequestState.FAILED, Outcome(text, PRESS_AGAIN, left_behind=left))
        arn = removal.role_arn
        text = f"Dry run: {arn} would now be taken away from {request.label}. Nothing was written."
        return self._end(request, RequestState.REHEARSED, Outcome(text))

    def _stop(self, request: RemediationRequest, remains: Remains | None, refusal: Refused) -> bool:
        """A guard refuses. In the middle of the write, or after a crash there, it is a failure."""
        left = half_done(removal_of(request), remains) if self._has_written() else ""
        return self._stop_with(request, refusal, left)

    def _stop_with(
        self, request: RemediationRequest, refusal: Refused, left: str, ids: tuple[str, ...] = ()
    ) -> bool:
        outcome = Outcome(refusal.reason, refusal.next_step, aws_request_ids=ids, left_behind=left)
        state = ENDS.get(refusal.guard, RequestState.REFUSED)
        return self._end(request, RequestState.FAILED if left else state, outcome)

    def _end(self, request: RemediationRequest, state: RequestState, outcome: Outcome) -> bool:
        """End the request; False, for whoever asks whether to go on."""
        end_request(self._desk, request, before=RequestState.APPLYING, after=state, outcome=outcome)
        return False

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
                owe_end(connection, request, RequestState.UNDONE, outcome, now)
                event = event_of(request, "change.undone", outcome, now)
                audit.record(connection, event, channel=self._desk.audit_channel)

    def _undo_fix(self, connection: Connection, request: RemediationRequest) -> None:
        fix = requests.read_request(connection, request.undoes or "")
        if fix is None or fix.leaves is None:
            return
        people = (request.requester.user_id, decision_of(request).person.user_id)
        text = f"It was undone by {request.id}: <@{people[0]}> asked, <@{people[1]}> approved."
        outcome = replace(fix.outcome, text=text, next_step="", people=people)
        requests.move(
            connection,
            fix.id,
            before=fix.state,
            after=RequestState.UNDONE,
            now=self._now(),
            outcome=outcome,
        )


def read_remains(parts: Parts, account: Account, removal: Removal) -> Remains:
    """What is there of a fix now, and whether an undo of it has begun; `account` as it is reached."""
    remains = parts.aws.read_remains(account, removal.plan.role_name)
    with parts.desk.engine.connect() as connection:
        return replace(remains, begun=has_begun(connection, removal.fix_id))


def is_gone(removal: Removal, remains: Remains | None) -> bool:
    """Whether our role is not there, though somebody may have made another of its name since."""
    if remains is None or remains.unreadable is not None:
        return False
    return remains.role is None or remains.role.role_id != removal.role_id


def half_done(removal: Removal, remains: Remains | None) -> str:
    """What a write that stopped has left; empty when it has taken nothing away."""
    if remains is None or remains.unreadable is not None:
        return f"Whether {removal.role_arn} was taken away could not be read."
    if remains.role is None:
        return f"Nothing: {removal.role_arn} is gone."
    if remains.role.role_id == removal.role_id and removal.plan.policy_arn not in remains.role.policies:
        return without_policy(removal)
    return ""


def without_policy(removal: Removal) -> str:
    return f"{removal.role_arn}, without AWSSupportAccess."


def removal_of(request: RemediationRequest) -> Removal:
    if request.removal is None:
        raise LookupError(f"request {request.id} says not what to take away")
    return request.removal
