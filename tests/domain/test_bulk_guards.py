"""The guards of a bulk request as a whole: who may approve, deny and stop one, and what they are told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from building.bulk_values import a_report
from building.values import APPROVALS, APPROVER, ASKER, NOW, TEAM, a_policy, an_approval
from building.values import a_member as facts_of

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.bulk_guards import (
    AT_BULK_DECISION,
    AT_BULK_DENIAL,
    AT_BULK_REQUEST,
    AT_STOP,
    BulkContext,
)
from bot.domain.guards import Click, Refused, first_refusal
from bot.domain.request import Person, RequestState

S = RequestState
RUNNING = BulkState.RUNNING


def a_context(report: BulkReport | None = None, person: Person = APPROVER, **changes: object) -> BulkContext:
    report = report or a_report(S.PENDING, S.PENDING)
    report = replace(report, bulk=replace(report.bulk, hash=report.plans_hash))
    base = BulkContext(
        NOW, a_policy(), report, Click(person, APPROVALS, is_shared_channel=False), facts_of(person)
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields by name


def guard_of(context: BulkContext, rules: object = AT_BULK_DECISION) -> str:
    found = first_refusal(rules, context)  # type: ignore[arg-type]  # one of the tuples above
    return found.guard if found else ""


def test_an_approver_may_approve_what_is_pending():
    assert guard_of(a_context()) == ""


@pytest.mark.parametrize(
    ("context", "guard"),
    [
        (a_context(policy=a_policy(approval_channel="C1")), "workspace_and_channel"),
        (a_context(clicker=None), "actor_is_a_member"),
        (a_context(person=ASKER), "not_the_requester"),
        (a_context(person=Person(TEAM, "U0ELSE")), "approver_allowed"),
        (a_context(policy=a_policy(approvers=frozenset())), "approver_allowed"),
        (a_context(a_report(S.PENDING, state=RUNNING)), "request_is_pending"),
        (a_context(now=NOW + timedelta(hours=1)), "not_expired"),
        (a_context(policy=a_policy(max_accounts_per_request=1)), "within_change_limit"),
        (a_context(a_report(S.PENDING, S.FAILED)), "plan_unchanged"),
    ],
)
def test_what_keeps_a_bulk_request_from_being_approved(context: BulkContext, guard: str):
    assert guard_of(context) == guard


def test_a_plan_that_differs_from_the_hash_that_was_shown_refuses():
    context = a_context()
    report = replace(context.report, bulk=replace(context.report.bulk, hash="0" * 64))

    assert guard_of(replace(context, report=report)) == "plan_unchanged"


def test_any_member_may_deny_and_only_while_it_is_pending():
    assert guard_of(a_context(person=ASKER), AT_BULK_DENIAL) == ""
    assert (
        guard_of(a_context(a_report(S.DENIED, state=BulkState.DENIED)), AT_BULK_DENIAL)
        == "request_is_pending"
    )


@pytest.mark.parametrize(
    ("person", "guard"), [(ASKER, ""), (APPROVER, ""), (Person(TEAM, "U0ELSE"), "approver_allowed")]
)
def test_the_requester_and_approvers_may_stop_what_runs(person: Person, guard: str):
    running = a_report(S.APPLYING, S.APPROVED, state=RUNNING)

    assert guard_of(a_context(running, person), AT_STOP) == guard


@pytest.mark.parametrize("state", sorted(set(BulkState) - {RUNNING}))
def test_only_what_runs_can_be_stopped(state: BulkState):
    assert guard_of(a_context(a_report(S.PENDING, state=state)), AT_STOP) == "bulk_is_running"


@pytest.mark.parametrize(("count", "guard"), [(1, ""), (10, ""), (11, "within_change_limit")])
def test_one_request_is_about_as_many_accounts_as_settings_allow(count: int, guard: str):
    report = a_report(*[S.PREPARING] * count)

    assert guard_of(a_context(report), AT_BULK_REQUEST) == guard


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (a_context(person=ASKER), "You asked for these fixes; a second person must approve them."),
        (
            a_context(a_report(S.APPROVED, state=RUNNING, decision=an_approval())),
            "This request is already approved by <@U0APPROVER>; it is under way.",
        ),
        (
            a_context(a_report(S.PREPARING, state=BulkState.PREPARING)),
            "This request is still being prepared.",
        ),
        (a_context(now=NOW + timedelta(hours=1)), "This request has expired."),
    ],
)
def test_whoever_is_refused_is_told_in_the_words_of_a_bulk_request(context: BulkContext, words: str):
    found = first_refusal(AT_BULK_DECISION, context)

    assert isinstance(found, Refused)
    assert found.reason == words
