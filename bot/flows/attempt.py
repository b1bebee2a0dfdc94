"""What one attempt at an approved request has in common, whether it is a fix or an undo.

Credentials and "the guards have allowed it" live in memory alone: an attempt that goes on after a crash asks
again before it writes.
"""

import logging
from datetime import datetime

from bot.domain.account import Account
from bot.domain.errors import AwsError, MessengerError
from bot.domain.guards import Click
from bot.domain.people import Notice, PersonFacts
from bot.domain.plan import Plan
from bot.domain.request import (
    ApplyProgress,
    ApplyStep,
    Approval,
    RemediationRequest,
    RequestId,
    RequestState,
    UndoStep,
)
from bot.domain.rule import evaluate
from bot.flows.ask import Decider
from bot.flows.parts import Parts
from bot.flows.ports import Messenger
from bot.flows.prepare import show_request
from bot.flows.progress import ProgressBoard
from bot.flows.recent_people import RecentPeople
from bot.store import accounts, findings, requests

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

    def _decider_of(self, request: RemediationRequest) -> Decider:
        """The approver as Slack describes them now, not as they were at the click."""
        decision = decision_of(request)
        person, groups = decision.person, self._desk.policy.approver_groups
        slack = self._recent if request.bulk_id else self._parts.messenger
        is_shared = self._is_shared(slack, decision.channel_id)
        click = Click(person, decision.channel_id, is_shared_channel=is_shared)
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
        if request.bulk_id:
            return  # It stands in the message of its bulk request, and whoever asked is told once of all.
        try:
            show_request(self._parts, request)
            if request.origin is not None and request.origin.channel:
                title = f"Your {request.kind.value}: {request.state.value}"
                notice = Notice(title, request.outcome.text, request.outcome.next_step)
                self._parts.messenger.tell(request.requester.user_id, request.origin.channel, notice)
        except MessengerError as fault:
            log.warning("record not shown yet", extra={"request": self._id, "problem": str(fault)})

    def _show_progress(self, request: RemediationRequest, progress: ApplyProgress) -> None:
        if request.message is None or self._request().state is not RequestState.APPLYING:
            # Another process may have ended it: its record is not to be overwritten by what is past.
            return
        self._parts.messenger.show_request(request.message.channel, request, request.message, progress)

    def _progress(self, request: RemediationRequest, step: ApplyStep | UndoStep) -> None:
        self._board.post(request, ApplyProgress(step))

    def _request(self) -> RemediationRequest:
        with self._desk.engine.connect() as connection:
            request = requests.read_request(connection, self._id)
        if request is None:
            raise LookupError(f"request {self._id} is gone from the database")
        return request

    def _now(self) -> datetime:
        return self._desk.clock()


def plan_of(request: RemediationRequest) -> Plan:
    if request.plan is None:
        raise LookupError(f"request {request.id} has no plan")
    return request.plan


def decision_of(request: RemediationRequest) -> Approval:
    if request.decision is None:
        raise LookupError(f"request {request.id} has no approval")
    return request.decision
