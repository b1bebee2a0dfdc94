"""The worker's half of the digest: posted once for each channel and local date, however often it starts.

A digest that cannot be posted is given up for its date, recorded, and told to whoever subscribed or, where
nobody did, to the administrators.
"""

import logging
from datetime import date, timedelta

from dbos import DBOS, StepOptions
from sqlalchemy import Connection

from bot.domain.audit import AuditEvent
from bot.domain.digest import Digest, build_digest
from bot.domain.errors import MessengerError
from bot.domain.people import Notice
from bot.domain.status import waive_known
from bot.domain.subscription import Subscription, due_day, missed_days
from bot.domain.waiver import waive_verdicts
from bot.flows import scan
from bot.flows.engine import FIXES, step
from bot.flows.parts import Parts
from bot.flows.subscribe import read_subscription, read_subscriptions
from bot.store import audit, digests, findings, requests, scans, subscriptions, waivers
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
"""Some twenty minutes of a Slack outage; after that it is given up, and the next digest tells the rest."""
TOO_LATE = timedelta(days=2)
"""A digest of a day longer past is never posted: work that was left lying, or whose row is gone since."""
FIRST_TIME = timedelta(minutes=15)
"""A channel of settings that never had a digest has missed none: set up at noon, it waits for the morning."""
TREND = timedelta(days=29)
"""How far the trend goes back: with today, 30 days."""
BOT = "support-role-bot"
GONE_CHANNELS = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
    }
)
"""Slack's words for a channel that somebody has to open to the bot again: trying again would be in vain."""
GONE_PEOPLE = frozenset({"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot"})
"""Slack's words for somebody who cannot be told anything any more."""


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
            problem = DBOS.run_step(RETRY, self.post_or_give_up, channel, day)
            if problem:
                DBOS.run_step({**RETRY, "name": "tell"}, self.tell_somebody, channel)

    def start_if_due(self) -> None:
        """Start the digests whose time has come; starting one again is harmless."""
        with self._desk.engine.connect() as connection:
            found = read_subscriptions(self._desk, connection)
        for subscription in found:
            with self._desk.engine.begin() as connection:
                self._start_if_due(connection, subscription)

    def _start_if_due(self, connection: Connection, subscription: Subscription) -> None:
        channel, now = subscription.channel, self._desk.clock()
        since = subscription.since
        if since is None and not digests.has_any(connection, channel):
            since = now - FIRST_TIME
        day = due_day(subscription.schedule, now, since=since)
        if day is None or digests.read_end(connection, channel, day) is not None:
            return
        key = f"digest:{channel}:{day.isoformat()}"
        self._desk.enqueue(connection, "daily_digest", channel, day.isoformat(), queue=FIXES, key=key)

    def start_scan(self) -> str:
        with self._desk.engine.begin() as connection:
            return scan.start(self._desk, connection, scope="", reason="digest")

    def is_scanned(self, scan_id: str) -> bool:
        with self._desk.engine.connect() as connection:
            found = scans.read_scan(connection, scan_id)
        return found is None or found.finished_at is not None

    def post_or_give_up(self, channel: str, day_text: str) -> str:
        """Post the digest of a day, as one step of the engine's; why it was given up, or empty.

        What no further try would mend is given up at once, anything else after the last one.
        """
        try:
            return self.post_daily(channel, day_text)
        except MessengerError as fault:
            if fault.code not in GONE_CHANNELS and not _is_last_try():
                raise
            return self._give_up(channel, date.fromisoformat(day_text), str(fault))

    def post_daily(self, channel: str, day_text: str) -> str:
        """Post the digest of a day unless it stands there or was given up: then why, else empty.

        A MessengerError is tried again by the engine. So is the claim of another worker, which may have died
        over it: there is no other try on that day.
        """
        desk, now, day = self._desk, self._desk.clock(), date.fromisoformat(day_text)
        if now.date() - day > TOO_LATE:
            return ""
        with desk.engine.begin() as connection:
            subscription = read_subscription(desk, connection, channel)
            end = digests.read_end(connection, channel, day)
            if end is not None or subscription is None or subscription.is_off:
                return end or ""
            if not digests.claim_digest(connection, channel, day, now=now):
                raise MessengerError("Another worker has begun this digest and has not ended.", "claimed")
            digest = self._build(connection, channel, day, subscription)
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
            subscriptions.mark_well(connection, channel)
            self._record(connection, channel, day, "The daily digest was posted.")
        return ""

    def _give_up(self, channel: str, day: date, problem: str) -> str:
        log.warning("digest given up", extra={"channel": channel, "problem": problem})
        with self._desk.engine.begin() as connection:
            audit.lock_chain(connection)
            if digests.give_up_digest(connection, channel, day, problem, now=self._desk.clock()):
                subscriptions.mark_failed(connection, channel, problem)
                outcome = f"The daily digest of <#{channel}> could not be posted. {problem}"
                self._record(connection, channel, day, outcome, kind="digest.failed")
        return problem

    def tell_somebody(self, channel: str) -> None:
        """Tell whoever subscribed, in a direct message, and once until a digest is posted again.

        Administrators are told where settings subscribed, or where the subscriber has left. With nobody to
        tell, /readyz says it.
        """
        with self._desk.engine.connect() as connection:
            found = read_subscription(self._desk, connection, channel)
        if found is None or found.is_off or not found.problem or found.told_at is not None:
            return
        told = self._tell([found.by] if found.by else [], found)
        told = told or self._tell(sorted(self._desk.policy.admins), found)
        if not told:
            log.error("nobody told", extra={"channel": channel, "problem": found.problem})
        with self._desk.engine.begin() as connection:
            subscriptions.mark_told(connection, channel, told, now=self._desk.clock())

    def _tell(self, people: list[str], about: Subscription) -> list[str]:
        """Those of the people who were told; MessengerError when none was, and one may be yet."""
        told, faults = [], []
        for each in people:
            try:
                self._parts.messenger.tell(each, "", _notice(about, each))
                told.append(each)
            except MessengerError as fault:
                log.warning("not told", extra={"user": each, "channel": about.channel, "problem": str(fault)})
                faults.append(fault)
        passing = [fault for fault in faults if fault.code not in GONE_PEOPLE]
        if passing and not told:
            raise passing[0]
        return told

    def post_now(self, channel: str, asker: str) -> None:
        desk = self._desk
        with desk.engine.connect() as connection:
            subscription = read_subscription(desk, connection, channel)
            zone = subscription.schedule.zone if subscription else desk.zone
            day = desk.clock().astimezone(zone).date()
            digest = self._build(connection, channel, day)
        try:
            self._parts.messenger.post_digest(channel, digest, f"{channel}:now:{desk.clock().isoformat()}")
        except MessengerError as fault:
            notice = Notice("The digest could not be posted", str(fault))
            self._parts.messenger.tell(asker, channel, notice)
            return
        with desk.engine.begin() as connection:
            self._record(connection, channel, day, f"<@{asker}> asked for a digest, and it was posted.")

    def _build(
        self, connection: Connection, channel: str, day: date, daily: Subscription | None = None
    ) -> Digest:
        """What the channel is told; with a subscription also which digests of it are missing."""
        now = self._desk.clock()
        in_force = waivers.read_in_force(connection, now=now)
        known = waive_known(findings.read_findings(connection), in_force)
        length, head = audit.read_head(connection)
        baseline = digests.read_baseline(connection, channel, before=day)
        last = baseline.day if baseline else None
        return build_digest(
            known,
            day=day,
            now=now,
            baseline=baseline,
            our_fixes=requests.read_our_fixes(connection),
            pending_requests=requests.count_pending(connection),
            chain_length=length,
            chain_head=head,
            last_scan_at=max((item.finding.checked_at for item in known), default=None),
            ending_waivers=tuple(waiver for waiver in in_force.values() if waiver.ends_soon(now)),
            missed=missed_days(daily.schedule, day, last=last, since=daily.since) if daily else (),
            trend=digests.read_trend(connection, since=day - TREND, before=day),
        )

    def _record(
        self, connection: Connection, channel: str, day: date, outcome: str, *, kind: str = "digest.posted"
    ) -> None:
        event = AuditEvent(
            kind=kind,
            at=self._desk.clock(),
            actor=BOT,
            outcome=outcome,
            detail=(("channel", channel), ("day", day.isoformat())),
        )
        # What was posted shows by itself; what was not is to be seen somewhere.
        audit.record(connection, event, channel="" if kind == "digest.posted" else self._desk.audit_channel)


def _is_last_try() -> bool:
    """Whether the engine will not run the step again that this is called in."""
    status = DBOS.step_status
    if status is None or status.current_attempt is None or status.max_attempts is None:
        return False
    return status.current_attempt + 1 >= status.max_attempts


def _notice(about: Subscription, reader: str) -> Notice:
    here = f"<#{about.channel}>"
    who = {reader: f"You subscribed {here} to it.", "": f"Settings name {here} for it (digest.channel)."}
    why = who.get(about.by, f"<@{about.by}>, who subscribed {here} to it, cannot be told.")
    return Notice(
        "A daily digest could not be posted",
        f"{why} {about.problem} It is given up for this day and tried again when the next one is due; you "
        "are told again only after one was posted.",
        "Mend that, and type /support-role digest now there for today's; or digest off to end it. For "
        "another channel, type /support-role digest on there.",
    )
