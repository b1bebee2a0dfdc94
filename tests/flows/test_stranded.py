"""What is under way and has no workflow any more is begun anew, once, and comes to its end."""

import pytest
from building.databases import ON_BOTH
from building.racing import at_once
from building.values import PAYMENTS
from building.world import World
from dbos import DBOS

from bot.domain.request import Ending, Outcome, RemediationRequest, RequestState
from bot.flows.remediate import Run
from bot.flows.stranded import restart_stranded
from bot.store import requests

CALLS = [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]


@pytest.fixture
def stranded(world: World, monkeypatch: pytest.MonkeyPatch) -> RemediationRequest:
    """A fix whose workflow has ended after the role was created, and the fix has not."""

    def be_gone(*_: object) -> None:
        raise RuntimeError("the database was away for too long")

    request = world.approved()
    with monkeypatch.context() as patch:
        patch.setattr(Run, "attach", be_gone)
        patch.setattr(Run, "stop_on_fault", be_gone)
        world.start()
        world.wait()
    assert world.request(request.id).state is RequestState.APPLYING
    return request


def workflows(request: RemediationRequest) -> int:
    return len(DBOS.list_workflows(workflow_id_prefix=f"remediate:{request.id}"))


@ON_BOTH
def test_a_fix_that_nobody_works_at_is_begun_anew_by_one(world: World, stranded: RemediationRequest):
    at_once(3, lambda _: restart_stranded(world.desk))
    world.wait()

    assert world.request(stranded.id).state is RequestState.APPLIED
    assert world.cloud.calls == CALLS
    assert workflows(stranded) == 2


@ON_BOTH
def test_an_end_that_was_decided_and_not_carried_out_is(world: World, stranded: RemediationRequest):
    with world.engine.begin() as connection:
        decided = Ending(RequestState.REFUSED, Outcome("Fixes are paused by an administrator."))
        assert requests.decide_ending(connection, stranded.id, decided)

    restart_stranded(world.desk)
    world.wait()

    ended = world.request(stranded.id)
    assert ended.state is RequestState.REFUSED
    assert ended.outcome.text.endswith("The role that it had created was deleted again.")
    assert world.cloud.roles[PAYMENTS] == []
    assert len(world.told()) == 1


def test_what_somebody_works_at_or_has_ended_is_left_alone(world: World):
    request = world.approved()
    world.start()
    restart_stranded(world.desk)
    world.wait()

    restart_stranded(world.desk)

    assert world.request(request.id).state is RequestState.APPLIED
    assert workflows(request) == 1


@pytest.mark.parametrize("is_decided", [True, False])
def test_what_comes_to_no_end_however_often_it_is_begun_is_given_up_and_keeps_nobody_out(
    world: World, stranded: RemediationRequest, monkeypatch: pytest.MonkeyPatch, *, is_decided: bool
):
    monkeypatch.setattr("bot.flows.stranded.TIMES", 0)
    if is_decided:
        with world.engine.begin() as connection:
            requests.decide_ending(connection, stranded.id, Ending(RequestState.REFUSED, Outcome("Paused.")))

    restart_stranded(world.desk)
    restart_stranded(world.desk)

    ended = world.request(stranded.id)
    assert ended.state is RequestState.FAILED
    assert "is not known" in ended.outcome.left_behind
    assert world.kinds(stranded.id).count("change.failed") == 1
    assert workflows(stranded) == 1
    assert isinstance(world.ask(), RemediationRequest)
