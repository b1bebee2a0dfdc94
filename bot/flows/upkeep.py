"""What a worker does beside its queues: keep messages true, post the audit, expire, and watch other workers.

Everything here looks at rows and brings the outside in line with them, so that a crash, a Slack outage or a
lost update only delays it. Nothing is read back from Slack.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import AwsError, MessengerError
from bot.domain.guards import ask_again
from bot.domain.request import Outcome, RemediationRequest, RequestState
from bot.domain.scope import Scope, parse_scope, words_of
from bot.flows import engine as durable
from bot.flows.bulk_worker import BulkChores
from bot.flows.digester import Digester
from bot.flows.notices import tell_due
from bot.flows.parts import Parts
from bot.flows.prepare import end_request, show_request
from bot.flows.retention import Retention
from bot.flows.scan import STALE_AFTER, read_status
from bot.flows.stranded import restart_stranded
from bot.flows.waiver_chores import WaiverChores
from bot.store import accounts, audit, operations, requests, scans

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
SILENT_AFTER = timedelta(seconds=10)
"""A worker that has not been heard of for this long is taken for dead."""
ACCOUNTS_SECONDS = 600.0
PROGRESS_EVERY = timedelta(seconds=2)
"""Slack allows a message about one update a second; a reader needs fewer."""
RETRY_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every_seconds: float
    do: Callable[[], None]


class Upkeep:
    """Threads that do the chores until `stop`, each by itself: a slow Slack holds up no heartbeat."""

    def __init__(self, parts: Parts, digester: Digester, executor_id: str) -> None:
        self._parts = parts
        self._desk = parts.desk
        self._digester = digester
        self._waivers = WaiverChores(parts)
        self._bulks = BulkChores(parts)
        self._executor_id = executor_id
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._aws_problem = ""

    def start(self) -> None:
        self.beat()
        for chore in self._chores():
            thread = threading.Thread(target=self._repeat, args=(chore,), name=chore.name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        with self._desk.engine.begin() as connection:
            # Not forgotten: what did not end in time is taken over by whoever sees it silent.
            operations.silence(connection, self._executor_id)

    def _chores(self) -> tuple[Chore, ...]:
        return (
            Chore("heartbeat", BEAT_SECONDS, self.beat),
            Chore("take-over", BEAT_SECONDS, self.take_over),
            Chore("aws", 60.0, self.look_at_aws),
            Chore("accounts", ACCOUNTS_SECONDS, self.refresh_accounts),
            Chore("outbox", 0.5, self.post_audit),
            Chore("status", 0.5, self.show_scans),
            Chore("requests", 1.0, self.show_requests),
            Chore("expiry", 5.0, self.expire),
            Chore("bulk requests", 0.5, self._bulks.go_on),
            Chore("messages of bulk requests", 0.5, self._bulks.show),
            Chore("expiry of bulk requests", 5.0, self._bulks.expire),
            Chore("waivers", 1.0, self._waivers.show),
            Chore("ends of waivers", 5.0, self._waivers.end),
            Chore("words about waivers", 5.0, self._waivers.tell),
            Chore("notices", 5.0, lambda: tell_due(self._parts)),
            Chore("stranded requests", 30.0, lambda: restart_stranded(self._desk)),
            Chore("stuck scans", 15.0, self.close_stuck_scans),
            Chore("digest", 5.0, self._digester.start_if_due),
            Chore("retention", 60.0, Retention(self._parts).tidy_if_due),
        )

    def _repeat(self, chore: Chore) -> None:
        while not self._stop.is_set():
            try:
                chore.do()
            except Exception:
                # A chore is tried again in a moment; what made it fail must not end the others.
                log.exception("chore failed", extra={"chore": chore.name})
            self._stop.wait(chore.every_seconds)

    def beat(self) -> None:
        with self._desk.engine.begin() as connection:
            now = self._desk.pulse()
            operations.beat(connection, self._executor_id, problem=self._aws_problem, now=now)

    def refresh_accounts(self) -> None:
        """List the accounts in scope before a scan needs them; what is refused is told by that scan.

        Settings may have changed since: what a worker finds when it starts holds before any scan.
        """
        try:
            self._parts.aws.refresh_inventory()
            found = self._parts.aws.read_inventory()
        except AwsError as fault:
            log.warning("accounts not listed", extra={"problem": str(fault)})
            return
        with self._desk.engine.connect() as connection:
            if accounts.are_in_scope(connection, found):
                return
        with self._desk.engine.begin() as connection:
            accounts.save_accounts(connection, found, now=self._desk.clock())

    def look_at_aws(self) -> None:
        """Ask STS who we are: what keeps a worker from AWS shows in /readyz before it shows in findings."""
        try:
            self._parts.aws.read_identity()
        except AwsError as fault:
            self._aws_problem = str(fault)
        else:
            self._aws_problem = ""

    def take_over(self) -> None:
        """Resume here what workers that fell silent have left unfinished."""
        since = self._desk.pulse() - SILENT_AFTER
        with self._desk.engine.connect() as connection:
            silent = [
                one for one in operations.read_silent(connection, since=since) if one != self._executor_id
            ]
        for executor_id in silent:
            resumed = durable.take_over(executor_id)
            if resumed:
                log.warning("took over", extra={"executor": executor_id, "workflows": resumed})
            if not durable.has_unfinished(executor_id):
                with self._desk.engine.begin() as connection:
                    operations.forget_executor(connection, executor_id)

    def post_audit(self) -> None:
        """Post audit messages in the order of the chain, until there is none left or Slack refuses."""
        while not self._stop.is_set():
            with self._desk.engine.begin() as connection:
                item = audit.claim_next(connection, now=self._desk.clock())
            if item is None:
                return
            # The channel of now: one that is gone since the event would hold up all that come after it.
            channel = self._desk.audit_channel or item.channel
            try:
                at = self._parts.messenger.post_audit(channel, item.event)
            except MessengerError as fault:
                log.warning("audit message waits", extra={"seq": item.event.seq, "problem": str(fault)})
                self._give_back(item.event.seq, str(fault))
                return
            with self._desk.engine.begin() as connection:
                audit.mark_posted(connection, item.event.seq, ts=at.ts, now=self._desk.clock())

    def _give_back(self, seq: int, problem: str) -> None:
        with self._desk.engine.begin() as connection:
            audit.mark_unposted(connection, seq, problem, retry_at=self._desk.clock() + RETRY_AFTER)

    def show_scans(self) -> None:
        """Bring status messages in line with their scans: progress now and then, the result at once."""
        with self._desk.engine.connect() as connection:
            following = scans.read_following(connection)
        for message in following:
            self._show_scan(message, self._desk.clock())

    def _show_scan(self, message: scans.StatusMessage, now: datetime) -> None:
        with self._desk.engine.connect() as connection:
            scan = scans.read_scan(connection, message.scan_id)
            ended = scan is None or scan.finished_at is not None
            if not ended and now - message.shown_at < PROGRESS_EVERY:
                return
            scope = parse_scope(words_of(message.scope))
            words = scope if isinstance(scope, Scope) else Scope()
            status = read_status(
                self._desk,
                connection,
                scope=words,
                words=message.scope,
                scan_id=message.scan_id,
            )
        settled = ended
        try:
            self._parts.messenger.show_status(message.at.channel, status, message.at)
        except MessengerError as fault:
            log.warning("status not shown", extra={"channel": message.at.channel, "problem": str(fault)})
            settled = fault.code in GONE
        with self._desk.engine.begin() as connection:
            scans.mark_shown(connection, message.at, now=self._desk.clock(), settled=settled)

    def show_requests(self) -> None:
        """Bring approval messages in line with their requests, from where the store says they stand."""
        with self._desk.engine.connect() as connection:
            stale = requests.read_stale_messages(connection, now=self._desk.clock())
        for request in stale:
            try:
                show_request(self._parts, request)
            except MessengerError as fault:
                log.warning("request not shown", extra={"request": request.id, "problem": str(fault)})
                return

    def expire(self) -> None:
        """Close what nobody decided in time; the guard `not_expired` had refused it since.

        What nobody has even read by then, too: one request at a time would keep its account shut for ever.
        """
        with self._desk.engine.connect() as connection:
            now = self._desk.clock()
            overdue = requests.read_overdue(connection, now=now)
            unprepared = requests.read_overdue(connection, now=now, state=RequestState.PREPARING)
        for request in overdue:
            outcome = Outcome(f"Nobody decided about {request.label} in time.", ask_again(request))
            self._close(request, RequestState.EXPIRED, outcome)
        for request in unprepared:
            outcome = Outcome(
                f"{request.label} was not read in time: is a worker running?", ask_again(request)
            )
            self._close(request, RequestState.REFUSED, outcome)

    def _close(self, request: RemediationRequest, after: RequestState, outcome: Outcome) -> None:
        end_request(self._desk, request, before=request.state, after=after, outcome=outcome)

    def close_stuck_scans(self) -> None:
        """End scans that run for too long, so that their messages do not promise a result for ever."""
        before = self._desk.clock() - STALE_AFTER
        with self._desk.engine.begin() as connection:
            for scan_id in scans.read_stuck(connection, before=before):
                problem = "The scan did not end. Is a worker running? Try /support-role status again."
                scans.finish_scan(connection, scan_id, now=self._desk.clock(), problem=problem)


GONE = frozenset(
    {"message_not_found", "channel_not_found", "is_archived", "not_in_channel", "cant_update_message"}
)
"""Slack's words for a message that will not come back: following it any longer would be in vain."""
