"""Waivers in the database: one winner of every move, one worker at every message and every word."""

from datetime import timedelta
from typing import Any

import pytest
from building.racing import at_once
from building.values import NOW, PAYMENTS
from building.waivers import CLOSED, a_decision, a_waiver
from sqlalchemy import Engine

from bot.domain.account import AccountId
from bot.domain.request import MessageRef
from bot.domain.waiver import MOVES, Told, Waiver, WaiverId, WaiverState
from bot.store import waivers
from bot.store.claims import CLAIM_FOR

LATER = NOW + timedelta(hours=1)
END = a_waiver().ends_at
AT = MessageRef("C0APPROVALS", "1.0")
LEDGER = AccountId("444455556666")


def add(
    engine: Engine, state: WaiverState = WaiverState.PENDING, waiver_id: str = "waiver-1", **changes: Any
) -> Waiver:
    """A waiver that has gone to `state`, as it is read back."""
    asked = a_waiver(WaiverState.PENDING, id=WaiverId(waiver_id), **changes)
    with engine.begin() as connection:
        waivers.add_waiver(connection, asked)
        for before, after in path_to(state):
            assert waivers.move(connection, asked.id, before=before, after=after, decision=a_decision())
    return read(engine, waiver_id)


def path_to(state: WaiverState) -> list[tuple[WaiverState, WaiverState]]:
    if state is WaiverState.PENDING:
        return []
    if state in MOVES[WaiverState.PENDING]:
        return [(WaiverState.PENDING, state)]
    return [(WaiverState.PENDING, WaiverState.GRANTED), (WaiverState.GRANTED, state)]


def read(engine: Engine, waiver_id: str = "waiver-1") -> Waiver:
    with engine.connect() as connection:
        waiver = waivers.read_waiver(connection, waiver_id)
    assert waiver is not None
    return waiver


def test_a_waiver_is_read_back_as_it_was_asked_for(engine: Engine):
    assert add(engine) == a_waiver(WaiverState.PENDING)


def test_whoever_granted_and_revoked_it_is_kept(engine: Engine):
    add(engine, WaiverState.GRANTED)
    with engine.begin() as connection:
        waivers.move(
            connection,
            WaiverId("waiver-1"),
            before=WaiverState.GRANTED,
            after=WaiverState.REVOKED,
            revocation=a_decision(at=LATER),
        )

    waiver = read(engine)

    assert (waiver.decision, waiver.revocation) == (a_decision(), a_decision(at=LATER))


def test_of_many_moves_at_once_one_wins(engine: Engine):
    add(engine)

    def decide(number: int) -> bool:
        after = (WaiverState.GRANTED, WaiverState.DENIED)[number % 2]
        with engine.begin() as connection:
            return waivers.move(connection, WaiverId("waiver-1"), before=WaiverState.PENDING, after=after)

    assert sum(at_once(6, decide)) == 1


@pytest.mark.parametrize("after", sorted(set(WaiverState) - MOVES[WaiverState.PENDING]))
def test_there_is_no_other_way_out_of_pending(engine: Engine, after: WaiverState):
    add(engine)

    with engine.begin() as connection, pytest.raises(ValueError, match="no move"):
        waivers.move(connection, WaiverId("waiver-1"), before=WaiverState.PENDING, after=after)


def test_those_in_force_are_granted_and_not_over_the_soonest_to_end_first(engine: Engine):
    add(engine, WaiverState.GRANTED)
    add(engine, WaiverState.GRANTED, "waiver-2", account_id=LEDGER, ends_at=END - timedelta(days=1))
    add(engine, WaiverState.GRANTED, "over", account_id=AccountId("7" * 12), ends_at=NOW)
    add(engine, WaiverState.PENDING, "pending", account_id=AccountId("8" * 12))
    for number, state in enumerate(CLOSED):
        add(engine, state, f"closed-{number}", account_id=AccountId(f"{number:012d}"))

    with engine.connect() as connection:
        found = waivers.read_in_force(connection, now=NOW)
        one = waivers.read_in_force_for(connection, PAYMENTS, now=NOW)
        none = waivers.read_in_force_for(connection, PAYMENTS, now=END)

    assert list(found) == [LEDGER, PAYMENTS]
    assert one == found[PAYMENTS]
    assert none is None


