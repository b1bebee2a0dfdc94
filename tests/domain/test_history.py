"""What a history calls a regression, and what is known of a waiver's life."""

from dataclasses import replace
from datetime import timedelta

import pytest
from building.values import ASKER, NOW, PAYMENTS
from building.waivers import a_decision, a_waiver

from bot.domain.account import AccountId
from bot.domain.finding import Verdict
from bot.domain.history import FixInPlace, VerdictChange, mark_regressions, newest_first, steps_of
from bot.domain.waiver import WaiverState

HOUR = timedelta(hours=1)
FIX = FixInPlace(PAYMENTS, since=NOW - HOUR, until=None)
REGRESSION = VerdictChange(PAYMENTS, "payments", Verdict.PASS, Verdict.FAIL, NOW)


def is_regression(change: VerdictChange, *fixes: FixInPlace) -> bool:
    (marked,) = mark_regressions([change], fixes)
    return marked.is_regression


@pytest.mark.parametrize("before", [Verdict.PASS, Verdict.UNKNOWN, Verdict.WAIVED])
@pytest.mark.parametrize("after", [Verdict.FAIL, Verdict.WEAK])
def test_going_bad_while_our_fix_should_stand_is_a_regression(before: Verdict, after: Verdict):
    assert is_regression(replace(REGRESSION, before=before, after=after), FIX)


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        (REGRESSION, replace(FIX, account_id=AccountId("444455556666"))),
        (REGRESSION, replace(FIX, since=NOW + HOUR)),
        (REGRESSION, replace(FIX, until=NOW - HOUR / 2)),
        (REGRESSION, replace(FIX, until=NOW)),
        (replace(REGRESSION, before=None), FIX),
        (replace(REGRESSION, before=Verdict.WEAK), FIX),
        (replace(REGRESSION, after=Verdict.UNKNOWN), FIX),
        (replace(REGRESSION, before=Verdict.FAIL, after=Verdict.PASS), FIX),
    ],
)
def test_everything_else_is_none(change: VerdictChange, fix: FixInPlace):
    assert not is_regression(change, fix)


def test_a_later_undo_does_not_excuse_an_earlier_regression():
    assert is_regression(REGRESSION, replace(FIX, until=NOW + HOUR))


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (WaiverState.PENDING, ["pending"]),
        (WaiverState.GRANTED, ["pending", "granted"]),
        (WaiverState.DENIED, ["pending", "denied"]),
        (WaiverState.UNDECIDED, ["pending", "undecided"]),
        (WaiverState.ENDED, ["pending", "granted", "ended"]),
        (WaiverState.REVOKED, ["pending", "granted", "revoked"]),
        (WaiverState.REPLACED, ["pending", "granted"]),
    ],
)
def test_a_waiver_has_the_steps_that_its_state_came_by(state: WaiverState, steps: list[str]):
    assert [step.state.value for step in steps_of(a_waiver(state))] == steps


def test_each_step_has_its_time_and_its_person():
    waiver = a_waiver(WaiverState.REVOKED, revocation=a_decision(ASKER, at=NOW + HOUR))

    asked, granted, revoked = steps_of(waiver)

    assert (asked.at, asked.by) == (waiver.created_at, waiver.requester)
    assert waiver.decision is not None
    assert (granted.at, granted.by) == (waiver.decision.at, waiver.decision.person)
    assert (revoked.at, revoked.by) == (NOW + HOUR, ASKER)


def test_items_are_told_from_the_newest_on():
    older = replace(REGRESSION, at=NOW - HOUR)

    assert newest_first([older, REGRESSION]) == (REGRESSION, older)
