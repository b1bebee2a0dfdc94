"""How verdicts changed, what was done, and how long a fix stood: the newest first."""

from datetime import datetime, timedelta

from building.bulk_values import a_bulk
from building.undos import UNDOER, an_undo
from building.values import ASKER, NOW, PAYMENTS, a_finding, a_request, an_account, an_event
from building.waivers import a_waiver
from sqlalchemy import Connection, Engine

from bot.domain.account import Account
from bot.domain.finding import Verdict
from bot.domain.home import asked_at
from bot.domain.request import Person, RemediationRequest, RequestId, RequestKind, RequestState
from bot.domain.waiver import WaiverId
from bot.store import audit, bulks, requests, waivers
from bot.store.accounts import save_accounts
from bot.store.findings import save_findings
from bot.store.history import read_asked_by, read_changes, read_deeds, read_fixes_in_place

HOUR = timedelta(hours=1)
LEDGER = an_account("444455556666", name="ledger")
S = RequestState


def see(connection: Connection, verdict: Verdict, at: datetime, account: Account | None = None) -> None:
    finding = a_finding(verdict, account or an_account(), checked_at=at)
    save_findings(connection, [finding], scan_id=f"{finding.account.id} at {at:%H%M}")


def go(connection: Connection, request: RemediationRequest, *states: RequestState, at: datetime) -> None:
    requests.add_request(connection, request)
    for before, after in zip((S.PREPARING, *states), states, strict=False):
        requests.move(connection, request.id, before=before, after=after, now=at)


def a_fix(request_id: str, **changes: object) -> RemediationRequest:
    return a_request(S.PREPARING, id=RequestId(request_id), plan=None, **changes)


APPLIED = (S.PENDING, S.APPROVED, S.APPLYING, S.APPLIED)


def test_changes_of_all_accounts_are_newest_first_and_without_first_checks(engine: Engine):
    with engine.begin() as connection:
        save_accounts(connection, [an_account()], now=NOW)
        see(connection, Verdict.FAIL, NOW)
        see(connection, Verdict.PASS, NOW + HOUR)
        see(connection, Verdict.FAIL, NOW + HOUR / 2, LEDGER)
        see(connection, Verdict.WEAK, NOW + 2 * HOUR, LEDGER)

        found = read_changes(connection, limit=10)

        assert [(each.label, each.before, each.after, each.at) for each in found] == [
            ("444455556666", Verdict.FAIL, Verdict.WEAK, NOW + 2 * HOUR),
            ("payments (111122223333)", Verdict.FAIL, Verdict.PASS, NOW + HOUR),
        ]
        assert read_changes(connection, limit=1) == found[:1]


def test_the_changes_of_an_account_begin_with_its_first_check(engine: Engine):
    with engine.begin() as connection:
        see(connection, Verdict.FAIL, NOW)
        see(connection, Verdict.PASS, NOW + HOUR)
        see(connection, Verdict.FAIL, NOW, LEDGER)

        found = read_changes(connection, account_id=PAYMENTS, limit=10)

        assert [(each.before, each.after) for each in found] == [
            (Verdict.FAIL, Verdict.PASS),
            (None, Verdict.FAIL),
        ]


