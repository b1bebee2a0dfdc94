"""Deciding: who wins, who is refused and how they hear of it, and what a click can never change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from adapters.clock import FakeClock
from building.values import NOW

from bot.domain.account import AccountState
from bot.domain.request import RequestState
from bot.sandbox.slack import ANA, APPROVALS, CLOUD_SECURITY, EVE, GUS, PARTNERS, PRIYA, RILEY, SAM
from bot.slack.ids import ActionId
from tests.slack.listeners.workplace import PAYMENTS, Workplace, a_workplace, ask, pause

SUSPENDED = replace(PAYMENTS, state=AccountState.SUSPENDED)
Act = Callable[[Workplace], object]


@pytest.fixture
def asked(work: Workplace) -> Workplace:
    work.change(ask)
    return work


def decide(work: Workplace, action: str = ActionId.REQUEST_APPROVE, by: str = ANA, **more: Any) -> None:
    work.press(action, "fix-1", by=by, **{"channel": APPROVALS, **more})


def assert_refused(work: Workplace, who: str, guard: str, why: str) -> None:
    """Told privately, on record once, and nothing else has happened."""
    (told,) = work.told_to(who)
    assert why in told
    (event,) = work.events()
    assert (event["kind"], dict(event["detail"])["guard"]) == ("fix.refused", guard)
    assert event["actor"].endswith(f"/{who}")
    assert why in event["outcome"]
    assert work.request().state is RequestState.PENDING
    assert work.request().decision is None
    assert work.enqueued() == []


def test_a_second_person_approves_and_the_worker_is_told_in_the_same_transaction(asked: Workplace):
    decide(asked)

    request = asked.request()
    assert request.state is RequestState.APPROVED
    assert request.decision is not None
    assert request.decision.person.user_id == ANA
    assert request.plan is not None
    assert request.decision.plan_hash == request.plan.hash
    assert asked.kinds() == ["fix.approved"]
    assert asked.enqueued() == ["remediate"]
    assert asked.told_to(ANA) == []


def test_any_member_in_the_approval_channel_may_deny(asked: Workplace):
    decide(asked, ActionId.REQUEST_DENY, by=PRIYA)

    assert asked.request().state is RequestState.DENIED
    assert asked.kinds() == ["fix.denied"]
    assert asked.enqueued() == []


def test_whoever_asked_may_take_it_back(asked: Workplace):
    decide(asked, ActionId.REQUEST_DENY, by=RILEY)

    assert asked.request().state is RequestState.DENIED


@pytest.mark.parametrize(
    ("by", "channel", "guard", "why"),
    [
        (RILEY, APPROVALS, "not_the_requester", "You asked for this fix; a second person must approve it."),
        (PRIYA, APPROVALS, "approver_allowed", "You are not an approver."),
        (GUS, APPROVALS, "actor_is_a_member", "Guests cannot decide."),
        (EVE, APPROVALS, "actor_is_a_member", "People from other workspaces cannot decide."),
        (ANA, CLOUD_SECURITY, "workspace_and_channel", "Fixes are decided in the approval channel alone."),
    ],
)
def test_who_may_not_approve_is_told_why(asked: Workplace, by: str, channel: str, guard: str, why: str):
    decide(asked, by=by, channel=channel)

    assert_refused(asked, by, guard, why)


@pytest.mark.parametrize(
    ("by", "channel", "guard", "why"),
    [
        (GUS, APPROVALS, "actor_is_a_member", "Guests cannot decide."),
        (EVE, APPROVALS, "actor_is_a_member", "People from other workspaces cannot decide."),
        (ANA, CLOUD_SECURITY, "workspace_and_channel", "Fixes are decided in the approval channel alone."),
    ],
)
def test_who_may_not_even_deny_is_told_why(asked: Workplace, by: str, channel: str, guard: str, why: str):
    decide(asked, ActionId.REQUEST_DENY, by=by, channel=channel)

    assert_refused(asked, by, guard, why)


def test_an_approval_from_another_workspace_is_refused(asked: Workplace):
    decide(asked, team="T0ELSEWHERE")

    assert_refused(asked, ANA, "workspace_and_channel", "This workspace is not one that may approve.")


def test_an_approval_without_a_channel_is_refused(asked: Workplace):
    """A button in a modal or on the home tab has none."""
    body = asked.pressed(ActionId.REQUEST_APPROVE, "fix-1", by=ANA, channel=APPROVALS)
    del body["channel"], body["message"], body["response_url"]

    asked.send(body)

    assert_refused(asked, ANA, "workspace_and_channel", "Fixes are decided in the approval channel alone.")


def test_nothing_is_approved_in_a_channel_shared_with_another_company():
    with a_workplace(approval_channel=PARTNERS) as work:
        work.change(ask)

        decide(work, channel=PARTNERS)

        assert_refused(work, ANA, "workspace_and_channel", "shared with another company (Slack Connect)")


@pytest.mark.parametrize(
    ("method", "guard", "why"),
    [
        (
            "conversations.info",
            "workspace_and_channel",
            "Whether this channel is shared with another company could not be read.",
        ),
        ("users.info", "actor_is_a_member", "Slack could not say who you are just now."),
        (
            "usergroups.users.list",
            "approver_allowed",
            "The members of an approver group could not be read from Slack",
        ),
    ],
)
def test_what_cannot_be_looked_up_refuses(asked: Workplace, method: str, guard: str, why: str):
    asked.fail_next(method, "internal_error")

    decide(asked)

    assert_refused(asked, ANA, guard, why)


def test_while_nobody_is_an_approver_nobody_approves():
    with a_workplace(approver_groups=frozenset()) as work:
        work.change(ask)

        decide(work)

        assert_refused(work, ANA, "approver_allowed", "Nobody may approve: no approvers are configured.")


@pytest.mark.parametrize(
    ("before", "guard", "why"),
    [
        (lambda work: work.change(pause), "remediation_enabled", "Fixes are paused by an administrator."),
        (
            lambda work: work.change(lambda c: ask(c, expires_at=NOW - timedelta(seconds=1))),
            "not_expired",
            "This request has expired.",
        ),
        (
            lambda work: work.change(lambda c: ask(c, account=SUSPENDED)),
            "account_in_scope",
            "payments (111122223333) is SUSPENDED",
        ),
    ],
    ids=["paused", "expired", "suspended"],
)
def test_what_has_changed_since_refuses(work: Workplace, before: Act, guard: str, why: str):
    before(work)
    if not work.all_requests():
        work.change(ask)

    decide(work)

    assert_refused(work, ANA, guard, why)


def test_time_that_passes_between_the_question_and_the_click_refuses():
    clock = FakeClock()
    with a_workplace(clock=clock) as work:
        work.change(ask)
        clock.move(hours=2)

        decide(work)

        assert_refused(work, ANA, "not_expired", "This request has expired.")


def test_whoever_comes_second_is_told_who_was_first(asked: Workplace):
    decide(asked, by=ANA)

    decide(asked, ActionId.REQUEST_DENY, by=SAM)

    assert f"This request is already approved by <@{ANA}>; it starts in a moment." in asked.told_to(SAM)[0]
    assert asked.request().state is RequestState.APPROVED
    assert asked.kinds() == ["fix.approved", "fix.refused"]


def test_of_two_clicks_at_once_one_wins(asked: Workplace):
    clicks = [
        asked.pressed(action, "fix-1", by=by, channel=APPROVALS)
        for action, by in ((ActionId.REQUEST_APPROVE, ANA), (ActionId.REQUEST_DENY, SAM)) * 2
    ]

    for click in clicks:
        asked.dispatch(click)
    asked.settle()

    assert asked.request().state in {RequestState.APPROVED, RequestState.DENIED}
    assert len(asked.told_to(ANA) + asked.told_to(SAM)) == 3
    assert sorted(asked.kinds())[1:] == ["fix.refused"] * 3
    assert len(asked.enqueued()) == (asked.request().state is RequestState.APPROVED)


def test_the_same_delivery_twice_is_one_click(asked: Workplace):
    click = asked.pressed(ActionId.REQUEST_APPROVE, "fix-1", by=PRIYA, channel=APPROVALS)

    asked.send(click)
    asked.send(click)

    assert_refused(asked, PRIYA, "approver_allowed", "You are not an approver.")


def test_the_same_delivery_twice_at_once_is_one_click(asked: Workplace):
    click = asked.pressed(ActionId.REQUEST_APPROVE, "fix-1", by=PRIYA, channel=APPROVALS)

    for _ in range(4):
        asked.dispatch(click)
    asked.settle()

    assert_refused(asked, PRIYA, "approver_allowed", "You are not an approver.")


def test_a_message_that_was_tampered_with_changes_nothing(asked: Workplace):
    """Whatever the message says of state, plan or people: only the id of the button is looked up."""
    lies = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"Asked by <@{SAM}>, already denied"}},
        {"type": "actions", "elements": [{"type": "button", "action_id": "request.approve", "value": "x"}]},
    ]

    decide(asked, by=RILEY, text="Approved by an administrator. Plan 000000000000", blocks=lies)

    assert_refused(asked, RILEY, "not_the_requester", "You asked for this fix")


def test_a_request_that_nobody_knows_is_said_to_be_unknown(asked: Workplace):
    asked.press(ActionId.REQUEST_APPROVE, "fix-made-up", by=ANA, channel=APPROVALS)

    assert "This request is not known here." in asked.told_to(ANA)[0]
    assert asked.request().state is RequestState.PENDING


def test_the_plan_is_shown_whole_to_a_member(asked: Workplace):
    decide(asked, ActionId.REQUEST_PLAN)

    modal, plan = asked.modal_of(ANA), asked.request().plan
    assert modal is not None
    assert plan is not None
    assert plan.hash in modal.words
    assert "arn:aws:iam::111122223333:role/Responder" in modal.words
    assert asked.request().state is RequestState.PENDING


def test_the_plan_of_an_unknown_request_is_said_to_be_unknown(work: Workplace):
    work.press(ActionId.REQUEST_PLAN, "fix-made-up", by=ANA, channel=APPROVALS)

    modal = work.modal_of(ANA)
    assert modal is not None
    assert "This request is not known here any more." in modal.words
