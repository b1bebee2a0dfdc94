"""The status of a scope: what the last scan found, its age, and how far the running one is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.finding import Finding, Summary, Verdict
from bot.domain.pause import Pause
from bot.domain.request import Mode
from bot.domain.waiver import InForce, Waiver, waive

NEEDS_ATTENTION = (Verdict.UNKNOWN, Verdict.FAIL, Verdict.WEAK)
"""In the order they are shown: what could not be read comes first."""


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A finding with its history: since when the account has this verdict."""

    finding: Finding
    first_seen: datetime
    """When the account was first checked."""
    changed_at: datetime
    """When its verdict last changed."""


@dataclass(frozen=True, slots=True)
class ScanProgress:
    scan_id: str
    total: int
    done: int
    started_at: datetime

    def rate(self, now: datetime) -> float:
        """Accounts a second so far."""
        elapsed = (now - self.started_at).total_seconds()
        return self.done / elapsed if elapsed > 0 else 0.0

    def seconds_left(self, now: datetime) -> float | None:
        """None while it cannot be told."""
        rate = self.rate(now)
        return (self.total - self.done) / rate if rate > 0 else None


@dataclass(frozen=True, slots=True)
class Status:
    """All that a status message shows."""

    scope: str
    """The scope words as parsed, or empty for all accounts."""
    summary: Summary
    attention: tuple[KnownFinding, ...]
    """UNKNOWN, then FAIL, then WEAK; within each the longest-standing first."""
    mode: Mode
    now: datetime
    last_scan_at: datetime | None
    """When the shown findings were read; None when there was no scan yet."""
    progress: ScanProgress | None = None
    """Set while a fresh scan runs."""
    problem: str = ""
    """Why the fresh scan could not run or end, with the next step; empty when all is well."""
    waived: tuple[Waiver, ...] = ()
    """Those that set an account of the scope aside, soonest to end first."""
    pause: Pause | None = None
    """Set while fixes and undos are paused."""


def waive_known(known: Sequence[KnownFinding], in_force: InForce) -> list[KnownFinding]:
    """The findings as they are shown, with the waivers in force."""
    return [replace(item, finding=waive(item.finding, in_force)) for item in known]


def waivers_of(known: Sequence[KnownFinding], in_force: InForce) -> tuple[Waiver, ...]:
    """The waivers that turned one of the findings as they are shown, soonest to end first."""
    ids = {item.finding.account.id for item in known if item.finding.verdict is Verdict.WAIVED}
    return tuple(sorted((w for w in in_force.values() if w.account_id in ids), key=lambda w: w.ends_at))


def order_attention(known: Sequence[KnownFinding]) -> tuple[KnownFinding, ...]:
    """Keep what needs attention, in the order in which it is shown."""
    rank = {verdict: position for position, verdict in enumerate(NEEDS_ATTENTION)}
    wanted = [item for item in known if item.finding.verdict in rank]
    return tuple(
        sorted(wanted, key=lambda k: (rank[k.finding.verdict], k.changed_at, k.finding.account.label)),
    )


def build_status(
    known: Sequence[KnownFinding],
    *,
    summary: Summary,
    scope: str,
    mode: Mode,
    now: datetime,
    last_scan_at: datetime | None,
    progress: ScanProgress | None = None,
    problem: str = "",
    in_force: InForce | None = None,
    pause: Pause | None = None,
) -> Status:
    """The status of a scope; of `known`, as shown, those that pass or are skipped may be left out."""
    return Status(
        scope=scope,
        summary=summary,
        attention=order_attention(known),
        mode=mode,
        now=now,
        last_scan_at=last_scan_at,
        progress=progress,
        problem=problem,
        waived=waivers_of(known, in_force or {}),
        pause=pause,
    )
