"""What a bulk request does next, what of it is approved, and which plans say the same."""

from dataclasses import replace

import pytest
from building.bulk_values import a_bulk, a_member, a_report
from building.values import NOW, a_plan, an_account

from bot.domain.bulk import (
    BULK_MOVES,
    ENDED_WELL,
    BulkReport,
    BulkState,
    Finish,
    Halt,
    Release,
    Wait,
    next_move,
    result_of,
)
from bot.domain.bulk_plans import PLACEHOLDER, shapes_of
from bot.domain.request import Mode, RequestState

S = RequestState
RUNNING = BulkState.RUNNING


def move_of(
    *states: RequestState, released: int, wave: int = 2, free: int = 100, **changes: object
) -> object:
    report = a_report(*states, state=RUNNING, released=released, wave_size=wave, **changes)
    found = next_move(report, free_changes=free, limit=10, now=NOW)
    return [member.account_name for member in found.members] if isinstance(found, Release) else found


def test_the_canary_goes_alone_whatever_the_wave():
    assert move_of(S.APPROVED, S.APPROVED, S.APPROVED, released=0, wave=20) == ["account 1"]


def test_nothing_is_let_go_while_something_is_under_way():
    assert move_of(S.APPLYING, S.APPROVED, released=1) == Wait()
    assert move_of(S.APPROVED, S.APPROVED, released=1) == Wait()
    assert move_of(S.APPLIED, S.APPLIED, S.APPLYING, S.APPROVED, released=3) == Wait()


def test_after_the_canary_a_wave_at_a_time():
    assert move_of(S.APPLIED, S.APPROVED, S.APPROVED, S.APPROVED, released=1) == ["account 2", "account 3"]
    assert move_of(S.APPLIED, S.APPLIED, S.APPLIED, S.APPROVED, released=3) == ["account 4"]


@pytest.mark.parametrize(
    "state", sorted(set(RequestState) - ENDED_WELL - {S.APPROVED, S.APPLYING, S.SKIPPED})
)
def test_every_other_end_of_one_stops_the_rest(state: RequestState):
    found = move_of(S.APPLIED, state, S.APPROVED, released=2)

    assert isinstance(found, Halt)
    assert f"account 2 (000000000002), which ended as {state.value}" in found.why.text


def test_the_first_failure_stops_it_even_while_its_wave_is_under_way():
    assert isinstance(move_of(S.APPLIED, S.FAILED, S.APPLYING, S.APPROVED, released=3), Halt)


def test_it_has_come_to_its_end_when_all_are_done():
    assert move_of(S.APPLIED, S.APPLIED, released=2) == Finish()
    assert move_of(S.REHEARSED, S.REHEARSED, released=2) == Finish()


@pytest.mark.parametrize(("free", "names"), [(1, ["account 2"]), (2, ["account 2", "account 3"])])
def test_a_wave_is_never_larger_than_the_hourly_limit_allows(free: int, names: list[str]):
    assert move_of(S.APPLIED, S.APPROVED, S.APPROVED, S.APPROVED, released=1, wave=5, free=free) == names


def test_where_the_hourly_limit_allows_nothing_it_waits_and_says_so():
    found = move_of(S.APPLIED, S.APPROVED, released=1, free=0)

    assert isinstance(found, Wait)
    assert "10 accounts were changed in the last hour" in found.why


def test_a_dry_run_is_not_held_up_by_what_it_does_not_change():
    found = move_of(S.REHEARSED, S.APPROVED, S.APPROVED, released=1, free=1, mode=Mode.DRY_RUN)

    assert found == ["account 2", "account 3"]


def test_when_its_approval_has_run_out_nothing_more_is_let_go():
    assert isinstance(move_of(S.APPLIED, S.APPROVED, released=1, expires_at=NOW), Halt)


def test_what_was_left_out_is_neither_let_go_nor_counted():
    out = a_member(1, S.REFUSED, plan=None)
    report = BulkReport(a_bulk(RUNNING), (out, a_member(2, S.APPROVED), a_member(3, S.APPROVED)))

    assert report.canary == report.members[1]
    assert report.left_out == (out,)
    assert next_move(report, free_changes=9, limit=9, now=NOW) == Release((report.members[1],))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((S.APPLIED, S.APPLIED), "2 of 2 accounts were fixed."),
        ((S.APPLIED,), "1 of 1 account was fixed."),
        (
            (S.APPLIED, S.FAILED, S.SKIPPED),
            "1 of 3 accounts were fixed, 1 did not succeed, 1 was not attempted.",
        ),
        (
            (S.APPLIED, S.APPLYING, S.APPROVED, S.SKIPPED, S.SKIPPED),
            "1 of 5 accounts were fixed, 2 not ended yet, 2 were not attempted.",
        ),
        ((S.REHEARSED, S.REFUSED), "1 of 2 accounts were rehearsed, 1 did not succeed."),
    ],
)
def test_the_result_counts_every_account(states: tuple[RequestState, ...], said: str):
    assert result_of(a_report(*states)) == said


def test_the_hash_is_over_every_plan_their_order_and_the_size_of_a_wave():
    report = a_report(S.PENDING, S.PENDING)
    first, second = report.members
    other = replace(second, plan=a_plan(an_account("000000000002"), max_session_seconds=7200))
    changed = [
        replace(report, members=(second, first)),
        replace(report, members=(first,)),
        replace(report, members=(first, other)),
        replace(report, bulk=replace(report.bulk, wave_size=5)),
    ]

    assert len({each.plans_hash for each in [report, *changed]}) == 5


def test_every_state_of_a_bulk_request_can_be_reached():
    reached = {BulkState.PREPARING} | {after for afters in BULK_MOVES.values() for after in afters}

    assert reached == set(BulkState)


def test_nothing_runs_that_was_not_pending():
    assert [before for before, afters in BULK_MOVES.items() if RUNNING in afters] == [BulkState.PENDING]


# --- plans ---------------------------------------------------------------------------------------------


def test_plans_that_differ_in_the_accounts_id_alone_are_of_one_shape():
    plans = [a_plan(an_account(f"{number:012d}")) for number in range(1, 4)]

    (shape,) = shapes_of(plans)

    assert shape.account_ids == ("000000000001", "000000000002", "000000000003")
    assert f"arn:aws:iam::{PLACEHOLDER}:role/Responder" in shape.plan.trust
    assert [shape.plan.trust.replace(PLACEHOLDER, plan.account_id) for plan in plans] == [
        p.trust for p in plans
    ]
    assert shape.plan.role_arn == f"arn:aws:iam::{PLACEHOLDER}:role/aws-support-access"


def test_any_other_difference_is_another_shape():
    plain = a_plan(an_account("000000000001"))
    foreign = an_account("000000000002", trusted_principals=("arn:aws:iam::000000000001:role/Responder",))
    others = [
        a_plan(foreign),
        a_plan(an_account("000000000003"), max_session_seconds=7200),
        a_plan(an_account("000000000004"), role_name="other"),
        a_plan(an_account("000000000005"), permissions_boundary="arn:aws:iam::000000000005:policy/b"),
    ]

    assert len(shapes_of([plain, *others])) == 5
