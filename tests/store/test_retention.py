"""What is old goes in small batches; what is the present, and what has not ended, stays."""

from datetime import date, datetime, timedelta

import pytest
from building.racing import at_once
from building.values import NOW, PAYMENTS, a_finding, an_account
from sqlalchemy import Connection, Engine, Table, func, insert, select

from bot.domain.finding import Verdict
from bot.domain.request import MessageRef
from bot.store import chores, command_counts, digests, findings, retention, scans
from bot.store.tables import command_counts as counts_table
from bot.store.tables import deliveries, finding_changes, scan_batches, status_messages
from bot.store.tables import digests as digests_table
from bot.store.tables import scans as scans_table

DAY = timedelta(days=1)
OLD = NOW - 10 * DAY


def count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


def scan(connection: Connection, scan_id: str, *, at: datetime, ended: bool = True, scope: str = "") -> None:
    scans.start_scan(connection, scan_id, scope=scope, reason="status", now=at)
    scans.plan_batches(connection, scan_id, [[PAYMENTS]])
    if ended:
        scans.finish_batch(connection, scan_id, 0, now=at)


def follow(connection: Connection, scan_id: str, *, settled: bool) -> None:
    at = MessageRef("C0", scan_id)
    scans.follow_scan(connection, at, scan_id=scan_id, scope="", now=OLD)
    scans.mark_shown(connection, at, now=OLD, settled=settled)


def test_old_scans_go_with_their_batches_and_messages_but_not_what_is_still_needed(engine: Engine):
    with engine.begin() as connection:
        scan(connection, "running", at=OLD, ended=False)
        scan(connection, "followed", at=OLD)
        follow(connection, "followed", settled=False)
        scan(connection, "old", at=OLD - DAY)
        follow(connection, "old", settled=True)
        scan(connection, "older", at=OLD - 2 * DAY, scope="payments")
        scan(connection, "last-whole", at=OLD + DAY)
        scan(connection, "young", at=NOW, scope="payments")

        gone = [retention.prune_scans(connection, before=NOW - DAY, limit=1) for _ in range(3)]

        left = set(connection.execute(select(scans_table.c.id)).scalars())
        assert gone == [1, 1, 0]
        assert left == {"running", "followed", "last-whole", "young"}
        assert count(connection, scan_batches) == 4
        assert count(connection, status_messages) == 1
        last = scans.read_last_scan(connection)
        assert last is not None
        assert last.id == "last-whole"


def test_a_batch_of_a_scan_that_is_gone_is_never_read_again(engine: Engine):
    with engine.begin() as connection:
        scan(connection, "old", at=OLD, scope="payments")
        retention.prune_scans(connection, before=NOW, limit=9)

        assert scans.read_batch(connection, "old", 0) is None
        assert not scans.plan_batches(connection, "old", [[PAYMENTS]])


def find(connection: Connection, verdict: Verdict, at: datetime, account_id: str = PAYMENTS) -> None:
    found = a_finding(verdict, an_account(account_id), checked_at=at)
    findings.save_findings(connection, [found], scan_id=f"scan-{at}")


def test_of_each_account_the_last_change_stays_however_old(engine: Engine):
    with engine.begin() as connection:
        for days, verdict in ((900, Verdict.FAIL), (800, Verdict.PASS), (790, Verdict.WEAK)):
            find(connection, verdict, NOW - days * DAY)
        for days, verdict in ((900, Verdict.FAIL), (5, Verdict.PASS)):
            find(connection, verdict, NOW - days * DAY, "444455556666")
        find(connection, Verdict.FAIL, NOW - 900 * DAY, "777788889999")

        gone = [retention.prune_history(connection, before=NOW - 730 * DAY, limit=2) for _ in range(3)]

        rows = connection.execute(select(finding_changes).order_by(finding_changes.c.at))
        assert gone == [2, 1, 0]
        assert [(row.account_id, row.after) for row in rows] == [
            ("777788889999", "FAIL"),
            (PAYMENTS, "WEAK"),
            ("444455556666", "PASS"),
        ]
        known = findings.read_finding(connection, PAYMENTS)
        assert known is not None
        assert (known.first_seen, known.changed_at) == (NOW - 900 * DAY, NOW - 790 * DAY)


def test_of_each_channel_the_last_digest_that_was_posted_stays(engine: Engine):
    days = [date(2025, 1, number) for number in (1, 2, 3, 4)]
    with engine.begin() as connection:
        for day in days[:3]:
            digests.claim_digest(connection, "C0OLD", day, now=NOW)
            digests.mark_digest_posted(
                connection, "C0OLD", day, ts="1.0", verdicts={PAYMENTS: Verdict.FAIL}, now=NOW
            )
        digests.give_up_digest(connection, "C0OLD", days[3], "is_archived", now=NOW)
        digests.claim_digest(connection, "C0YOUNG", date(2026, 3, 1), now=NOW)

        gone = [retention.prune_digests(connection, before=date(2026, 1, 1), limit=2) for _ in range(3)]

        left = connection.execute(select(digests_table.c.channel, digests_table.c.day)).all()
        assert gone == [2, 1, 0]
        assert {tuple(row) for row in left} == {("C0OLD", days[2]), ("C0YOUNG", date(2026, 3, 1))}
        baseline = digests.read_baseline(connection, "C0OLD", before=date(2026, 3, 2))
        assert baseline is not None
        assert baseline.day == days[2]


def test_what_is_remembered_for_minutes_goes_after_hours(engine: Engine):
    with engine.begin() as connection:
        connection.execute(insert(deliveries), [{"key": "old", "at": OLD}, {"key": "new", "at": NOW}])
        command_counts.count_command(connection, "T/U1", limit=9, now=OLD)
        command_counts.count_command(connection, "T/U2", limit=9, now=NOW)

        retention.prune_deliveries(connection, before=NOW - DAY, limit=9)
        retention.prune_counts(connection, before=NOW - DAY, limit=9)

        assert list(connection.execute(select(deliveries.c.key)).scalars()) == ["new"]
        assert list(connection.execute(select(counts_table.c.person)).scalars()) == ["T/U2"]


def test_a_chore_is_taken_up_by_one_worker_in_its_time(engine: Engine):
    def take(minutes: int) -> bool:
        with engine.begin() as connection:
            now = NOW + timedelta(minutes=minutes)
            return chores.take_chore(connection, "retention", every=timedelta(hours=1), now=now)

    first = at_once(4, lambda _: take(0))
    early = take(59)
    second = at_once(4, lambda _: take(60))

    assert (first.count(True), early, second.count(True)) == (1, False, 1)


@pytest.mark.parametrize("at", [NOW, NOW + timedelta(seconds=59)])
def test_of_commands_at_once_no_more_pass_than_the_limit_on_any_replica(engine: Engine, at: datetime):
    def ask(number: int) -> bool:
        with engine.begin() as connection:
            return command_counts.count_command(connection, f"T/U{number % 2}", limit=3, now=at)

    got = at_once(12, ask)

    assert got.count(True) == 6


def test_the_next_minute_starts_anew(engine: Engine):
    def ask(seconds: int) -> bool:
        with engine.begin() as connection:
            now = NOW + timedelta(seconds=seconds)
            return command_counts.count_command(connection, "T/U1", limit=2, now=now)

    assert [ask(0), ask(1), ask(2), ask(59), ask(60), ask(61), ask(62)] == [
        True,
        True,
        False,
        False,
        True,
        True,
        False,
    ]
