"""Bulk requests in the database: conditional moves, their members in order, and messages that are due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from building.bulk_values import a_bulk, a_member
from building.racing import at_once
from building.values import APPROVER, NOW, a_plan, a_request, a_target, an_account, an_approval
from sqlalchemy import Engine

from bot.domain.bulk import BULK_MOVES, Bulk, BulkReport, BulkState
from bot.domain.request import MessageRef, Outcome, RequestId, RequestState
from bot.store import bulks, requests

EVERY = timedelta(seconds=2)


def add(engine: Engine, *path: BulkState, members: int = 2) -> Bulk:
    """A bulk request that has gone along `path`, with members that are just prepared."""
    bulk = a_bulk(BulkState.PREPARING)
    with engine.begin() as connection:
        bulks.add_bulk(connection, bulk)
        for number in range(members, 0, -1):
            requests.add_request(connection, a_member(number, RequestState.PREPARING, plan=None))
        before = BulkState.PREPARING
        for after in path:
            assert bulks.move(connection, bulk.id, before=before, after=after)
            before = after
    return bulk


def read(engine: Engine) -> BulkReport:
    with engine.connect() as connection:
        report = bulks.read_report(connection, "bulk-1")
    assert report is not None
    return report


def due(engine: Engine, *, seconds: float = 0) -> list[str]:
    with engine.connect() as connection:
        now = NOW + timedelta(seconds=seconds)
        return [each.id for each in bulks.read_stale_messages(connection, now=now, every=EVERY)]


def show(engine: Engine) -> None:
    with engine.begin() as connection:
        bulks.place_message(connection, read(engine).bulk, MessageRef("C1", "1.0"), now=NOW)


PENDING = (BulkState.PENDING,)
RUNNING = (*PENDING, BulkState.RUNNING)


def test_it_comes_back_as_it_was_written_with_its_members_in_their_order(engine: Engine):
    bulk = add(engine, members=3)

    report = read(engine)

    assert report.bulk == replace(bulk, version=1)
    assert [member.id for member in report.members] == ["fix-1-001", "fix-1-002", "fix-1-003"]
    assert {member.bulk_id for member in report.members} == {"bulk-1"}


def test_one_that_nobody_knows_is_none(engine: Engine):
    with engine.connect() as connection:
        assert bulks.read_report(connection, "bulk-0") is None


def test_what_a_move_brings_is_kept(engine: Engine):
    bulk = add(engine)
    with engine.begin() as connection:
        bulks.move(connection, bulk.id, before=BulkState.PREPARING, after=BulkState.PENDING, plans_hash="ab")
        bulks.move(
            connection, bulk.id, before=BulkState.PENDING, after=BulkState.RUNNING, decision=an_approval()
        )
        bulks.move(
            connection,
            bulk.id,
            before=BulkState.RUNNING,
            after=BulkState.STOPPING,
            stopped_by=APPROVER,
            outcome=Outcome("stopped"),
        )

    found = read(engine).bulk
    assert (found.state, found.hash, found.decision) == (BulkState.STOPPING, "ab", an_approval())
    assert (found.stopped_by, found.outcome) == (APPROVER, Outcome("stopped"))


def test_of_many_moves_at_once_exactly_one_wins(engine: Engine):
    bulk = add(engine, *PENDING)

    def decide(number: int) -> bool:
        after = BulkState.RUNNING if number % 2 else BulkState.DENIED
        with engine.begin() as connection:
            return bulks.move(connection, bulk.id, before=BulkState.PENDING, after=after)

    assert at_once(8, decide).count(True) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_move_is_made_that_the_state_machine_does_not_know(engine: Engine):
    bulk = add(engine)
    for before in BulkState:
        for after in set(BulkState) - BULK_MOVES.get(before, frozenset()):
            with engine.begin() as connection, pytest.raises(ValueError, match="there is no move"):
                bulks.move(connection, bulk.id, before=before, after=after)


def test_the_same_members_are_let_go_once(engine: Engine):
    add(engine, *RUNNING)
    before = read(engine).bulk

    def let_go(_: int) -> bool:
        with engine.begin() as connection:
            return bulks.release(connection, before, 2)

    assert at_once(6, let_go).count(True) == 1
    assert read(engine).bulk.released == 2


def test_what_waits_is_said_once(engine: Engine):
    add(engine, *RUNNING)
    with engine.begin() as connection:
        bulks.note_outcome(connection, read(engine).bulk, Outcome("It waits."))
    noted = read(engine).bulk
    with engine.begin() as connection:
        bulks.note_outcome(connection, noted, Outcome("It waits."))

    assert read(engine).bulk == noted


def test_only_those_that_go_on_by_themselves_are_at_work(engine: Engine):
    add(engine)
    with engine.begin() as connection:
        assert [bulk.id for bulk in bulks.read_at_work(connection)] == ["bulk-1"]
        bulks.move(connection, a_bulk().id, before=BulkState.PREPARING, after=BulkState.PENDING)
        assert bulks.read_at_work(connection) == ()
        assert [bulk.id for bulk in bulks.read_pending(connection)] == ["bulk-1"]


def test_a_message_is_due_with_every_new_state_and_not_before_the_accounts_are_read(engine: Engine):
    bulk = add(engine)
    assert due(engine) == []

    with engine.begin() as connection:
        bulks.move(connection, bulk.id, before=BulkState.PREPARING, after=BulkState.PENDING)
    assert due(engine) == ["bulk-1"]
    show(engine)
    assert due(engine) == []

    with engine.begin() as connection:
        bulks.move(connection, bulk.id, before=BulkState.PENDING, after=BulkState.RUNNING)
    assert due(engine) == ["bulk-1"]


def test_a_member_that_moves_makes_the_message_due_after_a_while(engine: Engine):
    add(engine, *RUNNING)
    show(engine)
    with engine.begin() as connection:
        requests.move(
            connection,
            RequestId("fix-1-001"),
            before=RequestState.PREPARING,
            after=RequestState.PENDING,
            now=NOW,
            plan=a_plan(),
            target=a_target(an_account()),
        )

    assert due(engine, seconds=1) == []
    assert due(engine, seconds=2) == ["bulk-1"]


def test_one_worker_at_a_time_is_at_a_message_and_a_dead_one_not_for_ever(engine: Engine):
    bulk = add(engine, *PENDING)

    def claim(_: int) -> bool:
        with engine.begin() as connection:
            return bulks.claim_message(connection, bulk.id, now=NOW)

    assert at_once(6, claim).count(True) == 1
    with engine.begin() as connection:
        assert not bulks.claim_message(connection, bulk.id, now=NOW + timedelta(seconds=119))
        assert bulks.claim_message(connection, bulk.id, now=NOW + timedelta(seconds=120))
        bulks.release_message(connection, bulk.id)
        assert bulks.claim_message(connection, bulk.id, now=NOW + timedelta(seconds=121))


def test_where_its_message_stands_and_what_it_shows_is_kept(engine: Engine):
    bulk = add(engine, *PENDING)
    with engine.connect() as connection:
        assert bulks.read_shown_state(connection, bulk.id) == ""
    show(engine)

    assert read(engine).bulk.message == MessageRef("C1", "1.0")
    with engine.connect() as connection:
        assert bulks.read_shown_state(connection, bulk.id) == "pending"


def test_members_have_no_message_no_expiry_and_no_decision_of_their_own(engine: Engine):
    add(engine, *PENDING, members=3)
    with engine.begin() as connection:
        alone = a_request(RequestState.PREPARING, id=RequestId("fix-2"), plan=None)
        requests.add_request(connection, alone)
        for request_id in ("fix-1-001", "fix-1-002", "fix-2"):
            requests.move(
                connection,
                RequestId(request_id),
                before=RequestState.PREPARING,
                after=RequestState.PENDING,
                now=NOW,
                plan=a_plan(),
            )
    later = NOW + timedelta(days=1)

    with engine.connect() as connection:
        assert [r.id for r in requests.read_stale_messages(connection, now=later)] == ["fix-2"]
        assert [r.id for r in requests.read_overdue(connection, now=later)] == ["fix-2"]
        assert [r.id for r in requests.read_pending(connection)] == ["fix-2"]
        assert requests.count_pending(connection) == 2


def test_a_pause_makes_the_message_of_what_waits_due(engine: Engine):
    add(engine, *PENDING)
    show(engine)
    with engine.begin() as connection:
        requests.show_pending_anew(connection)

    assert due(engine, seconds=2) == ["bulk-1"]
