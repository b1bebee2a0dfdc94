"""Waivers: what they turn and what they never turn, when they end, and what is told when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from building.values import NOW, PAYMENTS, a_finding, a_known, an_account
from building.waivers import CLOSED, OWNER, a_decision, a_waiver
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import AccountId
from bot.domain.digest import Digest, DigestBaseline, build_digest
from bot.domain.finding import Verdict, summarize, summary_of
from bot.domain.status import KnownFinding, order_attention, waive_known, waivers_of
from bot.domain.waiver import (
    WAIVABLE,
    Told,
    Waiver,
    WaiverState,
    end_of,
    problem_with_end,
    waive,
    waive_summary,
    waive_verdicts,
    word_due,
)

BERLIN = ZoneInfo("Europe/Berlin")
IN_FORCE = {PAYMENTS: a_waiver()}
END = a_waiver().ends_at
DAY = timedelta(days=1)


@pytest.mark.parametrize("verdict", sorted(WAIVABLE))
def test_a_failing_or_weak_account_is_shown_as_waived_with_owner_reason_and_last_day(verdict: Verdict):
    shown = waive(a_finding(verdict), IN_FORCE)

    (note,) = shown.notes
    assert shown.verdict is Verdict.WAIVED
    assert note.code == "waived"
    for said in (verdict.value, OWNER, "31 March 2026", "moves to another organization in April"):
        assert said in note.text


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - WAIVABLE))
def test_no_other_verdict_is_ever_turned(verdict: Verdict):
    finding = a_finding(verdict)

    assert waive(finding, IN_FORCE) == finding


def test_what_was_found_stays_beside_the_verdict_that_is_shown():
    finding = a_finding(Verdict.WEAK)

    shown = waive(finding, IN_FORCE)

    assert replace(shown, verdict=finding.verdict, notes=finding.notes) == finding


def test_another_accounts_waiver_turns_nothing():
    finding = a_finding(Verdict.FAIL, an_account("444455556666"))

    assert waive(finding, IN_FORCE) == finding


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.booleans()), max_size=30))
def test_counting_in_the_store_and_turning_afterwards_is_counting_what_is_shown(
    accounts: list[tuple[Verdict, bool]],
):
    findings = [a_finding(v, an_account(f"{n:012d}")) for n, (v, _) in enumerate(accounts)]
    in_force = {
        AccountId(f"{n:012d}"): a_waiver(account_id=AccountId(f"{n:012d}"))
        for n, (_, has_waiver) in enumerate(accounts)
        if has_waiver
    }
    shown = [waive(finding, in_force) for finding in findings]

    summary = waive_summary(summarize(findings), findings, in_force)
    verdicts = waive_verdicts({f.account.id: f.verdict for f in findings}, in_force)

    assert summary == summarize(shown)
    assert verdicts == {f.account.id: f.verdict for f in shown}


def test_a_waived_account_is_checked_but_never_counted_as_passing():
    summary = waive_summary(
        summary_of({Verdict.FAIL: 1, Verdict.PASS: 2}), [a_finding(Verdict.FAIL)], IN_FORCE
    )

    assert (summary.count(Verdict.PASS), summary.count(Verdict.WAIVED), summary.count(Verdict.FAIL)) == (
        2,
        1,
        0,
    )
    assert summary.coverage_percent == 100
    assert summary.compliance_percent == 66


def test_a_waived_account_needs_no_attention_and_is_named_apart():
    known = waive_known([a_known(Verdict.FAIL), a_known(Verdict.FAIL, "444455556666")], IN_FORCE)

    assert [item.finding.account.id for item in order_attention(known)] == ["444455556666"]
    assert waivers_of(known, IN_FORCE) == (a_waiver(),)


def test_a_waiver_of_an_account_that_passes_is_not_named_with_those_that_are_waived():
    known = waive_known([a_known(Verdict.PASS)], IN_FORCE)

    assert waivers_of(known, IN_FORCE) == ()


# --- the end ---


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2026, 3, 31), UTC, datetime(2026, 4, 1, tzinfo=UTC)),
        (date(2026, 1, 31), BERLIN, datetime(2026, 1, 31, 23, tzinfo=UTC)),
        (date(2026, 3, 29), BERLIN, datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), BERLIN, datetime(2026, 10, 25, 23, tzinfo=UTC)),
        # The clocks there skip midnight itself: the day is over when they do.
        (date(2026, 9, 5), ZoneInfo("America/Santiago"), datetime(2026, 9, 6, 4, tzinfo=UTC)),
        (date(2026, 12, 31), ZoneInfo("Pacific/Kiritimati"), datetime(2026, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_the_last_day_is_whole_in_its_own_zone(day: date, zone: ZoneInfo, instant: datetime):
    assert end_of(day, zone) == instant


def test_a_waiver_is_in_force_to_the_last_moment_and_not_a_moment_longer():
    waiver = a_waiver()

    assert waiver.in_force(END - timedelta(microseconds=1))
    assert not waiver.in_force(END)


@pytest.mark.parametrize("state", sorted(set(WaiverState) - {WaiverState.GRANTED}))
def test_only_a_granted_waiver_is_in_force(state: WaiverState):
    assert not a_waiver(state).in_force(NOW)


@pytest.mark.parametrize(
    ("before", "soon"), [(15 * DAY, False), (14 * DAY, True), (DAY, True), (0 * DAY, False)]
)
def test_a_waiver_ends_soon_from_14_days_before_until_its_end(before: timedelta, soon: bool):  # noqa: FBT001 - a parameter of the test
    assert a_waiver().ends_soon(END - before) is soon


@pytest.mark.parametrize("text", ["2026-03-02", "2026-03-03", "2026-05-31"])
def test_from_today_to_the_maximum_every_day_can_be_the_last(text: str):
    assert problem_with_end(text, now=NOW, zone=UTC, max_days=90) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-01", "1 March 2026 has passed"),
        ("2026-06-01", "90 days at most: 31 May 2026 is the latest day"),
        ("9999-12-31", "90 days at most"),
        ("", "Give the last day"),
        ("tomorrow", "Give the last day"),
        ("2026-02-30", "Give the last day"),
    ],
)
def test_any_other_day_is_refused_with_what_would_do(text: str, said: str):
    assert said in problem_with_end(text, now=NOW, zone=UTC, max_days=90)


def test_today_is_today_in_the_zone_of_the_dates():
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

    assert problem_with_end("2026-03-02", now=late, zone=UTC, max_days=90) == ""
    assert "has passed" in problem_with_end("2026-03-02", now=late, zone=BERLIN, max_days=90)


# --- what is told ---


@pytest.mark.parametrize(
    ("before", "told", "due"),
    [
        (20 * DAY, Told.NOTHING, Told.GRANTED),
        (20 * DAY, Told.GRANTED, None),
        (14 * DAY + timedelta(seconds=1), Told.GRANTED, None),
        (14 * DAY, Told.GRANTED, Told.FOURTEEN_DAYS),
        (10 * DAY, Told.FOURTEEN_DAYS, None),
        (3 * DAY, Told.FOURTEEN_DAYS, Told.THREE_DAYS),
        (DAY, Told.THREE_DAYS, None),
        # What was missed is told once, late; of two that were missed, only the later one.
        (5 * DAY, Told.GRANTED, Told.FOURTEEN_DAYS),
        (DAY, Told.GRANTED, Told.THREE_DAYS),
        (DAY, Told.NOTHING, Told.THREE_DAYS),
        # Never a reminder after the end, which has a word of its own once the state says so.
        (0 * DAY, Told.GRANTED, None),
        (-DAY, Told.NOTHING, None),
    ],
)
def test_words_are_due_at_their_time_and_once(before: timedelta, told: Told, due: Told | None):
    assert word_due(a_waiver(told=told), END - before) is due


@pytest.mark.parametrize(("days", "words"), [(13, [Told.THREE_DAYS]), (2, [])])
def test_a_short_waiver_has_no_reminder_that_would_come_with_its_grant(days: int, words: list[Told]):
    granted_at = END - days * DAY
    waiver = a_waiver(decision=a_decision(at=granted_at))

    told = [word for word in every_hour(waiver, granted_at, END) if word is not Told.GRANTED]

    assert told == words


def every_hour(waiver: Waiver, start: datetime, end: datetime) -> list[Told]:
    """What is told when somebody looks every hour and keeps what was told."""
    said: list[Told] = []
    now = start
    while now < end:
        word = word_due(waiver, now)
        if word is not None:
            said.append(word)
            waiver = replace(waiver, told=word)
        now += timedelta(hours=1)
    return said


def test_over_a_whole_life_each_word_is_told_once_and_in_order():
    assert every_hour(a_waiver(), NOW, END + DAY) == [Told.GRANTED, Told.FOURTEEN_DAYS, Told.THREE_DAYS]


@pytest.mark.parametrize("state", CLOSED)
def test_the_end_is_told_once_however_it_came(state: WaiverState):
    assert word_due(a_waiver(state), END + DAY) is Told.END
    assert word_due(a_waiver(state, told=Told.END), END + DAY) is None


def test_nothing_is_told_privately_before_a_decision():
    assert word_due(a_waiver(WaiverState.PENDING), NOW) is None


# --- in the digest ---


def test_an_account_fails_anew_on_the_day_after_its_waiver_ended():
    digest = a_digest_of(a_known(Verdict.FAIL), before=Verdict.WAIVED)

    assert [change.known.finding.account.id for change in digest.newly_failing] == [PAYMENTS]


def test_an_account_that_passes_while_it_is_waived_was_fixed():
    digest = a_digest_of(a_known(Verdict.PASS), before=Verdict.WAIVED)

    assert [change.known.finding.account.id for change in digest.fixed] == [PAYMENTS]


def test_an_account_that_is_waived_is_neither_failing_nor_fixed():
    (waived,) = waive_known([a_known(Verdict.FAIL)], IN_FORCE)

    digest = a_digest_of(waived, before=Verdict.FAIL)

    assert digest.is_quiet
    assert digest.open_findings == ()


def a_digest_of(item: KnownFinding, *, before: Verdict) -> Digest:
    return build_digest(
        [item],
        day=NOW.date(),
        now=NOW,
        baseline=DigestBaseline(NOW.date() - DAY, ((PAYMENTS, before),)),
        our_fixes=(),
        pending_requests=0,
        chain_length=0,
        chain_head="",
        last_scan_at=NOW,
    )
