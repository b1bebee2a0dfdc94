"""What is measured in the database, against the rows that a test has put there."""

from datetime import datetime, timedelta

from building.bulk_values import a_bulk, a_member
from building.values import NOW, a_finding, a_request, an_account, an_event
from building.waivers import a_waiver
from sqlalchemy import Connection, Engine

from bot.domain.account import AccountId
from bot.domain.bulk import BulkId, BulkState
from bot.domain.finding import Verdict
from bot.domain.request import RequestId, RequestKind, RequestState
from bot.domain.waiver import WaiverId, WaiverState
from bot.flows.engine import build_enqueue
from bot.store import accounts, audit, bulks, findings, operations, requests, scans, waivers
from bot.store.metrics import Backlog, Measures, ScanMeasures, read_measures
from bot.store.schema import migrate

MINUTE = timedelta(minutes=1)
NOTHING = Backlog(0, timedelta(0))


def measured(engine: Engine, *, now: datetime = NOW) -> Measures:
    with engine.connect() as connection:
        return read_measures(connection, now=now, alive_since=now - MINUTE)


def save(connection: Connection, *verdicts: Verdict | None) -> None:
    """That many accounts in scope, each with its finding; None for one that was never read."""
    known = [(an_account(f"{number:012}"), verdict) for number, verdict in enumerate(verdicts)]
    accounts.save_accounts(connection, [account for account, _ in known], now=NOW)
    found = [a_finding(verdict, account) for account, verdict in known if verdict]
    findings.save_findings(connection, found, scan_id="scan-1")


def waive(connection: Connection, number: int, state: WaiverState = WaiverState.GRANTED) -> None:
    account_id = AccountId(f"{number:012}")
    waiver = a_waiver(state, id=WaiverId(f"waiver-{number}"), account_id=account_id, created_at=NOW - MINUTE)
    waivers.add_waiver(connection, waiver)


def test_a_new_store_measures_nothing(engine: Engine):
    found = measured(engine)

    assert (found.accounts_in_scope, found.summary.in_scope, found.last_scan) == (0, 0, None)
    assert {count for _, _, count in found.open_requests} == {0}
    assert (found.undecided, found.outbox, found.chain_length) == (NOTHING, NOTHING, 0)
    assert (found.workers, found.waivers_in_force, found.changes_last_hour, found.queues) == (0, 0, 0, ())
    assert not found.is_paused


def test_accounts_are_counted_by_the_verdict_that_is_shown(engine: Engine):
    with engine.begin() as connection:
        save(connection, Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN, Verdict.SKIPPED, None)
        waive(connection, 0)
        waive(connection, 1, WaiverState.PENDING)
        waive(connection, 2)

    found = measured(engine)

    assert found.accounts_in_scope == 6
    assert {verdict: count for verdict, count in found.summary.counts if count} == {
        Verdict.FAIL: 1,
        Verdict.WAIVED: 1,
        Verdict.PASS: 1,
        Verdict.UNKNOWN: 1,
        Verdict.SKIPPED: 1,
    }
    assert found.waivers_in_force == 2


def test_accounts_that_left_the_scope_are_not_counted(engine: Engine):
    with engine.begin() as connection:
        save(connection, Verdict.FAIL, Verdict.FAIL, Verdict.PASS)
        waive(connection, 2)
        accounts.save_accounts(connection, [an_account("000000000000")], now=NOW)
        usual = findings.count_verdicts(connection)

    found = measured(engine)

    assert found.accounts_in_scope == 1
    assert found.summary == usual
    assert found.summary.count(Verdict.FAIL) == 1


def test_the_last_scan_is_the_newest_of_all_accounts_that_ended_well(engine: Engine):
    with engine.begin() as connection:
        for scan_id, scope, minutes, problem in (
            ("old", "", 50, ""),
            ("well", "", 30, ""),
            ("of some", "prod", 20, ""),
            ("failed", "", 10, "no credentials"),
        ):
            began = NOW - minutes * MINUTE
            scans.start_scan(connection, scan_id, scope=scope, reason="schedule", now=began)
            scans.finish_scan(connection, scan_id, now=began + 2 * MINUTE, problem=problem)

    assert measured(engine).last_scan == ScanMeasures(NOW - 28 * MINUTE, 2 * MINUTE)


def test_what_is_open_is_counted_by_kind_and_state_a_bulk_request_as_one(engine: Engine):
    with engine.begin() as connection:
        requests.add_request(connection, a_request(created_at=NOW - 2 * MINUTE))
        for number, (kind, state) in enumerate(
            [
                (RequestKind.FIX, RequestState.APPLYING),
                (RequestKind.FIX, RequestState.DENIED),
                (RequestKind.UNDO, RequestState.PENDING),
            ]
        ):
            request = a_request(state, id=RequestId(f"more-{number}"), kind=kind, created_at=NOW - MINUTE)
            requests.add_request(connection, request)
        bulks.add_bulk(connection, a_bulk(created_at=NOW - 9 * MINUTE))
        bulks.add_bulk(connection, a_bulk(BulkState.RUNNING, id=BulkId("running")))
        bulks.add_bulk(connection, a_bulk(BulkState.DONE, id=BulkId("done")))
        requests.add_request(connection, a_member(1))
        waive(connection, 0, WaiverState.PENDING)
        waive(connection, 1, WaiverState.DENIED)

    found = measured(engine)

    assert {(kind, state): count for kind, state, count in found.open_requests if count} == {
        ("fix", "pending"): 1,
        ("fix", "applying"): 1,
        ("undo", "pending"): 1,
        ("bulk", "pending"): 1,
        ("bulk", "running"): 1,
        ("waiver", "pending"): 1,
    }
    assert found.undecided == Backlog(4, 9 * MINUTE)
    assert found.changes_last_hour == 1


def test_the_outbox_holds_what_slack_has_not_taken_since_the_oldest_was_written(engine: Engine):
    with engine.begin() as connection:
        for number in range(4):
            event = an_event(at=NOW - (8 - number) * MINUTE)
            audit.record(connection, event, channel="" if number == 3 else "C0AUDIT")
        audit.mark_posted(connection, 1, now=NOW, ts="1.0")

    found = measured(engine)

    assert found.outbox == Backlog(2, 7 * MINUTE)
    assert found.chain_length == 4


def test_workers_count_while_they_beat_and_those_without_aws_apart(engine: Engine):
    with engine.begin() as connection:
        operations.beat(connection, "well", problem="", now=NOW)
        operations.beat(connection, "locked out", problem="ExpiredToken", now=NOW)
        operations.beat(connection, "gone", problem="ExpiredToken", now=NOW - 2 * MINUTE)
        operations.set_paused(connection, paused=True, by="U0ADMIN", now=NOW)

    found = measured(engine)

    assert (found.workers, found.workers_without_aws, found.is_paused) == (2, 1, True)


def test_work_that_no_worker_has_taken_up_is_counted_by_queue(bare_engine: Engine):
    migrate(bare_engine)
    enqueue = build_enqueue(bare_engine)
    enqueue.client._sys_db.run_migrations()  # as a worker does at its start
    with bare_engine.begin() as connection:
        for key in ("one", "two"):
            enqueue(connection, "plan_scan", key, queue="scans", key=key)
        enqueue(connection, "prepare_fix", "three", queue="fixes", key="three")

    assert measured(bare_engine).queues == (("fixes", 1), ("scans", 2))
