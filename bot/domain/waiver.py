"""A waiver: somebody answers for an account without a sound support role until a day that was agreed.

It changes nothing in AWS and nothing that was found there: a FAIL or WEAK finding is shown as WAIVED for as
long as a waiver is in force, and as what it is again the moment after. PASS, UNKNOWN and SKIPPED stay.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NewType

from bot.domain.account import AccountId
from bot.domain.finding import Finding, Reason, Summary, Verdict, summary_of
from bot.domain.request import MessageRef, Person

WaiverId = NewType("WaiverId", str)
"""Opaque; all that a button carries."""

WAIVABLE = frozenset({Verdict.FAIL, Verdict.WEAK})
ENDS_SOON = timedelta(days=14)


class WaiverState(StrEnum):
    """Every move is one conditional write in the store; `MOVES` says which there are."""

    PENDING = "pending"
    GRANTED = "granted"
    DENIED = "denied"
    UNDECIDED = "undecided"
    """Nobody decided in time."""
    ENDED = "ended"
    REVOKED = "revoked"
    REPLACED = "replaced"
    """A newer waiver for the same account was granted while this one was in force."""


MOVES: dict[WaiverState, frozenset[WaiverState]] = {
    WaiverState.PENDING: frozenset({WaiverState.GRANTED, WaiverState.DENIED, WaiverState.UNDECIDED}),
    WaiverState.GRANTED: frozenset({WaiverState.ENDED, WaiverState.REVOKED, WaiverState.REPLACED}),
}
"""Where each state can go; a state that is no key is final."""


class Told(StrEnum):
    """The last word that went out about a waiver, in the order of its life."""

    NOTHING = ""
    GRANTED = "granted"
    FOURTEEN_DAYS = "14-days"
    THREE_DAYS = "3-days"
    END = "end"
    """However it came to its end, a denial too."""


REMINDERS = {Told.FOURTEEN_DAYS: timedelta(days=14), Told.THREE_DAYS: timedelta(days=3)}
"""How long before its end the owner is reminded."""


@dataclass(frozen=True, slots=True)
class WaiverDecision:
    """Who granted or denied it, or took it back; from Slack's signed payload."""

    person: Person
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    id: WaiverId
    account_id: AccountId
    account_name: str
    requester: Person
    owner: str
    """Slack user id of whoever answers for the account until then, and is reminded."""
    reason: str
    """As typed. Shown escaped, recorded in the audit."""
    until: date
    """The last day, in the zone that dates are counted in."""
    ends_at: datetime
    """The instant after that day."""
    state: WaiverState
    created_at: datetime
    decide_by: datetime
    decision: WaiverDecision | None = None
    """Who granted or denied it, once decided."""
    revocation: WaiverDecision | None = None
    told: Told = Told.NOTHING
    message: MessageRef | None = None
    """The approval message, once posted."""
    origin: MessageRef | None = None
    """Where it was asked for: `channel` for private answers, `ts` empty."""

    @property
    def label(self) -> str:
        return f"{self.account_name} ({self.account_id})" if self.account_name else self.account_id

    def in_force(self, now: datetime) -> bool:
        """By the stored time alone: a waiver ends on time even when nothing runs that would say so."""
        return self.state is WaiverState.GRANTED and now < self.ends_at

    def ends_soon(self, now: datetime) -> bool:
        return self.in_force(now) and self.ends_at <= now + ENDS_SOON


InForce = Mapping[AccountId, Waiver]
"""The waivers in force, by account."""


def end_of(day: date, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which a day is over in a zone."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def problem_with_end(text: str, *, now: datetime, zone: tzinfo, max_days: int) -> str:
    """What is wrong with an end date as a form gives it, `2026-01-31`; empty when nothing is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "Give the last day of the waiver."
    today = now.astimezone(zone).date()
    latest = today + timedelta(days=max_days)
    if day < today:
        return f"{spelled(day)} has passed; the waiver can end on {spelled(latest)} at the latest."
    if day > latest:
        return f"A waiver lasts {max_days} days at most: {spelled(latest)} is the latest day."
    return ""


def spelled(day: date) -> str:
    """`31 January 2026`, in which nobody takes the month for the day."""
    return f"{day.day} {day:%B %Y}"


def word_due(waiver: Waiver, now: datetime) -> Told | None:
    """What is to be told about a waiver now; None when all is said.

    What was missed is overtaken by what comes after it, so that nobody hears twice of the same. A waiver that
    was granted for less than a reminder's time has no such reminder.
    """
    due = _latest_word(waiver, now)
    said = list(Told)
    return due if said.index(due) > said.index(waiver.told) else None


def _latest_word(waiver: Waiver, now: datetime) -> Told:
    if waiver.state is WaiverState.PENDING:
        return Told.NOTHING
    if waiver.state is not WaiverState.GRANTED:
        return Told.END
    # Its time is over, and the word about that is due once its state says so too.
    if now >= waiver.ends_at or waiver.decision is None:
        return waiver.told
    passed = [word for word, before in REMINDERS.items() if _is_between(waiver, waiver.ends_at - before, now)]
    return passed[-1] if passed else Told.GRANTED


def _is_between(waiver: Waiver, moment: datetime, now: datetime) -> bool:
    return waiver.decision is not None and waiver.decision.at < moment <= now


def waive(finding: Finding, in_force: InForce) -> Finding:
    """The finding as it is shown: WAIVED, with a note that says by whom and until when, where one is."""
    waiver = in_force.get(finding.account.id)
    if waiver is None or finding.verdict not in WAIVABLE:
        return finding
    said = f"{finding.verdict.value}, waived until {spelled(waiver.until)}; {waiver.owner} answers for it"
    note = Reason("waived", f"{said}: {waiver.reason}")
    return replace(finding, verdict=Verdict.WAIVED, notes=(*finding.notes, note))


def waive_verdicts(verdicts: Mapping[str, Verdict], in_force: InForce) -> dict[str, Verdict]:
    """The verdict of each account, by its id, as it is shown."""
    return {
        account_id: Verdict.WAIVED if verdict in WAIVABLE and AccountId(account_id) in in_force else verdict
        for account_id, verdict in verdicts.items()
    }


def waive_summary(summary: Summary, waivable: Iterable[Finding], in_force: InForce) -> Summary:
    """Counts as they are shown, from those that were found; `waivable` holds every FAIL and WEAK of them."""
    turned = Counter(f.verdict for f in waivable if f.verdict in WAIVABLE and f.account.id in in_force)
    counts = Counter(dict(summary.counts))
    counts.subtract(turned)
    counts[Verdict.WAIVED] += turned.total()
    return summary_of(counts)
