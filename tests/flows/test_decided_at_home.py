"""A decision from the home tab: as good as one in the channel, and asked about again before the write."""

from dataclasses import replace

import pytest
from building.bulks import BulkWorld
from building.values import APPROVALS, APPROVER, PAYMENTS, a_member
from building.world import World
from sqlalchemy import update

from bot.domain.bulk import BulkReport
from bot.domain.guards import Click, Refused
from bot.domain.request import RemediationRequest, RequestState
from bot.flows import ask
from bot.flows.ask import APP_HOME, Decider
from bot.store.codec import dump
from bot.store.tables import requests

NAME = "aws-support-access"


def at_home(*, shared: bool | None = False) -> Decider:
    return Decider(Click(APPROVER, "", is_shared_channel=shared, is_home=True), a_member(APPROVER), {})


def approved_at_home(world: World) -> RemediationRequest:
    request = world.approve(world.pending(), at_home())
    assert isinstance(request, RemediationRequest), request
    return request


def test_what_was_approved_at_home_is_applied(world: World):
    ended = world.fix(approved_at_home(world))

    assert ended.state is RequestState.APPLIED
    assert world.cloud.find(PAYMENTS, NAME) is not None
    details = {event["kind"]: event["detail"] for event in world.events(ended.id)}
    assert details["fix.approved"]["where"] == APP_HOME


def test_an_approval_channel_that_was_shared_since_keeps_it_from_being_written(world: World):
    request = approved_at_home(world)
    world.messenger.shared_channels.add(APPROVALS)

    ended = world.fix(request)

    assert ended.state is RequestState.REFUSED
    assert "The approval channel is shared with another company" in ended.outcome.text
    assert world.cloud.find(PAYMENTS, NAME) is None


def test_an_approval_that_names_no_place_at_all_is_not_one_of_the_home_tab(world: World):
    """Whoever could leave the place out of a row must not get round the channel with it."""
    request = approved_at_home(world)
    assert request.decision is not None
    decision = dump(replace(request.decision, is_home=False))
    with world.engine.begin() as connection:
        connection.execute(update(requests).where(requests.c.id == request.id).values(decision=decision))

    ended = world.fix(request)

    assert ended.state is RequestState.REFUSED
    assert "decided in the approval channel alone" in ended.outcome.text


@pytest.mark.parametrize("decider", [at_home(shared=True), at_home(shared=None)], ids=["is", "may be"])
def test_nothing_is_decided_at_home_while_the_approval_channel_is_or_may_be_shared(
    world: World, decider: Decider
):
    request = world.pending()

    for decide in (ask.approve, ask.deny):
        assert isinstance(decide(world.desk, request.id, decider), Refused)

    assert world.request(request.id).state is RequestState.PENDING
    assert {event["detail"].get("where") for event in world.events(request.id)[1:]} == {APP_HOME}


def test_a_bulk_request_is_approved_at_home_with_all_its_accounts(world: World):
    many = BulkWorld(world)

    report = many.approve(many.prepared(), at_home())

    assert isinstance(report, BulkReport), report
    assert {member.decision and member.decision.is_home for member in report.planned} == {True}
    assert many.fix_released(report).planned[0].state is RequestState.APPLIED
