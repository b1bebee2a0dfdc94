"""An ending that is decided before it is carried out: once, by one, and nothing else comes of the request."""

import pytest
from building.racing import at_once
from building.values import NOW, a_plan, a_request, an_approval
from sqlalchemy import Engine

from bot.domain.request import Ending, Outcome, RequestId, RequestState
from bot.store import requests

ID = RequestId("fix-1")
REFUSED = Ending(RequestState.REFUSED, Outcome("Fixes are paused.", "Wait."))


@pytest.fixture
def running(engine: Engine) -> Engine:
    """A fix that is being applied."""
    with engine.begin() as connection:
        requests.add_request(connection, a_request(RequestState.APPROVED, id=ID, plan=None))
        requests.move(
            connection,
            ID,
            before=RequestState.APPROVED,
            after=RequestState.APPLYING,
            now=NOW,
            plan=a_plan(),
            decision=an_approval(),
        )
    return engine


def decide(engine: Engine, ending: Ending = REFUSED) -> bool:
    with engine.begin() as connection:
        return requests.decide_ending(connection, ID, ending)


def end(engine: Engine, after: RequestState, *, is_decided: bool = False) -> bool:
    with engine.begin() as connection:
        before = RequestState.APPLYING
        return requests.move(
            connection, ID, before=before, after=after, now=NOW, outcome=Outcome(), is_decided=is_decided
        )


def state(engine: Engine) -> RequestState:
    with engine.connect() as connection:
        request = requests.read_request(connection, ID)
    assert request is not None
    return request.state


def test_of_many_who_would_decide_one_does(running: Engine):
    assert at_once(6, lambda _: decide(running)).count(True) == 1


def test_what_is_decided_can_be_read(running: Engine):
    decide(running)

    with running.connect() as connection:
        request = requests.read_request(connection, ID)
        assert not requests.is_running(connection, ID)
    assert request is not None
    assert request.ending == REFUSED


@pytest.mark.parametrize("after", [RequestState.APPLIED, RequestState.FAILED, RequestState.REFUSED])
def test_once_it_is_decided_only_who_carries_that_out_ends_the_request(running: Engine, after: RequestState):
    decide(running)

    assert not end(running, after)
    assert state(running) is RequestState.APPLYING
    assert end(running, RequestState.REFUSED, is_decided=True)


def test_nobody_carries_out_what_nobody_has_decided(running: Engine):
    assert not end(running, RequestState.REFUSED, is_decided=True)
    assert end(running, RequestState.APPLIED)


def test_nothing_is_decided_about_what_has_ended(running: Engine):
    end(running, RequestState.APPLIED)

    assert not decide(running)


def test_what_is_noted_after_it_was_decided_is_not_kept(running: Engine):
    with running.begin() as connection:
        assert requests.note_outcome(connection, ID, Outcome(role_id="AROA1"))
    decide(running)

    with running.begin() as connection:
        assert not requests.note_outcome(connection, ID, Outcome(role_id="AROA2"))
        request = requests.read_request(connection, ID)
    assert request is not None
    assert request.outcome.role_id == "AROA1"


@pytest.mark.parametrize("winner", ["applied", "decided"])
def test_of_an_end_and_a_decision_at_once_one_wins(running: Engine, winner: str):
    def race(number: int) -> bool:
        is_end = (number % 2 == 0) is (winner == "applied")
        return end(running, RequestState.APPLIED) if is_end else decide(running)

    assert at_once(6, race).count(True) == 1
