"""The daily digest: what changed since the one before, and what still stands."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.domain.finding import Summary, Verdict, summarize
from bot.domain.status import KnownFinding, order_attention
from bot.domain.waiver import Waiver


@dataclass(frozen=True, slots=True)
class Change:
    """An account whose verdict differs from the last digest's."""

    known: KnownFinding
    before: Verdict | None
    """None for an account that is new in scope."""
    fixed_by: str = ""
    """Slack user id of the approver, when our own fix made it pass since the last digest."""
    regressed_after_our_fix: bool = False


@dataclass(frozen=True, slots=True)
class DigestBaseline:
    """What the last digest of a channel reported: the verdict of each account then."""

    day: date
    verdicts: tuple[tuple[str, Verdict], ...]
    """By account id."""


@dataclass(frozen=True, slots=True)
class OurFix:
    """An account that a fix of ours was applied to, and who approved it."""

    account_id: str
    approver: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What the digests of a date reported."""

    day: date
    summary: Summary


@dataclass(frozen=True, slots=True)
class Digest:
    day: date
    """Local date of the subscription's time zone; a channel gets one digest for each."""
    now: datetime
    summary: Summary
    newly_failing: tuple[Change, ...]
    fixed: tuple[Change, ...]
    regressed: tuple[Change, ...]
    open_findings: tuple[KnownFinding, ...]
    """FAIL, WEAK and UNKNOWN, as in a status."""
    pending_requests: int
    chain_length: int
    chain_head: str
    last_scan_at: datetime | None
    previous_day: date | None
    ending_waivers: tuple[Waiver, ...] = ()
    """In force, and over within 14 days; soonest first."""
    missed: tuple[date, ...] = ()
    """Dates since the last digest that should have had one, and had none."""
    trend: tuple[TrendPoint, ...] = ()
    """Up to 30 days with today, oldest first; dates without a digest are not in it."""

    @property
    def is_quiet(self) -> bool:
        return not (self.newly_failing or self.fixed or self.regressed)


BAD = frozenset({Verdict.FAIL, Verdict.WEAK})
NOT_FIXED = BAD | {Verdict.WAIVED}


def build_digest(
    known: list[KnownFinding],
    *,
    day: date,
    now: datetime,
    baseline: DigestBaseline | None,
    our_fixes: tuple[OurFix, ...],
    pending_requests: int,
    chain_length: int,
    chain_head: str,
    last_scan_at: datetime | None,
    ending_waivers: tuple[Waiver, ...] = (),
    missed: tuple[date, ...] = (),
    trend: tuple[TrendPoint, ...] = (),
) -> Digest:
    """Compare today's findings, as they are shown, with the last digest posted.

    UNKNOWN is neither fixed nor failing; what is WAIVED fails anew when its waiver ends. `trend` are the days
    before, and today is added to them.
    """
    before = dict(baseline.verdicts) if baseline else {}
    fixes = {fix.account_id: fix for fix in our_fixes}
    changes = [_change(item, before, fixes, since=baseline.day) for item in known] if baseline else []
    summary = summarize([item.finding for item in known])
    return Digest(
        day=day,
        now=now,
        summary=summary,
        newly_failing=tuple(c for c in changes if _turned_bad(c) and not c.regressed_after_our_fix),
        fixed=tuple(c for c in changes if c.before in NOT_FIXED and c.known.finding.verdict is Verdict.PASS),
        regressed=tuple(c for c in changes if _turned_bad(c) and c.regressed_after_our_fix),
        open_findings=order_attention(known),
        pending_requests=pending_requests,
        chain_length=chain_length,
        chain_head=chain_head,
        last_scan_at=last_scan_at,
        previous_day=baseline.day if baseline else None,
        ending_waivers=ending_waivers,
        missed=missed,
        trend=(*trend, TrendPoint(day, summary)),
    )


def _change(
    item: KnownFinding,
    before: dict[str, Verdict],
    fixes: dict[str, OurFix],
    *,
    since: date,
) -> Change:
    account_id = item.finding.account.id
    fix = fixes.get(account_id)
    passes = item.finding.verdict is Verdict.PASS
    # An older fix had come undone by then, and somebody else has made it pass. The days are of two zones.
    is_recent = fix is not None and fix.at.date() >= since - timedelta(days=1)
    return Change(
        known=item,
        before=before.get(account_id),
        fixed_by=fix.approver if fix and passes and is_recent else "",
        regressed_after_our_fix=fix is not None and not passes and item.changed_at > fix.at,
    )


def _turned_bad(change: Change) -> bool:
    return change.known.finding.verdict in BAD and change.before not in BAD


def oldest_open(digest: Digest, now: datetime) -> tuple[KnownFinding, timedelta] | None:
    """The finding that has been open longest, and for how long."""
    bad = [item for item in digest.open_findings if item.finding.verdict in BAD]
    if not bad:
        return None
    oldest = min(bad, key=lambda item: item.changed_at)
    return oldest, now - oldest.changed_at