def test_what_nobody_decided_in_time_is_found_from_that_moment_on(engine: Engine):
    waiver = add(engine)

    with engine.connect() as connection:
        assert waivers.read_undecided(connection, now=waiver.decide_by - timedelta(seconds=1)) == ()
        assert waivers.read_undecided(connection, now=waiver.decide_by) == (waiver,)
        assert waivers.read_pending_for(connection, PAYMENTS) == waiver
        assert waivers.read_pending_for(connection, LEDGER) is None


def test_a_waiver_is_over_at_the_instant_after_its_last_day(engine: Engine):
    waiver = add(engine, WaiverState.GRANTED)

    with engine.connect() as connection:
        assert waivers.read_over(connection, now=END - timedelta(seconds=1)) == ()
        assert waivers.read_over(connection, now=END) == (waiver,)


def test_one_worker_alone_posts_a_message(engine: Engine):
    waiver = add(engine)

    def claim(_number: int) -> bool:
        with engine.begin() as connection:
            return waivers.claim_message(connection, waiver, now=NOW)

    assert sum(at_once(6, claim)) == 1


def test_a_message_that_a_worker_left_is_taken_up_by_another(engine: Engine):
    waiver = add(engine)

    with engine.begin() as connection:
        assert waivers.claim_message(connection, waiver, now=NOW)
        assert not waivers.claim_message(connection, waiver, now=NOW + timedelta(minutes=1))
        assert waivers.claim_message(connection, waiver, now=NOW + CLAIM_FOR)


def test_a_message_is_stale_until_it_shows_the_state(engine: Engine):
    waiver = add(engine)

    with engine.begin() as connection:
        assert waivers.read_stale_messages(connection) == (waiver,)
        waivers.place_message(connection, waiver, AT)
        assert waivers.read_stale_messages(connection) == ()
        waivers.move(connection, waiver.id, before=WaiverState.PENDING, after=WaiverState.DENIED)
        (stale,) = waivers.read_stale_messages(connection)

    assert (stale.message, stale.state) == (AT, WaiverState.DENIED)


def test_one_worker_alone_tells_a_word(engine: Engine):
    waiver = add(engine, WaiverState.GRANTED)

    def claim(_number: int) -> bool:
        with engine.begin() as connection:
            return waivers.claim_word(connection, waiver, now=NOW)

    assert sum(at_once(6, claim)) == 1


def test_a_word_is_not_claimed_for_a_waiver_that_has_changed_in_between(engine: Engine):
    waiver = add(engine, WaiverState.GRANTED)

    with engine.begin() as connection:
        assert waivers.mark_told(connection, waiver, Told.FOURTEEN_DAYS)
        assert not waivers.claim_word(connection, waiver, now=NOW)
        assert not waivers.mark_told(connection, waiver, Told.FOURTEEN_DAYS)


def test_words_are_looked_for_only_where_one_may_be_due(engine: Engine):
    add(engine, WaiverState.PENDING, "pending", account_id=AccountId("1" * 12))
    quiet = add(engine, WaiverState.GRANTED, "quiet", account_id=AccountId("2" * 12))
    add(engine, WaiverState.GRANTED, "new", account_id=AccountId("3" * 12))
    near = add(engine, WaiverState.GRANTED, "near", account_id=LEDGER, ends_at=NOW + timedelta(days=14))
    ended = add(engine, WaiverState.ENDED, "ended", account_id=AccountId("5" * 12))
    with engine.begin() as connection:
        waivers.mark_told(connection, quiet, Told.GRANTED)
        waivers.mark_told(connection, near, Told.GRANTED)
        found = {waiver.id for waiver in waivers.read_untold(connection, now=NOW)}
        waivers.mark_told(connection, ended, Told.END)
        after = {waiver.id for waiver in waivers.read_untold(connection, now=NOW)}

    assert found == {"new", "near", "ended"}
    assert after == {"new", "near"}
