"""Scans end once, when their last batch does."""

from datetime import timedelta

from building.racing import at_once
from building.values import NOW
from sqlalchemy import Engine

from bot.domain.account import AccountId
from bot.domain.request import MessageRef
from bot.domain.status import ScanProgress
from bot.store import scans

IDS = [AccountId(f"{number:012d}") for number in range(5)]
LATER = NOW + timedelta(minutes=1)


def start(engine: Engine, scan_id: str = "scan-1", *, scope: str = "", batches: int = 0) -> None:
    with engine.begin() as connection:
        scans.start_scan(connection, scan_id, scope=scope, reason="status", now=NOW)
        if batches:
            scans.plan_batches(connection, scan_id, [[one] for one in IDS[:batches]])


def test_a_scan_is_planned_once(engine: Engine):
    start(engine)

    def plan(_: int) -> bool:
        with engine.begin() as connection:
            return scans.plan_batches(connection, "scan-1", [IDS[:3], IDS[3:]])

    assert at_once(4, plan).count(True) == 1
    with engine.connect() as connection:
        scan = scans.read_scan(connection, "scan-1")
        assert scan is not None
        assert scan.total == 5
        assert scans.read_batch(connection, "scan-1", 0) == tuple(IDS[:3])
        assert scans.read_batch(connection, "scan-1", 2) is None


def test_of_batches_that_end_at_once_exactly_one_ends_the_scan(engine: Engine):
    start(engine, batches=5)

    def finish(number: int) -> bool:
        with engine.begin() as connection:
            return scans.finish_batch(connection, "scan-1", number, now=LATER)

    assert at_once(5, finish).count(True) == 1
    with engine.connect() as connection:
        scan = scans.read_scan(connection, "scan-1")
        assert scan is not None
        assert scan.finished_at == LATER
        assert scans.read_batch(connection, "scan-1", 0) is None


def test_progress_counts_the_accounts_of_whole_batches(engine: Engine):
    start(engine)
    with engine.begin() as connection:
        scans.plan_batches(connection, "scan-1", [IDS[:3], IDS[3:]])
        scans.finish_batch(connection, "scan-1", 0, now=LATER)

        assert scans.read_progress(connection, "scan-1") == ScanProgress("scan-1", 5, 3, NOW)

        scans.finish_batch(connection, "scan-1", 1, now=LATER)
        assert scans.read_progress(connection, "scan-1") is None
        assert scans.read_progress(connection, "scan-unknown") is None


def test_a_scan_that_is_not_planned_yet_has_made_no_progress(engine: Engine):
    start(engine)

    with engine.connect() as connection:
        assert scans.read_progress(connection, "scan-1") == ScanProgress("scan-1", 0, 0, NOW)


def test_only_a_whole_scan_that_ended_well_is_the_last_one(engine: Engine):
    for scan_id, scope, problem in (("good", "", ""), ("part", "prod", ""), ("bad", "", "AccessDenied")):
        start(engine, scan_id, scope=scope)
        with engine.begin() as connection:
            assert scans.finish_scan(connection, scan_id, now=LATER, problem=problem)
            assert not scans.finish_scan(connection, scan_id, now=LATER)
    start(engine, "running")

    with engine.connect() as connection:
        last = scans.read_last_scan(connection)
    assert last is not None
    assert last.id == "good"


def test_a_running_scan_of_the_same_scope_is_joined_unless_it_is_stale(engine: Engine):
    start(engine, "scan-1", scope="prod")

    with engine.connect() as connection:
        before = NOW - timedelta(seconds=1)
        found = scans.read_running_scan(connection, scope="prod", since=before)
        assert found is not None
        assert found.id == "scan-1"
        assert scans.read_running_scan(connection, scope="", since=before) is None
        assert scans.read_running_scan(connection, scope="prod", since=NOW) is None
        assert scans.read_stuck(connection, before=LATER) == ("scan-1",)
        assert scans.read_stuck(connection, before=NOW) == ()


def test_a_message_follows_its_scan_until_the_result_stands_in_it(engine: Engine):
    start(engine)
    at = MessageRef("C1", "1.0")
    with engine.begin() as connection:
        scans.follow_scan(connection, at, scan_id="scan-1", scope="", now=NOW)
        scans.mark_shown(connection, at, now=LATER, settled=False)
        assert scans.read_following(connection) == (scans.StatusMessage(at, "scan-1", "", LATER),)

        scans.mark_shown(connection, at, now=LATER, settled=True)
        assert scans.read_following(connection) == ()
