"""The worker's half of bulk requests: each member's plan is made, the course goes on, the message is true."""

import logging
from datetime import timedelta

from dbos import DBOS

from bot.domain.bulk import Bulk, BulkReport, BulkState
from bot.domain.errors import MessengerError
from bot.domain.pause import Pause
from bot.domain.people import Notice
from bot.domain.request import MessageRef, Outcome, RequestId, RequestState
from bot.flows.bulk import expire_bulk
from bot.flows.bulk_course import advance
from bot.flows.engine import step
from bot.flows.notices import tell
from bot.flows.parts import Parts
from bot.flows.prepare import Preparer, end_request
from bot.store import bulks, operations, requests
from bot.store.engine import is_outage

log = logging.getLogger(__name__)

PROGRESS_EVERY = timedelta(seconds=2)
"""Slack allows a message about one update a second; a reader needs fewer."""
GONE_MESSAGES = frozenset({"message_not_found", "cant_update_message"})
"""The approval message was removed in Slack: there is nothing left to bring in line."""


class BulkPreparer:
    """One workflow for each account: they are read side by side, and by all workers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._preparer = Preparer(parts)

    def register(self) -> None:
        @DBOS.workflow(name="prepare_member")
        def prepare_member(request_id: str) -> None:
            DBOS.run_step(step("prepare"), self.prepare, RequestId(request_id))

    def prepare(self, request_id: RequestId) -> None:
        """Make the member's plan, or leave it out with the reason: one account holds up no others."""
        try:
            self._preparer.prepare(request_id)
        except Exception as fault:
            if is_outage(fault):
                raise
            log.exception("member could not be prepared", extra={"request": request_id})
            self._give_up(request_id)

    def _give_up(self, request_id: RequestId) -> None:
        desk = self._parts.desk
        with desk.engine.connect() as connection:
            member = requests.read_request(connection, request_id)
        if member is not None:
            text = f"{member.label} could not be read: a fault of this bot. The log has it under {member.id}."
            end_request(
                desk,
                member,
                before=RequestState.PREPARING,
                after=RequestState.FAILED,
                outcome=Outcome(text),
            )


class BulkChores:
    """Everything here looks at rows and acts by conditional writes, as the other chores do."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def go_on(self) -> None:
        """Let the next members go where the last ones have ended: whoever ended them may have died."""
        with self._desk.engine.connect() as connection:
            found = [bulks.read_report(connection, bulk.id) for bulk in bulks.read_at_work(connection)]
        for report in found:
            if report is not None and report.may_go_on(self._desk.clock()):
                with self._desk.engine.begin() as connection:
                    advance(self._desk, connection, report.bulk.id)

    def expire(self) -> None:
        now = self._desk.clock()
        with self._desk.engine.connect() as connection:
            overdue = [bulk.id for bulk in bulks.read_pending(connection) if bulk.expires_at <= now]
        for bulk_id in overdue:
            expire_bulk(self._desk, bulk_id)

    def show(self) -> None:
        """Bring the messages in line: at once with a new state, now and then while accounts are changed."""
        now = self._desk.clock()
        with self._desk.engine.connect() as connection:
            stale = bulks.read_stale_messages(connection, now=now, every=PROGRESS_EVERY)
        for bulk in stale:
            with self._desk.engine.begin() as connection:
                is_ours = bulks.claim_message(connection, bulk.id, now=now)
            if is_ours:
                self._show(bulk)

    def _show(self, bulk: Bulk) -> None:
        with self._desk.engine.connect() as connection:
            # Read after the claim: another worker may have posted the message since.
            report = bulks.read_report(connection, bulk.id)
            shown_before = bulks.read_shown_state(connection, bulk.id)
            pause = operations.read_pause(connection)
        if report is None:
            return
        try:
            at = self._put(report, pause)
            if report.bulk.is_final and shown_before != report.bulk.state:
                self._tell(report)
        except MessengerError as fault:
            log.warning("bulk request not shown", extra={"bulk": bulk.id, "problem": str(fault)})
            with self._desk.engine.begin() as connection:
                bulks.release_message(connection, bulk.id)
            return
        with self._desk.engine.begin() as connection:
            bulks.place_message(connection, report.bulk, at, now=self._desk.clock())

    def _put(self, report: BulkReport, pause: Pause | None) -> MessageRef | None:
        """Where its message stands now; there is none of what was never asked of anybody."""
        bulk = report.bulk
        if bulk.state is BulkState.REFUSED:
            return None
        channel = bulk.message.channel if bulk.message else self._desk.policy.approval_channel
        try:
            return self._parts.messenger.show_bulk(channel, report, bulk.message, pause)
        except MessengerError as fault:
            if bulk.message is None or fault.code not in GONE_MESSAGES:
                raise
            return bulk.message

    def _tell(self, report: BulkReport) -> None:
        bulk = report.bulk
        if bulk.origin is not None and bulk.origin.channel:
            reasons = [f"\n\N{BULLET} {m.label}: {m.outcome.text}" for m in report.left_out[:10]]
            # Of those nobody was asked, so that the outcome does not count them.
            head = "" if bulk.state is BulkState.REFUSED else f" Left out: {len(report.left_out):,}."
            why = "".join([head, *reasons]) if reasons else ""
            notice = Notice(
                f"Your fixes: {bulk.state.value}", f"{bulk.outcome.text}{why}", bulk.outcome.next_step
            )
            tell(self._parts, bulk.requester.user_id, bulk.origin.channel, notice)
