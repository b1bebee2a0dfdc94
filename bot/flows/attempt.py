"""What one attempt at an approved request has in common, whether it is a fix or an undo.

Credentials and "the guards have allowed it" live in memory alone: an attempt that goes on after a crash asks
again before it writes.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.domain import guards
from bot.domain.account import Account
from bot.domain.errors import AwsError, MessengerError
from bot.domain.guards import (
    AccountInScope,
    ChangeWindow,
    Click,
    Context,
    Guard,
    NotExpired,
    PlanUnchanged,
    Refused,
    RemediationEnabled,
    RequestIsPending,
)
from bot.domain.people import PersonFacts
from bot.domain.plan import Plan
from bot.domain.request import (
    ApplyProgress,
    ApplyStep,
    Approval,
    Outcome,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
    UndoStep,
)
from bot.domain.rule import evaluate
from bot.flows.ask import Decider
from bot.flows.notices import tell_owed
from bot.flows.parts import Parts
from bot.flows.ports import Messenger
from bot.flows.prepare import event_of, show_request
from bot.flows.progress import ProgressBoard
from bot.flows.recent_people import RecentPeople
from bot.store import accounts, audit, findings, operations, progress, requests

log = logging.getLogger(__name__)


class Attempt:
    """One attempt at one approved request, in one process."""

    def __init__(self, parts: Parts, request_id: RequestId, recent: RecentPeople | None = None) -> None:
        self._parts = parts
        self._recent = recent or RecentPeople(parts.messenger)
        self._desk = parts.desk
        self._id = request_id
        self._board = ProgressBoard(self._show_progress)

    def close(self) -> None:
        self._board.close()

    def begin(self) -> bool:
        """Take the request; False when there is nothing to do any more."""
        with self._desk.engine.begin() as connection:
            requests.move(
                connection,
                self._id,
                before=RequestState.APPROVED,
                after=RequestState.APPLYING,
                now=self._desk.clock(),
            )
        return self._request().state is RequestState.APPLYING

    def _account_of(self, request: RemediationRequest) -> Account | None:
        """The account with how it is reached; None when it has left the scope."""
        with self._desk.engine.connect() as connection:
            account = accounts.read_account(connection, request.account_id)
        return None if account is None else self._parts.aws.reach(account)

    def _account_now(self, request: RemediationRequest) -> Account | None:
        """The same, its state read anew: an account can be closed, or leave, at any time after a scan."""
        account = self._account_of(request)
        return None if account is None else self._parts.aws.read_standing(account)

    def _decider_of(self, request: RemediationRequest) -> Decider:
        """The approver as Slack describes them now, not as they were at the click."""
        decision = decision_of(request)
        person, groups = decision.person, self._desk.policy.approver_groups
        slack = self._recent if request.bulk_id else self._parts.messenger
        # A home tab is of no channel: there it is the approval channel that must not be shared.
        place = self._desk.policy.approval_channel if decision.is_home else decision.channel_id
        is_shared = self._is_shared(slack, place)
        click = Click(person, decision.channel_id, is_shared_channel=is_shared, is_home=decision.is_home)
        members = {group: self._group(slack, group) for group in groups}
        return Decider(click, self._person(slack, person.user_id), members)

    def _person(self, slack: Messenger | RecentPeople, user_id: str) -> PersonFacts | None:
        try:
            return slack.read_person(user_id)
        except MessengerError:
            return None

    def _group(self, slack: Messenger | RecentPeople, group_id: str) -> frozenset[str] | None:
        try:
            return slack.read_group(group_id)
        except MessengerError:
            return None

    def _is_shared(self, slack: Messenger | RecentPeople, channel: str) -> bool | None:
        try:
            return slack.read_is_shared(channel)
        except MessengerError:
            return None

    def _why_not(self) -> Refused | None:
        """What speaks against the next write at this moment; asked right before each, of the database alone.

        That the request still runs, its approval is in force and nothing is paused or frozen: what can change
        while AWS is being talked to. People and facts were asked about a moment ago.
        """
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, self._id)
            if request is None or request.ending is not None:
                return Refused(RequestIsPending().name, "Another attempt has decided how this ends.")
            context = Context(
                now=self._now(),
                policy=self._desk.policy,
                paused=operations.is_paused(connection),
                request=request,
                click=Click(decision_of(request).person, "", is_shared_channel=None),
                clicker=None,
                account=accounts.read_account(connection, request.account_id),
                expected_state=RequestState.APPLYING,
            )
        return guards.first_refusal(BEFORE_EACH_WRITE[request.kind], context)

    def _has_written(self) -> bool:
        """Whether this request may have changed something: a process that died in between could not tell."""
        with self._desk.engine.connect() as connection:
            return audit.has_event(connection, self._id, "change.intended")

    def _record_if_running(self, kind: str, outcome: Outcome, *, keeps: bool = False) -> bool:
        """Append to the audit, once, what this attempt does; False, and nothing is, when it may not go on.

        `keeps`: the outcome is the request's own as well, as far as it has come.
        """
        with self._desk.engine.begin() as connection:
            # Whoever ends a request locks the chain too: no event of its course stands behind its end.
            audit.lock_chain(connection)
            if not requests.is_running(connection, self._id):
                return False
            if keeps:
                requests.note_outcome(connection, self._id, outcome)
            event = event_of(self._request_in(connection), kind, outcome, self._now())
            audit.record_once(connection, event, channel=self._desk.audit_channel)
        return True

    def _record_late(self, outcome: Outcome) -> None:
        """Append what a call has done that was on its way while the request ended."""
        log.warning("a write came late", extra={"request": self._id, "outcome": outcome.text})
        with self._desk.engine.begin() as connection:
            event = event_of(self._request_in(connection), "change.late", outcome, self._now())
            audit.record_once(connection, event, channel=self._desk.audit_channel)

    def refresh_finding(self) -> None:
        """Read the account again, so that the next status and digest tell what is now true.

        The write is done and on record: that it cannot be read just now is for the next scan to tell.
        """
        try:
            self._refresh_finding(self._request())
        except AwsError as fault:
            log.warning("not read again", extra={"request": self._id, "problem": str(fault)})

    def _refresh_finding(self, request: RemediationRequest) -> None:
        with self._desk.engine.connect() as connection:
            account = accounts.read_account(connection, request.account_id)
            in_scope = accounts.read_account_ids(connection)
        if account is None:
            return
        facts = self._parts.aws.read_accounts([self._parts.aws.reach(account)])
        found = [evaluate(read, in_scope=in_scope) for read in facts]
        with self._desk.engine.begin() as connection:
            findings.save_findings(connection, found, scan_id=f"after:{self._id}")

    def show(self) -> None:
        """Turn the approval message into the record, and tell the requester; Slack may be away meanwhile."""
        request = self._request()
        if request.bulk_id or request.state is RequestState.APPLYING:
            # It stands in the message of its bulk request, and whoever asked is told once of all; or another
            # attempt has decided how it ends, and is at it.
            return
        tell_owed(self._parts, self._id)
        try:
            show_request(self._parts, request)
        except MessengerError as fault:
            log.warning("record not shown yet", extra={"request": self._id, "problem": str(fault)})

    def _show_progress(self, request: RemediationRequest, at: ApplyProgress) -> None:
        """Show it unless the request has ended; what comes late all the same is shown over by the record."""
        if request.message is None:
            return
        with self._desk.engine.begin() as connection:
            if not progress.claim_progress(connection, self._id, now=self._now()):
                return
        try:
            self._parts.messenger.show_request(request.message.channel, request, request.message, at)
        finally:
            with self._desk.engine.begin() as connection:
                progress.release_progress(connection, self._id)

    def _progress(self, request: RemediationRequest, step: ApplyStep | UndoStep) -> None:
        self._board.post(request, ApplyProgress(step))

    def _request(self) -> RemediationRequest:
        with self._desk.engine.connect() as connection:
            return self._request_in(connection)

    def _request_in(self, connection: Connection) -> RemediationRequest:
        request = requests.read_request(connection, self._id)
        if request is None:
            raise LookupError(f"request {self._id} is gone from the database")
        return request

    def _now(self) -> datetime:
        return self._desk.clock()


BEFORE_EACH_WRITE: Mapping[RequestKind, tuple[Guard, ...]] = {
    kind: (
        RequestIsPending(),
        RemediationEnabled(what=what),
        NotExpired(),
        AccountInScope(),
        ChangeWindow(),
    )
    for kind, what in ((RequestKind.FIX, "Fixes"), (RequestKind.UNDO, "Undos"))
}
"""Which of the guards are asked once more, right before each call that changes something."""

ENDS = {NotExpired().name: RequestState.EXPIRED, PlanUnchanged().name: RequestState.SUPERSEDED}
"""Where a refusal just before a write leads; anything else is REFUSED."""


def plan_of(request: RemediationRequest) -> Plan:
    if request.plan is None:
        raise LookupError(f"request {request.id} has no plan")
    return request.plan


def decision_of(request: RemediationRequest) -> Approval:
    if request.decision is None:
        raise LookupError(f"request {request.id} has no approval")
    return request.decision
