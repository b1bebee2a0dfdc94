"""Requests: every move is one conditional write, with exactly one winner."""

from datetime import timedelta
from typing import Any

import pytest
from building.racing import at_once
from building.values import (
    APPROVALS,
    NOW,
    PAYMENTS,
    a_plan,
    a_request,
    a_target,
    an_account,
    an_approval,
)
from sqlalchemy import Engine

from bot.domain.digest import OurFix
from bot.domain.request import MOVES, MessageRef, Mode, Outcome, RemediationRequest, RequestId, RequestState
from bot.store import requests
from bot.store.claims import CLAIM_FOR

HOUR = timedelta(hours=1)
LATER = NOW + HOUR
NEW = a_request(RequestState.PREPARING, plan=None)


def add(engine: Engine, request_id: str = "fix-1", *path: RequestState, **changes: Any) -> RequestId:
    """A request that has gone along `path`."""
    request = a_request(RequestState.PREPARING, id=RequestId(request_id), plan=None, **changes)
    with engine.begin() as connection:
        requests.add_request(connection, request)
        before = RequestState.PREPARING
        for after in path:
            assert go(connection, request.id, before, after)
            before = after
    return request.id


def go(connection: Any, request_id: RequestId, before: RequestState, after: RequestState) -> bool:
    extras: dict[str, Any] = {}
    if after is RequestState.PENDING:
        extras = {"plan": a_plan(), "target": a_target(an_account())}
    if after is RequestState.APPROVED:
        extras = {"decision": an_approval()}
    return requests.move(connection, request_id, before=before, after=after, now=LATER, **extras)


def read(engine: Engine, request_id: str = "fix-1") -> RemediationRequest:
    with engine.connect() as connection:
        request = requests.read_request(connection, request_id)
    assert request is not None
    return request


PENDING = (RequestState.PENDING,)
APPROVED = (*PENDING, RequestState.APPROVED)
APPLYING = (*APPROVED, RequestState.APPLYING)
APPLIED = (*APPLYING, RequestState.APPLIED)


def test_a_request_comes_back_as_it_was_written(engine: Engine):
    add(engine)

    assert read(engine) == NEW


def test_what_a_move_brings_is_kept(engine: Engine):
    add(engine, "fix-1", *APPROVED)

    request = read(engine)
    assert request.state is RequestState.APPROVED
    assert request.plan == a_plan()
    assert request.decision == an_approval()
    assert request.decided_at == NOW
    with engine.connect() as connection:
        target = requests.read_target(connection, "fix-1")
    assert target is not None
    assert target.principals == a_target(an_account()).principals


def test_a_request_that_nobody_knows_is_none(engine: Engine):
    with engine.connect() as connection:
        assert requests.read_request(connection, "fix-0") is None
        assert requests.read_target(connection, "fix-0") is None


def test_of_many_moves_at_once_exactly_one_wins(engine: Engine):
    request_id = add(engine, "fix-1", *PENDING)

    def decide(number: int) -> bool:
        after = RequestState.APPROVED if number % 2 else RequestState.DENIED
        with engine.begin() as connection:
            return go(connection, request_id, RequestState.PENDING, after)

    assert at_once(12, decide).count(True) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_move_is_made_that_the_state_machine_does_not_know(engine: Engine):
    add(engine)
    for before in RequestState:
        for after in set(RequestState) - MOVES.get(before, frozenset()):
            with engine.begin() as connection, pytest.raises(ValueError, match="there is no move"):
                requests.move(connection, RequestId("fix-1"), before=before, after=after, now=NOW)
    assert read(engine).state is RequestState.PREPARING


def test_a_move_from_a_state_that_it_has_left_changes_nothing(engine: Engine):
    request_id = add(engine, "fix-1", *APPROVED)

    with engine.begin() as connection:
        moved = requests.move(
            connection,
            request_id,
            before=RequestState.PENDING,
            after=RequestState.DENIED,
            now=NOW,
            outcome=Outcome("denied"),
        )

    assert not moved
    assert read(engine).state is RequestState.APPROVED
    assert read(engine).outcome == Outcome()


def test_progress_is_noted_without_a_move(engine: Engine):
    request_id = add(engine, "fix-1", *APPLYING)
    outcome = Outcome(role_arn="arn", role_id="AROA1", aws_request_ids=("a", "b"))

    with engine.begin() as connection:
        requests.note_outcome(connection, request_id, outcome)

    assert (read(engine).state, read(engine).outcome) == (RequestState.APPLYING, outcome)


@pytest.mark.parametrize(
    ("path", "is_open"),
    [
        ((), True),
        (PENDING, True),
        (APPROVED, True),
        (APPLYING, True),
        (APPLIED, False),
        ((*PENDING, RequestState.DENIED), False),
        ((RequestState.REFUSED,), False),
    ],
)
def test_a_request_is_open_until_it_ends(engine: Engine, path: tuple[RequestState, ...], *, is_open: bool):
    add(engine, "fix-1", *path)

    with engine.connect() as connection:
        found = requests.read_open_for(connection, PAYMENTS)
        other = requests.read_open_for(connection, an_account("9" * 12).id)
    assert (found is not None) is is_open
    assert other is None


