"""The worker's half of the digest: posted once for each channel and local date, however often it starts."""

import logging
from datetime import date, timedelta

from dbos import DBOS, StepOptions
from sqlalchemy import Connection

from bot.domain.audit import AuditEvent
from bot.domain.digest import Digest, build_digest
from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.domain.status import waive_known
from bot.domain.waiver import waive_verdicts
from bot.flows import scan
from bot.flows.digest import due_day
from bot.flows.engine import FIXES, step
from bot.flows.parts import Parts
from bot.store import audit, digests, findings, requests, scans, waivers
from bot.store.engine import is_outage

log = logging.getLogger(__name__)

SCAN_FIRST = timedelta(minutes=10)
"""How long a digest waits for the fresh scan that it starts."""
RETRY: StepOptions = {
    "name": "post",
    "retries_allowed": True,
    "interval_seconds": 5,
    "backoff_rate": 2,
    "max_attempts": 9,
    "should_retry": lambda fault: isinstance(fault, MessengerError) or is_outage(fault),
}
"""Some twenty minutes of a Slack outage; after that it is logged, and the next digest tells the rest."""


class Digester:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk

    def register(self) -> None:
        @DBOS.workflow(name="digest_now")
        def digest_now(channel: str, asker: str) -> None:
            DBOS.run_step(step("post"), self.post_now, channel, asker)

        @DBOS.workflow(name="daily_digest")
        def daily_digest(channel: str, day: str) -> None:
            scan_id = DBOS.run_step(step("scan"), self.start_scan)
            for _ in range(int(SCAN_FIRST.total_seconds() // 2)):
                if DBOS.run_step(step("is scanned"), self.is_scanned, scan_id):
                    break
                DBOS.sleep(2)
            DBOS.run_step(RETRY, self.post_daily, channel, day)

    def start_if_due(self) -> None:
        """Start today's digest when its time has come; starting it again is harmless."""
        settings = self._desk.digest
        if settings is None:
            return
        with self._desk.engine.begin() as connection:
            has_history = digests.has_any(connection, settings.channel)
            day = due_day(settings, self._desk.clock(), has_history=has_history)
            if day is not None and not digests.is_posted(connection, settings.channel, day):
                key = f"digest:{settings.channel}:{day.isoformat()}"
                self._desk.enqueue(
                    connection,
                    "daily_digest",
                    settings.channel,
                    day.isoformat(),
                    queue=FIXES,
                    key=key,
                )

    def start_scan(self) -> str:
        with self._desk.engine.begin() as connection:
            return scan.start(self._desk, connection, scope="", reason="digest")

    def is_scanned(self, scan_id: str) -> bool:
        with self._desk.engine.connect() as connection:
            found = scans.read_scan(connection, scan_id)
        return found is None or found.finished_at is not None

    def post_daily(self, channel: str, day_text: str) -> None:
        """Post the digest of a day unless it stands there; a MessengerError is tried again by the engine.

        So is the claim of another worker, which may have died over it: there is no other try on that day.
        """
        desk, now, day = self._desk, self._desk.clock(), date.fromisoformat(day_text)
        with desk.engine.begin() as connection:
            if digests.is_posted(connection, channel, day):
                return
            if not digests.claim_digest(connection, channel, day, now=now):
                raise MessengerError("Another worker has begun this digest and has not ended.", "claimed")
            digest = self._build(connection, channel, day)
            in_force = waivers.read_in_force(connection, now=now)
            verdicts = waive_verdicts(findings.read_verdicts(connection), in_force)
        try:
            at = self._parts.messenger.post_digest(channel, digest, f"{channel}:{day.isoformat()}")
        except MessengerError:
            with desk.engine.begin() as connection:
                digests.release_digest(connection, channel, day)
            raise
        with desk.engine.begin() as connection:
            digests.mark_digest_posted(
                connection, channel, day, ts=at.ts, verdicts=verdicts, now=desk.clock()
            )
            self._record(connection, channel, day, "The daily digest was posted.")

    def post_now(self, channel: str, asker: str) -> None:
        desk = self._desk
        day = self._today()
        with desk.engine.connect() as connection:
            digest = self._build(connection, channel, day)
        try:
            self._parts.messenger.post_digest(channel, digest, f"{channel}:now:{desk.clock().isoformat()}")
        except MessengerError as fault:
            notice = Notice("The digest could not be posted", str(fault))
            self._parts.messenger.tell(asker, channel, notice)
            return
        with desk.engine.begin() as connection:
            self._record(connection, channel, day, f"<@{asker}> asked for a digest, and it was posted.")

    def _today(self) -> date:
        return self._desk.clock().astimezone(self._desk.zone).date()

    def _build(self, connection: Connection, channel: str, day: date) -> Digest:
        now = self._desk.clock()
        in_force = waivers.read_in_force(connection, now=now)
        known = waive_known(findings.read_findings(connection), in_force)
        length, head = audit.read_head(connection)
        return build_digest(
            known,
            day=day,
            now=now,
            baseline=digests.read_baseline(connection, channel, before=day),
            our_fixes=requests.read_our_fixes(connection),
            pending_requests=requests.count_pending(connection),
            chain_length=length,
            chain_head=head,
            last_scan_at=max((item.finding.checked_at for item in known), default=None),
            ending_waivers=tuple(waiver for waiver in in_force.values() if waiver.ends_soon(now)),
        )

    def _record(self, connection: Connection, channel: str, day: date, outcome: str) -> None:
        audit.record(
            connection,
            AuditEvent(
                kind="digest.posted",
                at=self._desk.clock(),
                actor="support-role-bot",
                outcome=outcome,
                detail=(("channel", channel), ("day", day.isoformat())),
            ),
        )
