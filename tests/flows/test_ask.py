"""Asking for a fix and deciding about it, as the Slack side does: rows, guards and audit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from building.racing import at_once
from building.values import APPROVER, ASKER, PAYMENTS, TEAM, a_member, an_account
from building.world import World, a_decider
from dbos import DBOS

from bot.domain.account import AccountId
from bot.domain.audit import ChainIntact
from bot.domain.freeze import FreezeWindow
from bot.domain.guards import Refused
from bot.domain.request import Mode, Person, RemediationRequest, RequestState
from bot.flows import ask
from bot.store import audit, operations


def test_a_request_is_written_down_recorded_and_enqueued_together(world: World):
    request = world.ask()

    assert isinstance(request, RemediationRequest)
    assert world.request(request.id) == request
    assert (request.state, request.expires_at) == (RequestState.PREPARING, world.clock() + timedelta(hours=1))
    assert world.kinds(request.id) == ["fix.requested"]
    assert enqueued(world) == [f"prepare:{request.id}"]


def enqueued(world: World) -> list[str]:
    return [found.workflow_id for found in world.desk.enqueue.client.list_workflows(status="ENQUEUED")]


def test_when_the_work_cannot_be_enqueued_nothing_is_written(world: World):
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    world.desk = replace(world.desk, enqueue=fail)  # type: ignore[arg-type]  # stands for one that fails
    with pytest.raises(OSError, match="disk full"):
        world.ask()

    assert world.kinds() == []


def test_one_account_has_one_open_request_at_a_time(world: World):
    first = world.ask()
    second = world.ask(requester=APPROVER)

    assert isinstance(first, RemediationRequest)
    assert isinstance(second, Refused)
    assert second.guard == "one_request_at_a_time"
    assert "<@U0ASKER> asked for it" in second.reason


def test_of_many_who_ask_for_the_same_account_at_once_one_is_heard(world: World):
    got = at_once(8, lambda _: world.ask())

    assert sum(isinstance(one, RemediationRequest) for one in got) == 1
    assert len(enqueued(world)) == 1


def test_after_a_denial_the_account_can_be_asked_for_again(world: World):
    ask.deny(world.desk, world.pending().id, a_decider())

    assert isinstance(world.ask(), RemediationRequest)


@pytest.mark.parametrize(
    ("account", "changes", "guard"),
    [
        ("999999999999", {}, "account_in_scope"),
        (PAYMENTS, {"mode": Mode.OFF}, "remediation_enabled"),
        (PAYMENTS, {"protected_accounts": frozenset({PAYMENTS})}, "account_in_scope"),
    ],
)
def test_what_can_never_be_is_refused_at_once(
    world: World, account: str, changes: dict[str, Any], guard: str
):
    world.set_policy(**changes)

    refused = world.ask(AccountId(account))

    assert isinstance(refused, Refused)
    assert refused.guard == guard
    assert enqueued(world) == []
    (event,) = world.events()
    assert (event["kind"], event["account_id"]) == ("fix.refused", account)
    assert (event["actor"], event["detail"]["guard"]) == (f"{TEAM}/{ASKER.user_id}", guard)


def test_while_fixes_are_paused_nobody_can_ask_or_approve(world: World):
    request = world.pending()
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock())

    refused = world.approve(request)

    assert isinstance(refused, Refused)
    assert refused.guard == "remediation_enabled"
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=False, by="U1", now=world.clock())
    assert isinstance(world.approve(request), RemediationRequest)


def test_an_approval_moves_records_and_enqueues_together(world: World):
    request = world.pending()

    approved = world.approve(request)

    assert isinstance(approved, RemediationRequest)
    assert request.plan is not None
    assert approved.decision is not None
    assert approved.state is RequestState.APPROVED
    assert approved.decision.plan_hash == request.plan.hash
    assert world.kinds(request.id) == ["fix.requested", "fix.approved"]
    assert f"remediate:{request.id}" in enqueued(world)


@pytest.mark.parametrize(
    ("decider", "guard"),
    [
        (a_decider(ASKER), "not_the_requester"),
        (a_decider(Person("T0OTHER", APPROVER.user_id)), "workspace_and_channel"),
        (a_decider(channel="C0OTHER"), "workspace_and_channel"),
        (a_decider(channel=""), "workspace_and_channel"),
        (a_decider(shared=True), "workspace_and_channel"),
        (a_decider(shared=None), "workspace_and_channel"),
        (a_decider(is_restricted=True), "actor_is_a_member"),
        (a_decider(is_ultra_restricted=True), "actor_is_a_member"),
        (a_decider(is_bot=True), "actor_is_a_member"),
        (a_decider(is_deleted=True), "actor_is_a_member"),
        (a_decider(is_stranger=True), "actor_is_a_member"),
        (a_decider(user_id="U0ELSE"), "actor_is_a_member"),
        (replace(a_decider(), facts=None), "actor_is_a_member"),
        (a_decider(Person(TEAM, "U0NOBODY")), "approver_allowed"),
    ],
)
def test_whoever_may_not_approve_is_refused_and_that_is_recorded(
    world: World, decider: ask.Decider, guard: str
):
    request = world.pending()

    refused = world.approve(request, decider)

    assert isinstance(refused, Refused)
    assert refused.guard == guard
    assert world.request(request.id).state is RequestState.PENDING
    event = world.events(request.id)[-1]
    assert (event["kind"], event["detail"]["guard"]) == ("fix.refused", guard)
    assert event["actor"] == f"{decider.click.person.team_id}/{decider.click.person.user_id}"
    assert f"remediate:{request.id}" not in enqueued(world)


def test_a_requester_who_is_an_approver_still_needs_a_second_person(world: World):
    world.set_policy(approvers=frozenset({ASKER.user_id, APPROVER.user_id}))
    request = world.pending()

    assert isinstance(world.approve(request, a_decider(ASKER)), Refused)
    assert isinstance(world.approve(request), RemediationRequest)


def rename_role(world: World) -> None:
    world.desk = replace(world.desk, role=replace(world.desk.role, role_name="renamed"))


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        (lambda w: w.clock.move(hours=1), "not_expired"),
        (lambda w: w.set_policy(freeze=(FreezeWindow("0 10 * * *", 60, "UTC"),)), "change_window"),
        (lambda w: w.set_policy(max_changes_per_hour=0), "within_change_limit"),
        (lambda w: w.set_policy(approvers=frozenset()), "approver_allowed"),
        (lambda w: (w.cloud.accounts.clear(), w.read_inventory()), "account_in_scope"),
        (rename_role, "plan_unchanged"),
    ],
)
def test_at_the_click_every_guard_is_asked(world: World, change: Any, guard: str):
    request = world.pending()
    change(world)

    refused = world.approve(request)

    assert isinstance(refused, Refused)
    assert refused.guard == guard


def test_fixes_under_way_count_against_the_limit(world: World):
    other = AccountId("444455556666")
    world.cloud.accounts[other] = an_account(other)
    world.read_inventory()
    world.set_policy(max_changes_per_hour=1)
    first, second = world.pending(), world.prepare(world.ask(other))
    world.approve(first)

    refused = world.approve(second)

    assert isinstance(refused, Refused)
    assert refused.guard == "within_change_limit"


def test_a_request_that_is_not_known_is_refused_and_that_is_recorded(world: World):
    for decide in (ask.approve, ask.deny):
        assert isinstance(decide(world.desk, "fix-unknown", a_decider()), Refused)

    assert world.kinds("fix-unknown") == ["fix.refused", "fix.refused"]
    assert {event["actor"] for event in world.events()} == {f"{TEAM}/{APPROVER.user_id}"}


def test_a_click_on_an_id_that_nobody_ever_gave_out_is_recorded_however_long_that_is(world: World):
    assert isinstance(ask.approve(world.desk, "x" * 2_000, a_decider()), Refused)

    (event,) = world.events()
    assert event["request_id"] == "x" * 40


def test_of_twenty_approvals_at_once_one_wins_and_makes_one_role(world: World):
    people = [Person(TEAM, f"U{number:02d}") for number in range(20)]
    world.messenger.people = {person.user_id: a_member(person) for person in people}
    world.set_policy(approvers=frozenset(person.user_id for person in people))
    request = world.pending()
    world.start()

    got = at_once(20, lambda number: world.approve(request, a_decider(people[number])))
    world.wait()

    winners = [one for one in got if isinstance(one, RemediationRequest)]
    refusals = [one for one in got if isinstance(one, Refused)]
    assert len(winners) == 1
    assert {refusal.guard for refusal in refusals} == {"request_is_pending"}
    assert all("already" in refusal.reason for refusal in refusals)
    assert world.request(request.id).state is RequestState.APPLIED
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]
    assert len(DBOS.list_workflows(name="remediate")) == 1
    kinds = world.kinds(request.id)
    assert kinds.count("fix.approved") == 1
    assert kinds.count("fix.refused") == 19


def test_those_who_were_too_late_are_on_record_but_not_in_the_audit_channel(world: World):
    request = world.pending()
    world.approve(request)
    with world.engine.connect() as connection:
        before = audit.count_unposted(connection)

    world.approve(request, a_decider())

    assert world.kinds(request.id)[-1] == "fix.refused"
    with world.engine.connect() as connection:
        assert audit.count_unposted(connection) == before


@pytest.mark.parametrize("person", [ASKER, APPROVER, Person(TEAM, "U0NOBODY")])
def test_any_member_may_deny_the_requester_too(world: World, person: Person):
    request = world.pending()

    denied = ask.deny(world.desk, request.id, a_decider(person))

    assert isinstance(denied, RemediationRequest)
    assert denied.state is RequestState.DENIED
    assert denied.outcome.text == f"<@{person.user_id}> denied the fix of payments (111122223333)."
    assert world.kinds(request.id) == ["fix.requested", "fix.denied"]
    assert isinstance(world.approve(request), Refused)


@pytest.mark.parametrize(
    "decider", [a_decider(is_restricted=True), a_decider(channel="C0OTHER"), a_decider(shared=True)]
)
def test_a_guest_or_a_stranger_may_not_even_deny(world: World, decider: ask.Decider):
    request = world.pending()

    assert isinstance(ask.deny(world.desk, request.id, decider), Refused)
    assert world.request(request.id).state is RequestState.PENDING


def test_approval_and_denial_at_once_have_one_winner(world: World):
    request = world.pending()

    def decide(number: int) -> RemediationRequest | Refused:
        choice = ask.approve if number % 2 else ask.deny
        return choice(world.desk, request.id, a_decider())

    got = at_once(8, decide)

    assert sum(isinstance(one, RemediationRequest) for one in got) == 1
    kinds = world.kinds(request.id)
    assert kinds.count("fix.approved") + kinds.count("fix.denied") == 1


def test_the_audit_chain_is_whole_after_all_of_this(world: World):
    request = world.pending()
    at_once(8, lambda _: world.approve(request, a_decider(Person(TEAM, "U0NOBODY"))))
    world.approve(request)

    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)
