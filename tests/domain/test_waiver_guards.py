"""The guards of a waiver: who may grant, deny and revoke one, and what does not stand in its way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from building.values import (
    APPROVALS,
    APPROVER,
    ASKER,
    NOW,
    PAYMENTS,
    TEAM,
    a_member,
    a_policy,
    an_account,
)
from building.waivers import CLOSED, OWNER, a_waiver

from bot.domain.account import AccountState
from bot.domain.freeze import FreezeWindow
from bot.domain.guards import Click, Refused, first_refusal
from bot.domain.request import Mode, Person
from bot.domain.waiver import WaiverState
from bot.domain.waiver_guards import (
    WAIVER_AT_DENIAL,
    WAIVER_AT_GRANT,
    WAIVER_AT_REQUEST,
    WAIVER_AT_REVOCATION,
    WaiverContext,
)

STRANGER = Person(TEAM, "U0STRANGER")


def a_context(by: Person = APPROVER, channel: str = APPROVALS, **changes: Any) -> WaiverContext:
    context = WaiverContext(
        now=NOW,
        policy=a_policy(),
        waiver=a_waiver(WaiverState.PENDING),
        click=Click(by, channel, is_shared_channel=False),
        clicker=a_member(by),
        account=an_account(),
    )
    return replace(context, **changes)


def refusal(rules: Any, context: WaiverContext) -> str:
    found = first_refusal(rules, context)
    return found.guard if isinstance(found, Refused) else ""


def test_a_second_person_who_is_an_approver_may_grant():
    assert refusal(WAIVER_AT_GRANT, a_context()) == ""


@pytest.mark.parametrize(
    ("context", "guard"),
    [
        (a_context(channel="C0OTHER"), "workspace_and_channel"),
        (a_context(clicker=None), "actor_is_a_member"),
        (a_context(clicker=a_member(is_restricted=True)), "actor_is_a_member"),
        (a_context(by=ASKER), "not_the_requester"),
        (a_context(by=STRANGER), "approver_allowed"),
        (a_context(policy=a_policy(approvers=frozenset())), "approver_allowed"),
        (a_context(now=NOW + timedelta(hours=1)), "not_expired"),
        (a_context(account=None), "account_in_scope"),
        (a_context(account=an_account("444455556666")), "account_in_scope"),
        (a_context(account=an_account(state=AccountState.SUSPENDED)), "account_in_scope"),
        (a_context(policy=a_policy(excluded_accounts=frozenset({PAYMENTS}))), "account_in_scope"),
        *[
            (a_context(waiver=a_waiver(state)), "request_is_pending")
            for state in (WaiverState.GRANTED, *CLOSED)
        ],
    ],
)
def test_nobody_else_may_grant_and_nothing_else_can_be_granted(context: WaiverContext, guard: str):
    assert refusal(WAIVER_AT_GRANT, context) == guard


@pytest.mark.parametrize(
    ("context", "reason", "next_step"),
    [
        (
            a_context(by=ASKER),
            "You asked for this waiver; a second person must grant it.",
            "Ask <@U0APPROVER>.",
        ),
        (a_context(waiver=a_waiver()), "This waiver is already granted by <@U0APPROVER>.", ""),
        (
            a_context(waiver=a_waiver(WaiverState.REVOKED)),
            "This waiver is already granted by <@U0APPROVER>, and revoked since.",
            "",
        ),
        (
            a_context(now=NOW + timedelta(hours=1)),
            "The time to decide about this waiver is over.",
            "Ask again: /support-role waive 111122223333",
        ),
    ],
)
def test_whoever_is_refused_is_told_in_the_words_of_a_waiver(
    context: WaiverContext, reason: str, next_step: str
):
    found = first_refusal(WAIVER_AT_GRANT, context)

    assert isinstance(found, Refused)
    assert (found.reason, found.next_step) == (reason, next_step)


def test_a_requester_who_may_approve_still_cannot_grant_their_own():
    context = a_context(by=ASKER, policy=a_policy(approvers=frozenset({ASKER.user_id})))

    assert refusal(WAIVER_AT_GRANT, context) == "not_the_requester"


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": a_policy(mode=Mode.OFF)},
        {"policy": a_policy(freeze=(FreezeWindow("* * * * *", 60, "UTC"),))},
        {"policy": a_policy(max_changes_per_hour=0)},
        {"policy": a_policy(protected_accounts=frozenset({PAYMENTS}))},
        {"account": an_account(is_management=True)},
    ],
    ids=["mode off", "frozen", "no changes left", "protected", "management account"],
)
def test_what_keeps_a_fix_from_aws_does_not_keep_a_waiver(changes: dict[str, Any]):
    assert refusal(WAIVER_AT_GRANT, a_context(**changes)) == ""


@pytest.mark.parametrize("by", [STRANGER, ASKER, APPROVER])
def test_any_member_in_the_approval_channel_may_deny(by: Person):
    assert refusal(WAIVER_AT_DENIAL, a_context(by=by)) == ""


def test_nobody_is_asked_where_nobody_could_decide():
    assert (
        refusal(WAIVER_AT_REQUEST, a_context(policy=a_policy(approval_channel=""))) == "somebody_can_decide"
    )
    assert (
        refusal(WAIVER_AT_REQUEST, a_context(policy=a_policy(approvers=frozenset()))) == "somebody_can_decide"
    )


@pytest.mark.parametrize("by", [APPROVER, ASKER, Person(TEAM, OWNER)], ids=["approver", "requester", "owner"])
def test_one_person_may_revoke_from_any_channel_of_the_workspace(by: Person):
    assert refusal(WAIVER_AT_REVOCATION, a_context(by=by, channel="C0OTHER", waiver=a_waiver())) == ""


@pytest.mark.parametrize(
    ("context", "guard"),
    [
        (a_context(by=STRANGER, waiver=a_waiver()), "may_revoke"),
        (a_context(by=replace(APPROVER, team_id="T0ELSE"), waiver=a_waiver()), "workspace_and_channel"),
        (a_context(clicker=a_member(is_deleted=True), waiver=a_waiver()), "actor_is_a_member"),
        (a_context(waiver=a_waiver(), now=a_waiver().ends_at), "waiver_in_force"),
        (a_context(), "waiver_in_force"),
        *[(a_context(waiver=a_waiver(state)), "waiver_in_force") for state in CLOSED],
    ],
)
def test_nobody_else_may_revoke_and_only_what_is_in_force(context: WaiverContext, guard: str):
    assert refusal(WAIVER_AT_REVOCATION, context) == guard
