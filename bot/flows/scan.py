"""The Slack side of a scan: starting one, and saying what is known and how far it is. Nothing of AWS."""

from datetime import datetime, timedelta
from secrets import token_hex

from sqlalchemy import Connection

from bot.domain.finding import summarize
from bot.domain.scope import Scope
from bot.domain.status import NEEDS_ATTENTION, KnownFinding, Status, build_status, waive_known
from bot.domain.waiver import waive_summary
from bot.flows.desk import Desk
from bot.flows.engine import SCANS
from bot.store import findings, operations, scans, waivers

STALE_AFTER = timedelta(minutes=15)
"""A scan that has run for longer is not waited for."""


def start(desk: Desk, connection: Connection, *, scope: str, reason: str) -> str:
    """Start a scan in the caller's transaction, or join one of the same scope that is running; its id."""
    now = desk.clock()
    running = _running(connection, scope, now)
    if running is None:
        # Only now: whoever joins need not wait. And once more: others may have started one meanwhile.
        scans.lock_scans(connection)
        running = _running(connection, scope, now)
    if running is not None:
        return running.id
    scan_id = f"scan-{token_hex(8)}"
    scans.start_scan(connection, scan_id, scope=scope, reason=reason, now=now)
    desk.enqueue(connection, "plan_scan", scan_id, queue=SCANS, key=f"plan:{scan_id}")
    return scan_id


def _running(connection: Connection, scope: str, now: datetime) -> scans.Scan | None:
    return scans.read_running_scan(connection, scope=scope, since=now - STALE_AFTER)


def read_status(desk: Desk, connection: Connection, *, scope: Scope, words: str, scan_id: str = "") -> Status:
    """What is known now about a scope, and how far its scan is."""
    in_force = waivers.read_in_force(connection, now=desk.clock())
    if scope == Scope():
        found = findings.read_findings(connection, NEEDS_ATTENTION)
        counted = findings.count_verdicts(connection)
        summary = waive_summary(counted, (item.finding for item in found), in_force)
        known = waive_known(found, in_force)
    else:
        everything = waive_known(findings.read_findings(connection), in_force)
        known = [item for item in everything if _in_scope(scope, item)]
        summary = summarize(item.finding for item in known)
    scan = scans.read_scan(connection, scan_id) if scan_id else None
    return build_status(
        known,
        summary=summary,
        scope=words,
        mode=desk.policy.mode,
        now=desk.clock(),
        last_scan_at=findings.read_newest_check(connection),
        progress=scans.read_progress(connection, scan_id) if scan_id else None,
        problem=scan.problem if scan else "",
        in_force=in_force,
        pause=operations.read_pause(connection),
    )


def _in_scope(scope: Scope, item: KnownFinding) -> bool:
    return scope.matches(item.finding.account, item.finding.verdict)