def test_deeds_are_what_changed_an_account_or_all_that_was_asked_for_one(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-done"), *APPLIED, at=NOW + HOUR)
        go(connection, a_fix("fix-denied"), S.PENDING, S.DENIED, at=NOW + 2 * HOUR)
        go(connection, a_fix("fix-open"), S.PENDING, at=NOW)
        go(connection, a_fix("fix-ledger", account_id=LEDGER.id), *APPLIED, at=NOW + 3 * HOUR)

        everywhere = read_deeds(connection, limit=10)
        there = read_deeds(connection, account_id=PAYMENTS, limit=10)

        assert [(each.request.id, each.at) for each in everywhere] == [
            ("fix-ledger", NOW + 3 * HOUR),
            ("fix-done", NOW + HOUR),
        ]
        assert [(each.request.id, each.at) for each in there] == [
            ("fix-denied", NOW + 2 * HOUR),
            ("fix-done", NOW + HOUR),
            ("fix-open", NOW),
        ]
        assert len(read_deeds(connection, account_id=PAYMENTS, limit=1)) == 1


def test_a_fix_stands_until_its_undo(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-1"), *APPLIED, at=NOW)
        go(connection, a_fix("fix-2", account_id=LEDGER.id), *APPLIED, at=NOW)
        undo = an_undo(
            S.PREPARING, id=RequestId("undo-1"), undoes=RequestId("fix-1"), plan=None, removal=None
        )
        go(connection, undo, S.PENDING, S.APPROVED, S.APPLYING, S.UNDONE, at=NOW + HOUR)
        requests.move(connection, RequestId("fix-1"), before=S.APPLIED, after=S.UNDONE, now=NOW + HOUR)

        found = read_fixes_in_place(connection, [PAYMENTS, LEDGER.id])

        assert {(each.account_id, each.since, each.until) for each in found} == {
            (PAYMENTS, NOW, NOW + HOUR),
            (LEDGER.id, NOW, None),
        }
        assert read_fixes_in_place(connection, []) == ()


def test_an_undo_that_was_denied_leaves_the_fix_in_place(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-1"), *APPLIED, at=NOW)
        undo = an_undo(
            S.PREPARING, id=RequestId("undo-1"), undoes=RequestId("fix-1"), plan=None, removal=None
        )
        go(connection, undo, S.PENDING, S.DENIED, at=NOW + HOUR)

        (found,) = read_fixes_in_place(connection, [PAYMENTS])

        assert found.until is None
        assert undo.kind is RequestKind.UNDO


def test_open_requests_are_those_that_wait_or_run_and_are_no_part_of_a_bulk_request(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-late", expires_at=NOW + 2 * HOUR), S.PENDING, at=NOW)
        go(connection, a_fix("fix-soon", expires_at=NOW + HOUR), S.PENDING, S.APPROVED, at=NOW)
        go(connection, a_fix("fix-part", bulk_id="bulk-1"), S.PENDING, at=NOW)
        go(connection, a_fix("fix-done"), *APPLIED, at=NOW)

        assert [each.id for each in requests.read_open(connection)] == ["fix-soon", "fix-late"]


def test_all_waivers_of_an_account_are_newest_first(engine: Engine):
    with engine.begin() as connection:
        for number in range(3):
            waiver = a_waiver(id=WaiverId(f"waiver-{number}"), created_at=NOW + number * HOUR)
            waivers.add_waiver(connection, waiver)
        waivers.add_waiver(connection, a_waiver(id=WaiverId("other"), account_id=LEDGER.id))

        found = waivers.read_all_for(connection, PAYMENTS)

        assert [each.id for each in found] == ["waiver-2", "waiver-1", "waiver-0"]


def test_the_last_events_are_newest_first_with_how_many_there_are(engine: Engine):
    with engine.begin() as connection:
        for number in range(5):
            audit.record(connection, an_event(account_id=PAYMENTS, request_id=f"fix-{number % 2}"))

        everything, total = audit.read_last(connection, limit=2)
        of_one, ones = audit.read_last(connection, request_id="fix-1", limit=10)

        assert ([each.seq for each in everything], total) == ([5, 4], 5)
        assert ([each.seq for each in of_one], ones) == ([4, 2], 2)
        assert audit.read_last(connection, account_id="nobody", limit=1) == ((), 0)
        assert audit.read_request_ids(connection, limit=10) == ("fix-0", "fix-1")


def test_what_somebody_asked_for_is_of_every_kind_and_the_newest_first(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-old"), *APPLIED, at=NOW)
        go(connection, a_fix("fix-part", bulk_id="bulk-1", created_at=NOW + HOUR), at=NOW)
        go(connection, a_fix("fix-other", requester=UNDOER, created_at=NOW + HOUR), at=NOW)
        bulks.add_bulk(connection, a_bulk(created_at=NOW + 2 * HOUR))
        waivers.add_waiver(connection, a_waiver(created_at=NOW + HOUR))

        found = read_asked_by(connection, ASKER, limit=5)

        assert [type(each).__name__ for each in found] == ["BulkReport", "Waiver", "RemediationRequest"]
        assert [asked_at(each) for each in found] == [NOW + 2 * HOUR, NOW + HOUR, NOW]
        assert read_asked_by(connection, ASKER, limit=1) == found[:1]


def test_somebody_with_the_same_id_in_another_workspace_asked_for_nothing(engine: Engine):
    with engine.begin() as connection:
        go(connection, a_fix("fix-1"), at=NOW)

        assert read_asked_by(connection, Person("T0ELSE", ASKER.user_id), limit=5) == ()
