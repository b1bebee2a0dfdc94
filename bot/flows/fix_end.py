"""How an attempt at a fix ends, and how the role that it has made is taken back where it may not stay.

Two processes can be at the same fix: one that was taken for dead may wake up. So an end that takes something
back is decided first, by one conditional write, and only whoever wins that deletes anything. From then on the
fix can no longer be called applied, the other attempt is refused before its next write, and what it notes is
not kept. A process that ends in between is followed by one that finds the decision and carries it out.
"""

import logging
from dataclasses import replace

from bot.aws.support_role import Created, Deleted, NotOurs, Withheld, Writer
from bot.domain.errors import AwsError
from bot.domain.guards import Refused, RequestIsPending
from bot.domain.request import Ending, Outcome, RemediationRequest, RequestState
from bot.flows.attempt import Attempt, decision_of, plan_of
from bot.flows.prepare import end_request
from bot.store import audit, requests

log = logging.getLogger(__name__)

KEEPS_THE_ROLE = frozenset({RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED})
"""At any other end, a role that this request made goes again."""


class FixEnd(Attempt):
    """The part of an attempt at a fix that ends it."""

    _writer: Writer | None = None

    def _may_go_on(self) -> bool:
        """False when the fix has ended; what was decided and not carried out is, first."""
        request = self._request()
        if request.ending is not None:
            self._carry_out()
            return False
        return request.state is RequestState.APPLYING

    def _end(
        self, request: RemediationRequest, state: RequestState, outcome: Outcome, *, looks: bool = True
    ) -> bool:
        """End the fix; False, for whoever asks whether to go on.

        Not `looks`: no call of this attempt can have made a role; none is looked for unless one is known of.
        """
        if state in KEEPS_THE_ROLE or outcome.left_behind:
            end_request(self._desk, request, before=RequestState.APPLYING, after=state, outcome=outcome)
        elif self._decide(Ending(state, outcome)):
            self._carry_out(looks=looks)
        return False

    def _end_as_it_is(self, text: str, next_step: str, left_behind: str) -> None:
        """End the fix as failed where its own end does not succeed."""
        request = self._request()
        if request.state is RequestState.APPLYING:
            end_request(
                self._desk,
                request,
                before=RequestState.APPLYING,
                after=RequestState.FAILED,
                outcome=Outcome(text, next_step, left_behind=left_behind),
                is_decided=request.ending is not None,
            )

    def _decide(self, ending: Ending) -> bool:
        with self._desk.engine.begin() as connection:
            audit.lock_chain(connection)
            return requests.decide_ending(connection, self._id, ending)

    def _carry_out(self, *, looks: bool = True) -> None:
        """Take back what the request has made, and end it as was decided."""
        request = self._request()
        if request.state is not RequestState.APPLYING or request.ending is None:
            return
        outcome = request.ending.outcome
        # Asked now that nobody can begin any more: another attempt may have since this one last looked.
        if self._has_written() and (looks or request.outcome.role_id):
            outcome = self._taken_back(request, outcome)
        end_request(
            self._desk,
            request,
            before=RequestState.APPLYING,
            after=request.ending.state,
            outcome=outcome,
            is_decided=True,
        )

    def _taken_back(self, request: RemediationRequest, outcome: Outcome) -> Outcome:
        """Delete the role that this request made, if it did; the outcome says what became of it."""
        left, ids = self._delete_own_role(request)
        is_gone = not left and bool(ids or request.outcome.role_id)
        text = f"{outcome.text.rstrip('.')}. The role that it had created was deleted again."
        otherwise = (
            "Look at the role by hand." if left else "Nothing was left behind. Mend the cause, ask again."
        )
        return replace(
            request.outcome,
            text=text if is_gone else outcome.text,
            left_behind=left,
            next_step=outcome.next_step or otherwise,
            aws_request_ids=(*request.outcome.aws_request_ids, *outcome.aws_request_ids, *ids),
        )

    def _delete_own_role(self, request: RemediationRequest) -> tuple[str, tuple[str, ...]]:
        """What was left behind, and the ids of the calls that took the rest away."""
        arn, known_id = plan_of(request).role_arn, request.outcome.role_id
        try:
            writer = self._writer_for(request)
            # IAM may not show yet what it was told a moment ago; a role that was noted is there, or was.
            is_awaited = bool(known_id) or writer.may_be_unseen
            role = writer.wait_for_role() if is_awaited else writer.observe()
            if role is not None and known_id and role.role_id != known_id:
                return f"A role named {role.arn} that this run did not create is there.", ()
            role_id = known_id or (role.role_id if role is not None else "")
            if not role_id:
                return "", ()
            # One that was noted is looked for again: under a path, "not shown" may be "not allowed to see".
            answer = self._delete(writer, role_id)
        except AwsError as fault:
            return f"Whether {arn} was left behind could not be told: {fault}", ()
        if isinstance(answer, NotOurs):
            return f"{arn} is there and was left alone: {answer.reason}", ()
        return "", answer.request_ids

    def _delete(self, writer: Writer, role_id: str) -> Deleted | NotOurs | Withheld:
        try:
            return writer.delete_created_role(role_id, why_not=self._why_not_taken_back)
        except AwsError as fault:
            if fault.code != "DeleteConflict":
                raise
        # The other attempt's AttachRolePolicy was on its way: now it is there, and no further one can follow.
        return writer.delete_created_role(role_id, why_not=self._why_not_taken_back)

    def _why_not_taken_back(self) -> Refused | None:
        """A role of the same name may be of a later request once this one has ended."""
        request = self._request()
        if request.state is RequestState.APPLYING and request.ending is not None:
            return None
        return Refused(RequestIsPending().name, "The fix has ended.")

    def _disown(self, created: Created) -> None:
        """Take away a role of this attempt's own making that was on its way while the fix ended otherwise."""
        request = self._request()
        is_kept = request.state in KEEPS_THE_ROLE and request.outcome.role_id == created.role_id
        if created.already or is_kept:
            return
        arn, ids, left = created.arn, created.request_ids, ""
        try:
            answer = self._writer_for(request).delete_created_role(created.role_id)
            left = answer.reason if isinstance(answer, NotOurs) else ""
            ids += answer.request_ids
        except AwsError as fault:
            left = str(fault)
        text = f"{arn} was created by a call that was on its way while the fix ended. "
        text += f"It could not be deleted again: {left}" if left else "It was deleted again."
        left_behind = f"{arn}, without AWSSupportAccess." if left else ""
        self._record_late(Outcome(text, "", arn, created.role_id, ids, left_behind))

    def _writer_for(self, request: RemediationRequest) -> Writer:
        if self._writer is None:
            account = self._account_of(request)
            if account is None:
                raise AwsError(f"{request.label} left the scope while it was being fixed.", "out-of-scope")
            approver = decision_of(request).person.user_id
            self._writer = self._parts.aws.open_writer(account, plan_of(request), self._id, approver)
        return self._writer
