"""What a status shows first, and how far a scan is."""

from datetime import timedelta

from building.values import NOW, a_finding, a_known

from bot.domain.finding import Verdict, summarize
from bot.domain.request import Mode
from bot.domain.status import ScanProgress, build_status, order_attention


def test_what_could_not_be_read_comes_first_and_what_passes_takes_no_space():
    known = [a_known(verdict, f"{number:012d}") for number, verdict in enumerate(Verdict)]

    shown = [item.finding.verdict for item in order_attention(known)]

    assert shown == [Verdict.UNKNOWN, Verdict.FAIL, Verdict.WEAK]


def test_within_a_verdict_the_longest_standing_comes_first():
    young = a_known(account_id="111111111111", changed_at=NOW)
    old = a_known(account_id="222222222222", changed_at=NOW - timedelta(days=9))

    assert order_attention([young, old]) == (old, young)


def test_of_the_same_age_the_order_is_that_of_names():
    two, one = a_known(account_id="222222222222"), a_known(account_id="111111111111")

    assert order_attention([two, one]) == (one, two)


def test_a_status_keeps_the_summary_of_all_though_it_shows_a_few():
    known = [a_known(Verdict.FAIL)]
    summary = summarize([a_finding(Verdict.PASS)] * 9 + [a_finding(Verdict.FAIL)])

    status = build_status(known, summary=summary, scope="", mode=Mode.APPLY, now=NOW, last_scan_at=None)

    assert status.summary.in_scope == 10
    assert status.attention == (known[0],)


def test_compliance_is_never_100_while_an_account_could_not_be_read():
    passing = [a_finding(Verdict.PASS)] * 9

    assert summarize(passing).compliance_percent == 100
    assert summarize([*passing, a_finding(Verdict.SKIPPED)]).compliance_percent == 100
    assert summarize([*passing, a_finding(Verdict.UNKNOWN)]).compliance_percent == 99


def test_the_time_left_follows_from_the_rate_so_far():
    progress = ScanProgress("scan-1", total=400, done=100, started_at=NOW)

    assert progress.rate(NOW + timedelta(seconds=10)) == 10.0
    assert progress.seconds_left(NOW + timedelta(seconds=10)) == 30.0


def test_at_the_start_the_time_left_cannot_be_told():
    progress = ScanProgress("scan-1", total=400, done=0, started_at=NOW)

    assert progress.seconds_left(NOW) is None
    assert progress.seconds_left(NOW + timedelta(seconds=5)) is None
    assert progress.rate(NOW - timedelta(seconds=5)) == 0.0
