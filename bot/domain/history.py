"""What has changed over time: verdicts, what was done about them, and who answered for what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.account import AccountId
from bot.domain.finding import Verdict
from bot.domain.request import Person, RemediationRequest
from bot.domain.status import KnownFinding
from bot.domain.waiver import Waiver, WaiverState

BAD = frozenset({Verdict.FAIL, Verdict.WEAK})


@dataclass(frozen=True, slots=True)
class VerdictChange:
    account_id: AccountId
    account_name: str
    before: Verdict | None
    """None when the account was checked for the first time."""
    after: Verdict
    at: datetime
    is_regression: bool = False
    """It went bad although a fix of ours had been applied, and not undone."""

    @property
    def label(self) -> str:
        return f"{self.account_name} ({self.account_id})" if self.account_name else self.account_id


@dataclass(frozen=True, slots=True)
class FixInPlace:
    """How long a fix of ours was meant to stand."""

    account_id: AccountId
    since: datetime
    until: datetime | None
    """When it was undone; None while it was not."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A fix or an undo that was asked for, and what has become of it."""

    request: RemediationRequest
    at: datetime
    """When it ended; when it was asked for, while it has not ended."""


@dataclass(frozen=True, slots=True)
class WaiverStep:
    """One moment in a waiver's life."""

    waiver: Waiver
    state: WaiverState
    """What it came to at that moment; PENDING when it was asked for."""
    at: datetime
    by: Person | None
    """None when its time was over."""


HistoryItem = VerdictChange | Deed | WaiverStep


@dataclass(frozen=True, slots=True)
class History:
    """Of one account, or of all of them; newest first."""

    items: tuple[HistoryItem, ...]
    label: str = ""
    """Of the account; empty for all of them."""
    account_id: str = ""
    current: KnownFinding | None = None
    """What the account is now, as it is shown; None for all, and for one that was never checked."""
    is_whole: bool = True
    """False when there are older items that were left out."""


def mark_regressions(
    changes: Iterable[VerdictChange], fixes: Sequence[FixInPlace]
) -> tuple[VerdictChange, ...]:
    """The changes, with those marked that undid a fix of ours without our doing."""
    return tuple(replace(each, is_regression=_is_regression(each, fixes)) for each in changes)


def _is_regression(change: VerdictChange, fixes: Sequence[FixInPlace]) -> bool:
    turned_bad = change.before is not None and change.before not in BAD and change.after in BAD
    return turned_bad and any(
        fix.account_id == change.account_id
        and fix.since < change.at
        and (fix.until is None or change.at < fix.until)
        for fix in fixes
    )


def steps_of(waiver: Waiver) -> tuple[WaiverStep, ...]:
    """What is known of a waiver's life; when a newer one replaced it is not."""
    asked = WaiverStep(waiver, WaiverState.PENDING, waiver.created_at, waiver.requester)
    return (asked, *_decided(waiver), *_over(waiver))


def _decided(waiver: Waiver) -> tuple[WaiverStep, ...]:
    if waiver.decision is None:
        return ()
    state = WaiverState.DENIED if waiver.state is WaiverState.DENIED else WaiverState.GRANTED
    return (WaiverStep(waiver, state, waiver.decision.at, waiver.decision.person),)


def _over(waiver: Waiver) -> tuple[WaiverStep, ...]:
    if waiver.state is WaiverState.REVOKED and waiver.revocation is not None:
        return (WaiverStep(waiver, waiver.state, waiver.revocation.at, waiver.revocation.person),)
    ends = {WaiverState.ENDED: waiver.ends_at, WaiverState.UNDECIDED: waiver.decide_by}
    at = ends.get(waiver.state)
    return (WaiverStep(waiver, waiver.state, at, None),) if at else ()


def newest_first(items: Iterable[HistoryItem]) -> tuple[HistoryItem, ...]:
    return tuple(sorted(items, key=lambda item: item.at, reverse=True))
