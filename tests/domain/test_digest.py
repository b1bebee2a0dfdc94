"""The digest compares today with the last one that was posted, and claims nothing that it cannot know."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from building.values import NOW, PAYMENTS, a_known

from bot.domain.digest import Digest, DigestBaseline, OurFix, build_digest, oldest_open
from bot.domain.finding import Verdict
from bot.domain.status import KnownFinding

TODAY = date(2026, 3, 2)
YESTERDAY = date(2026, 3, 1)


def a_digest(*known: KnownFinding, before: dict[str, Verdict] | None, **changes: Any) -> Digest:
    baseline = None if before is None else DigestBaseline(YESTERDAY, tuple(before.items()))
    arguments: dict[str, Any] = {
        "day": TODAY,
        "now": NOW,
        "baseline": baseline,
        "our_fixes": (),
        "pending_requests": 0,
        "chain_length": 7,
        "chain_head": "ab" * 32,
        "last_scan_at": NOW,
    }
    return build_digest(list(known), **(arguments | changes))


def changed(digest: Digest) -> tuple[int, int, int]:
    return len(digest.newly_failing), len(digest.fixed), len(digest.regressed)


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (Verdict.PASS, Verdict.FAIL, (1, 0, 0)),
        (Verdict.PASS, Verdict.WEAK, (1, 0, 0)),
        (None, Verdict.FAIL, (1, 0, 0)),
        (None, Verdict.PASS, (0, 0, 0)),
        (Verdict.FAIL, Verdict.PASS, (0, 1, 0)),
        (Verdict.WEAK, Verdict.PASS, (0, 1, 0)),
        (Verdict.FAIL, Verdict.WEAK, (0, 0, 0)),
        (Verdict.FAIL, Verdict.UNKNOWN, (0, 0, 0)),
        (Verdict.PASS, Verdict.UNKNOWN, (0, 0, 0)),
        (Verdict.UNKNOWN, Verdict.PASS, (0, 0, 0)),
        (Verdict.UNKNOWN, Verdict.FAIL, (1, 0, 0)),
        (Verdict.FAIL, Verdict.FAIL, (0, 0, 0)),
        (Verdict.PASS, Verdict.PASS, (0, 0, 0)),
        (Verdict.FAIL, Verdict.SKIPPED, (0, 0, 0)),
    ],
)
def test_a_change_is_told_as_what_it_is(before: Verdict | None, after: Verdict, counts: tuple[int, int, int]):
    digest = a_digest(a_known(after), before={} if before is None else {PAYMENTS: before})

    assert changed(digest) == counts
    assert digest.is_quiet is (counts == (0, 0, 0))


def test_the_first_digest_of_a_channel_calls_nothing_new():
    digest = a_digest(a_known(Verdict.FAIL), before=None)

    assert changed(digest) == (0, 0, 0)
    assert digest.previous_day is None
    assert len(digest.open_findings) == 1


def test_an_account_that_left_the_scope_is_neither_fixed_nor_failing():
    assert changed(a_digest(before={PAYMENTS: Verdict.FAIL})) == (0, 0, 0)


def our_fix(at: datetime) -> tuple[OurFix, ...]:
    return (OurFix(PAYMENTS, "U0APPROVER", at),)


def test_a_fix_of_ours_is_credited_to_its_approver():
    digest = a_digest(
        a_known(Verdict.PASS),
        before={PAYMENTS: Verdict.FAIL},
        our_fixes=our_fix(NOW - timedelta(hours=3)),
    )

    assert [change.fixed_by for change in digest.fixed] == ["U0APPROVER"]


def test_an_old_fix_of_ours_is_not_credited_with_what_somebody_else_mended_since():
    digest = a_digest(
        a_known(Verdict.PASS),
        before={PAYMENTS: Verdict.FAIL},
        our_fixes=our_fix(NOW - timedelta(days=40)),
    )

    assert [change.fixed_by for change in digest.fixed] == [""]


def test_an_account_that_fails_again_after_our_fix_has_regressed_and_is_told_once():
    known = a_known(Verdict.FAIL, changed_at=NOW - timedelta(hours=1))
    fixes = our_fix(NOW - timedelta(days=40))

    assert changed(a_digest(known, before={PAYMENTS: Verdict.PASS}, our_fixes=fixes)) == (0, 0, 1)


def test_an_account_that_failed_before_our_fix_has_not_regressed():
    known = a_known(Verdict.FAIL, changed_at=NOW - timedelta(days=50))
    fixes = our_fix(NOW - timedelta(days=40))

    assert changed(a_digest(known, before={PAYMENTS: Verdict.PASS}, our_fixes=fixes)) == (1, 0, 0)


def test_the_chain_stands_in_the_digest_as_a_witness():
    digest = a_digest(before=None)

    assert (digest.chain_length, digest.chain_head) == (7, "ab" * 32)


def test_the_oldest_open_finding_is_the_one_that_has_failed_longest():
    old = a_known(Verdict.WEAK, "222222222222", changed_at=NOW - timedelta(days=30))
    older_but_unknown = a_known(Verdict.UNKNOWN, "333333333333", changed_at=NOW - timedelta(days=90))
    digest = a_digest(a_known(Verdict.FAIL), old, older_but_unknown, before=None)

    assert oldest_open(digest, NOW) == (old, timedelta(days=30))


def test_when_nothing_is_open_there_is_no_oldest():
    assert oldest_open(a_digest(a_known(Verdict.PASS), before=None), NOW) is None
