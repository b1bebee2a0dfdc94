"""The states of a request, and who is the same person."""

import pytest
from building.values import a_request

from bot.domain.request import MOVES, ApplyProgress, ApplyStep, Person, RequestState, StepState

FINAL = {
    RequestState.REHEARSED,
    RequestState.FAILED,
    RequestState.DENIED,
    RequestState.EXPIRED,
    RequestState.SKIPPED,
    RequestState.REFUSED,
    RequestState.SUPERSEDED,
    RequestState.ALREADY_FIXED,
    RequestState.UNDONE,
}


def reachable(state: RequestState) -> set[RequestState]:
    seen: set[RequestState] = set()
    todo = [state]
    while todo:
        for after in MOVES.get(todo.pop(), frozenset()):
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def test_every_state_can_be_reached_and_the_final_ones_never_left():
    assert reachable(RequestState.PREPARING) | {RequestState.PREPARING} == set(RequestState)
    assert set(RequestState) - set(MOVES) == FINAL


def test_nothing_is_applied_that_was_not_approved():
    before_approval = {state for state, after in MOVES.items() if RequestState.APPROVED in after}

    assert before_approval == {RequestState.PENDING}
    assert {state for state, after in MOVES.items() if RequestState.APPLYING in after} == {
        RequestState.APPROVED
    }
    for applied in (RequestState.APPLIED, RequestState.REHEARSED):
        sources = {state for state, after in MOVES.items() if applied in after}
        assert sources <= {RequestState.APPLYING, RequestState.APPLIED_UNVERIFIED}


@pytest.mark.parametrize(
    ("one", "other", "same", "may_be"),
    [
        (Person("T1", "U1"), Person("T1", "U1"), True, True),
        (Person("T1", "U1"), Person("T1", "U2"), False, False),
        (Person("T1", "U1"), Person("T2", "U1"), False, False),
        (Person("T1", "U1", "E1"), Person("T2", "U1", "E1"), True, True),
        (Person("T1", "U1", "E1"), Person("T1", "U1", "E2"), True, True),
        (Person("T1", "U1", "E1"), Person("T2", "U1", "E2"), False, False),
        (Person("T1", "U1", "E1"), Person("T1", "U2", "E1"), False, False),
        (Person("T1", "U1", "E1"), Person("T1", "U1"), True, True),
        (Person("T1", "U1", "E1"), Person("T2", "U1"), False, True),
        (Person("T1", "U1", "E1"), Person("T2", "U2"), False, False),
    ],
)
def test_a_person_is_known_by_ids_within_their_enterprise_or_team(
    one: Person, other: Person, *, same: bool, may_be: bool
):
    assert one.is_same_as(other) is other.is_same_as(one) is same
    assert one.may_be(other) is other.may_be(one) is may_be


def test_a_label_names_the_account_as_well_as_it_can():
    assert a_request().label == "payments (111122223333)"
    assert a_request(account_name="").label == "111122223333"


def test_steps_before_the_current_one_are_complete_and_later_ones_pending():
    progress = ApplyProgress(ApplyStep.ATTACH)

    assert [progress.state_of(step) for step in ApplyStep] == [
        StepState.COMPLETE,
        StepState.COMPLETE,
        StepState.COMPLETE,
        StepState.IN_PROGRESS,
        StepState.PENDING,
        StepState.PENDING,
    ]


def test_a_step_that_failed_is_an_error():
    assert ApplyProgress(ApplyStep.CREATE, failed=True).state_of(ApplyStep.CREATE) is StepState.ERROR
