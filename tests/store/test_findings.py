"""The newest finding of each account, since when it stands, and every change of its verdict once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from building.racing import at_once
from building.values import NOW, PAYMENTS, a_finding, an_account
from sqlalchemy import Engine, select

from bot.domain.account import AccountId
from bot.domain.finding import Finding, Verdict
from bot.domain.status import KnownFinding
from bot.store.accounts import save_accounts
from bot.store.findings import (
    count_verdicts,
    read_finding,
    read_findings,
    read_newest_check,
    read_verdicts,
    save_findings,
)
from bot.store.tables import finding_changes

LATER = NOW + timedelta(hours=1)


def save(engine: Engine, *found: Finding, scan_id: str = "scan-1") -> None:
    with engine.begin() as connection:
        save_findings(connection, found, scan_id=scan_id)


def known(engine: Engine) -> KnownFinding:
    with engine.connect() as connection:
        found = read_finding(connection, PAYMENTS)
    assert found is not None
    return found


def changes(engine: Engine) -> Sequence[Any]:
    with engine.connect() as connection:
        rows = connection.execute(select(finding_changes).order_by(finding_changes.c.at)).all()
    return [(row.account_id, row.before, row.after) for row in rows]


def test_a_new_account_is_first_seen_and_changed_when_it_was_checked(engine: Engine):
    save(engine, a_finding(Verdict.FAIL))

    assert known(engine) == KnownFinding(
        a_finding(Verdict.FAIL, replace(an_account(), access=known(engine).finding.account.access)),
        first_seen=NOW,
        changed_at=NOW,
    )
    assert changes(engine) == [(PAYMENTS, None, "FAIL")]


def test_the_same_verdict_again_is_no_change(engine: Engine):
    save(engine, a_finding(Verdict.FAIL))

    save(engine, a_finding(Verdict.FAIL, checked_at=LATER), scan_id="scan-2")

    assert (known(engine).first_seen, known(engine).changed_at) == (NOW, NOW)
    assert known(engine).finding.checked_at == LATER
    assert len(changes(engine)) == 1


def test_another_verdict_is_a_change_and_the_first_sight_stays(engine: Engine):
    save(engine, a_finding(Verdict.FAIL))

    save(engine, a_finding(Verdict.PASS, checked_at=LATER), scan_id="scan-2")

    assert (known(engine).first_seen, known(engine).changed_at) == (NOW, LATER)
    assert changes(engine) == [(PAYMENTS, None, "FAIL"), (PAYMENTS, "FAIL", "PASS")]


def test_an_older_scan_never_overwrites_a_newer_one(engine: Engine):
    save(engine, a_finding(Verdict.PASS, checked_at=LATER), scan_id="scan-2")

    save(engine, a_finding(Verdict.FAIL), scan_id="scan-1")

    assert known(engine).finding.verdict is Verdict.PASS
    assert changes(engine) == [(PAYMENTS, None, "PASS")]


def test_the_same_batch_twice_changes_nothing_twice(engine: Engine):
    batch = [a_finding(Verdict.FAIL, an_account(f"{number:012d}")) for number in range(5)]

    save(engine, *batch)
    save(engine, *batch)

    assert len(changes(engine)) == 5


def test_scans_that_read_the_same_accounts_at_once_end_with_the_newest(engine: Engine):
    accounts = [an_account(f"{number:012d}") for number in range(20)]

    def scan(number: int) -> None:
        at = NOW + timedelta(seconds=number)
        verdict = Verdict.PASS if number % 2 else Verdict.FAIL
        found = [a_finding(verdict, account, checked_at=at) for account in accounts]
        save(engine, *(found if number % 2 else reversed(found)), scan_id=f"scan-{number}")

    at_once(6, scan)

    with engine.connect() as connection:
        found = [read_finding(connection, account.id) for account in accounts]
    assert {item.finding.checked_at for item in found if item} == {NOW + timedelta(seconds=5)}
    seen = [(account, after) for account, _, after in changes(engine)]
    for account, before, after in changes(engine):
        assert before != after
        assert before is None or (account, before) in seen


def test_only_accounts_in_scope_are_told_of(engine: Engine):
    inside, outside = an_account("111111111111"), an_account("222222222222")
    with engine.begin() as connection:
        save_accounts(connection, [inside], now=NOW)
    save(engine, a_finding(Verdict.FAIL, inside), a_finding(Verdict.PASS, outside))

    with engine.connect() as connection:
        assert read_verdicts(connection) == {"111111111111": Verdict.FAIL}
        assert [item.finding.account.id for item in read_findings(connection)] == ["111111111111"]
        assert count_verdicts(connection).in_scope == 1


def test_findings_can_be_asked_for_by_verdict_and_counted_by_scan(engine: Engine):
    one, two = an_account("111111111111"), an_account("222222222222")
    with engine.begin() as connection:
        save_accounts(connection, [one, two], now=NOW)
    save(engine, a_finding(Verdict.FAIL, one), scan_id="scan-1")
    save(engine, a_finding(Verdict.PASS, two), scan_id="scan-2")

    with engine.connect() as connection:
        failing = read_findings(connection, {Verdict.FAIL, Verdict.UNKNOWN})
        of_one_scan = count_verdicts(connection, scan_id="scan-2")
    assert [item.finding.account.id for item in failing] == ["111111111111"]
    assert (of_one_scan.count(Verdict.PASS), of_one_scan.count(Verdict.FAIL)) == (1, 0)


def test_the_newest_check_is_known_and_none_before_the_first(engine: Engine):
    with engine.connect() as connection:
        assert read_newest_check(connection) is None
    save(engine, a_finding(checked_at=LATER), a_finding(account=an_account("222222222222")))

    with engine.connect() as connection:
        assert read_newest_check(connection) == LATER


def test_an_unknown_account_has_no_finding(engine: Engine):
    with engine.connect() as connection:
        assert read_finding(connection, AccountId("000000000000")) is None