def test_only_what_waits_for_a_decision_runs_out(engine: Engine):
    add(engine, "fix-1", *PENDING, expires_at=NOW)
    add(engine, "fix-2", *PENDING, expires_at=NOW + HOUR)
    add(engine, "fix-3", *APPROVED, expires_at=NOW)

    with engine.connect() as connection:
        assert [r.id for r in requests.read_overdue(connection, now=NOW)] == ["fix-1"]
        assert [r.id for r in requests.read_overdue(connection, now=NOW - HOUR)] == []
        assert [r.id for r in requests.read_pending(connection)] == ["fix-1", "fix-2"]
        assert requests.count_pending(connection) == 2


def test_a_message_is_stale_until_it_shows_the_state(engine: Engine):
    request_id = add(engine, "fix-1", *PENDING)
    at = MessageRef(APPROVALS, "1.0")
    with engine.begin() as connection:
        requests.place_message(connection, request_id, at, shown_state="pending")
        assert requests.read_stale_messages(connection, now=LATER) == ()
        go(connection, request_id, RequestState.PENDING, RequestState.DENIED)

        stale = requests.read_stale_messages(connection, now=LATER)

    assert [(one.id, one.message) for one in stale] == [("fix-1", at)]


@pytest.mark.parametrize("path", [(), (RequestState.REFUSED,), APPLYING])
def test_a_request_without_a_plan_or_under_way_has_no_stale_message(
    engine: Engine, path: tuple[RequestState, ...]
):
    add(engine, "fix-1", *path)

    with engine.connect() as connection:
        assert requests.read_stale_messages(connection, now=LATER) == ()


def test_of_many_who_would_post_a_request_one_does(engine: Engine):
    request_id = add(engine, "fix-1", *PENDING)

    def claim(_: int) -> bool:
        with engine.begin() as connection:
            return requests.claim_message(connection, request_id, now=LATER)

    assert at_once(6, claim).count(True) == 1
    with engine.begin() as connection:
        assert requests.read_stale_messages(connection, now=LATER) == ()
        assert read(engine).message is None


def test_a_post_that_failed_may_be_tried_again_at_once(engine: Engine):
    request_id = add(engine, "fix-1", *PENDING)
    with engine.begin() as connection:
        requests.claim_message(connection, request_id, now=LATER)

        requests.release_message(connection, request_id)

        assert len(requests.read_stale_messages(connection, now=LATER)) == 1
        assert requests.claim_message(connection, request_id, now=LATER)


def test_a_post_that_never_came_back_is_taken_over_after_a_while(engine: Engine):
    request_id = add(engine, "fix-1", *PENDING)
    with engine.begin() as connection:
        requests.claim_message(connection, request_id, now=LATER)
        soon, late = LATER + timedelta(seconds=30), LATER + CLAIM_FOR

        assert not requests.claim_message(connection, request_id, now=soon)
        assert len(requests.read_stale_messages(connection, now=late)) == 1
        assert requests.claim_message(connection, request_id, now=late)
        assert not requests.claim_message(connection, request_id, now=late)


@pytest.mark.parametrize(
    ("path", "mode", "counts"),
    [
        (APPROVED, Mode.APPLY, True),
        (APPLYING, Mode.APPLY, True),
        (APPLIED, Mode.APPLY, True),
        ((*APPLYING, RequestState.APPLIED_UNVERIFIED), Mode.APPLY, True),
        ((*APPLIED, RequestState.UNDONE), Mode.APPLY, True),
        ((*APPLYING, RequestState.FAILED), Mode.APPLY, False),
        ((*APPLYING, RequestState.REHEARSED), Mode.DRY_RUN, False),
        (APPLYING, Mode.DRY_RUN, False),
        (PENDING, Mode.APPLY, False),
    ],
)
def test_what_was_or_may_be_changed_counts_against_the_limit(
    engine: Engine, path: tuple[RequestState, ...], mode: Mode, *, counts: bool
):
    add(engine, "fix-1", *path, mode=mode)

    with engine.connect() as connection:
        others = requests.count_changes(connection, since=LATER - HOUR, besides=RequestId("fix-2"))
        own = requests.count_changes(connection, since=LATER - HOUR, besides=RequestId("fix-1"))
    assert (others, own) == (int(counts), 0)


@pytest.mark.parametrize("end", [RequestState.FAILED, RequestState.REFUSED, RequestState.EXPIRED])
def test_a_fix_that_came_to_nothing_counts_when_it_left_something_behind(engine: Engine, end: RequestState):
    add(engine, "fix-1", *APPLYING)
    left = Outcome("AttachRolePolicy: AccessDenied", left_behind="the role is there")
    with engine.begin() as connection:
        requests.move(
            connection,
            RequestId("fix-1"),
            before=RequestState.APPLYING,
            after=end,
            now=LATER,
            outcome=left,
        )

        assert requests.count_changes(connection, since=LATER, besides=RequestId("fix-2")) == 1


def test_a_change_of_longer_ago_no_longer_counts(engine: Engine):
    add(engine, "fix-1", *APPLIED)

    with engine.connect() as connection:
        after = LATER + timedelta(seconds=1)
        assert requests.count_changes(connection, since=after, besides=RequestId("fix-2")) == 0


def test_our_fixes_are_the_newest_of_each_account_with_their_approver(engine: Engine):
    add(engine, "fix-1", *APPLIED)
    add(engine, "fix-2", *APPLYING)
    add(engine, "fix-3", *APPLIED, RequestState.UNDONE)

    with engine.connect() as connection:
        assert requests.read_our_fixes(connection) == (OurFix(PAYMENTS, "U0APPROVER", LATER),)
