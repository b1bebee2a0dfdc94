"""Preparing a request: what is asked of the approvers, and what is not."""

from typing import Any

import pytest
from building.racing import at_once
from building.values import APPROVALS, PAYMENTS, an_account
from building.world import World
from dbos import DBOS

from bot.domain.account import AccountState
from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.finding import Verdict
from bot.domain.request import RemediationRequest, RequestState
from bot.flows.prepare import Preparer
from bot.store import findings, operations

NAME = "aws-support-access"


def test_a_failing_account_is_put_before_the_approvers(world: World):
    request = world.pending()

    assert request.plan is not None
    assert request.plan.account_id == PAYMENTS
    assert world.shown_request().request.plan == request.plan
    assert world.shown_request().request.state is RequestState.PENDING
    assert world.request(request.id).message is not None
    assert world.told() == []


def pause(world: World) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock())


def delete_principals(world: World) -> None:
    world.cloud.gone_principals.update(an_account().trusted_principals)


def suspend(world: World) -> None:
    world.cloud.accounts = {PAYMENTS: an_account(state=AccountState.SUSPENDED)}
    world.read_inventory()


UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "AssumeRole: AccessDenied", "Deploy the scan role.")


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (lambda w: w.cloud.add_role(an_account()), RequestState.ALREADY_FIXED, "has a support role already"),
        (lambda w: w.cloud.add_role(an_account(), NAME, policies=[]), RequestState.REFUSED, "not made by"),
        (delete_principals, RequestState.REFUSED, "does not exist"),
        (lambda w: w.cloud.unreadable.update({PAYMENTS: UNREADABLE}), RequestState.REFUSED, "AssumeRole"),
        (lambda w: w.cloud.faults.update(ReadTarget=AwsError("away", "x")), RequestState.FAILED, "away"),
        (lambda w: w.cloud.faults.update(Reach=AwsError("no caller", "x")), RequestState.FAILED, "no caller"),
        (lambda w: (w.cloud.accounts.clear(), w.read_inventory()), RequestState.REFUSED, "in scope"),
        (suspend, RequestState.REFUSED, "SUSPENDED"),
        (pause, RequestState.REFUSED, "paused"),
    ],
)
def test_what_could_never_be_approved_is_asked_of_nobody(
    world: World, change: Any, state: RequestState, words: str
):
    request = world.ask()
    change(world)

    ended = world.prepare(request)

    assert ended.state is state
    assert words in ended.outcome.text
    assert world.messenger.shown(APPROVALS) == []
    assert words in world.told()[0]
    assert world.told()[0].startswith("U0ASKER: No fix of payments (111122223333) was started.")
    assert len(world.kinds(ended.id)) == 2


@pytest.mark.parametrize("may_trust_root", [True, False])
def test_a_whole_account_is_trusted_only_where_settings_say_that_it_may_be(
    world: World, *, may_trust_root: bool
):
    root = f"arn:aws:iam::{PAYMENTS}:root"
    account = an_account(trusted_principals=(root,), may_trust_root=may_trust_root)
    world.cloud.accounts = {PAYMENTS: account}

    request = world.prepare(world.ask())

    expected = RequestState.PENDING if may_trust_root else RequestState.REFUSED
    assert request.state is expected
    if may_trust_root:
        assert request.plan is not None
        assert root in request.plan.trust
        approved = world.approve(request)
        assert isinstance(approved, RemediationRequest)
        assert world.fix(approved).state is RequestState.APPLIED


def test_what_was_read_is_known_at_once(world: World):
    world.pending()

    with world.engine.connect() as connection:
        known = findings.read_finding(connection, PAYMENTS)
    assert known is not None
    assert known.finding.verdict is Verdict.FAIL


def test_preparing_twice_asks_once(world: World):
    request = world.pending()

    world.prepare(request)

    assert len(world.messenger.shown(APPROVALS)) == 1
    assert world.kinds(request.id) == ["fix.requested"]


def test_a_request_is_posted_once_though_the_upkeep_looks_at_the_same_moment(world: World):
    request = world.ask()
    assert isinstance(request, RemediationRequest)
    preparer, upkeep = Preparer(world.parts), world.upkeep()
    preparer.prepare(request.id)

    at_once(6, lambda number: upkeep.show_requests() if number % 2 else preparer.announce(request.id))

    assert len(world.messenger.shown(APPROVALS)) == 1


def test_while_slack_is_down_a_request_waits_and_is_shown_later(world: World):
    request = world.ask()
    assert isinstance(request, RemediationRequest)
    Preparer(world.parts).prepare(request.id)
    world.messenger.down = "internal_error"
    world.upkeep().show_requests()
    assert world.messenger.messages == {}

    world.messenger.down = ""
    world.upkeep().show_requests()

    assert world.shown_request().request.id == request.id


def test_a_plan_is_made_from_settings_of_now_and_can_be_approved(world: World):
    other = f"arn:aws:iam::{PAYMENTS}:role/Other"
    world.cloud.accounts = {PAYMENTS: an_account(trusted_principals=(other,))}

    ended = world.fix(world.approved())

    role = world.cloud.find(PAYMENTS, NAME)
    assert ended.state is RequestState.APPLIED
    assert role is not None
    assert other in role.trust


def test_the_queue_does_the_same(working_world: World):
    world = working_world
    request = world.ask()
    assert isinstance(request, RemediationRequest)

    world.wait()
    assert world.request(request.id).state is RequestState.PENDING
    world.approve(request)
    world.wait()

    assert world.request(request.id).state is RequestState.APPLIED
    assert world.shown_request().request.state is RequestState.APPLIED
    assert world.kinds(request.id)[-1] == "change.verified"


def test_a_fault_that_nobody_foresaw_ends_the_request_so_that_it_can_be_asked_again(world: World):
    def fail() -> None:
        raise ZeroDivisionError

    world.cloud.before["ReadTarget"] = fail
    world.start()
    request = world.ask()
    assert isinstance(request, RemediationRequest)

    world.wait()

    ended = world.request(request.id)
    assert ended.state is RequestState.FAILED
    assert "fault of this bot" in ended.outcome.text
    assert world.told()[0].startswith("U0ASKER: No fix of payments")
    assert isinstance(world.ask(), RemediationRequest)
    assert DBOS.list_workflows(status="ERROR") == []
