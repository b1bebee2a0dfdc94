"""Undoing a fix: four eyes again, only what nobody has touched, and one truthful trail."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from building.databases import ON_BOTH
from building.racing import at_once
from building.undoing import (
    NAME,
    applied,
    approved_undo,
    ask_undo,
    pause,
    pending_undo,
    shown,
    undo,
    writes,
)
from building.undos import UNDOER
from building.values import APPROVER, ASKER, AUDIT, PAYMENTS, TEAM, a_member
from building.world import World, a_decider
from dbos import DBOS
from sqlalchemy import text

from bot.domain.audit import ChainIntact
from bot.domain.finding import Verdict
from bot.domain.guards import Refused
from bot.domain.request import Mode, Person, RemediationRequest, RequestKind, RequestState
from bot.flows import ask
from bot.store import audit, findings, operations, requests

TRAIL = ["undo.requested", "undo.approved", "change.intended", "change.undone"]
OTHER = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
DELETED = [f"DeleteRole {PAYMENTS}"]


@ON_BOTH
def test_an_undo_takes_away_what_the_fix_made_and_both_end_together(world: World):
    fix = applied(world)

    ended = undo(world, approved_undo(world, fix))

    assert world.cloud.find(PAYMENTS, NAME) is None
    assert (ended.state, world.request(fix.id).state) == (RequestState.UNDONE, RequestState.UNDONE)
    assert writes(world) == DELETED
    assert world.kinds(ended.id) == TRAIL
    with world.engine.connect() as connection:
        assert isinstance(audit.verify(connection), ChainIntact)


def test_the_request_says_what_it_undoes_and_what_is_approved(world: World):
    fix = applied(world)

    request = pending_undo(world, fix)

    assert (request.kind, request.undoes, request.requester) == (RequestKind.UNDO, fix.id, UNDOER)
    assert request.removal == fix.leaves
    approved = world.approve(request)
    assert isinstance(approved, RemediationRequest)
    assert approved.decision is not None
    assert request.removal is not None
    assert approved.decision.plan_hash == request.removal.hash


def test_the_trail_names_who_asked_who_approved_and_the_calls(world: World):
    fix = applied(world)
    ended = undo(world, approved_undo(world, fix))

    events = world.events(ended.id)

    assert events[0]["detail"]["reason"] == "the role is not wanted any more"
    assert events[1]["actor"] == f"{TEAM}/{APPROVER.user_id}"
    assert "About to detach AWSSupportAccess" in events[2]["outcome"]
    last = events[-1]
    assert last["aws_request_ids"] == ["aws-DeleteRole-3"]
    assert last["detail"] | {"mode": ""} == {
        "account_name": "payments",
        "requester": UNDOER.user_id,
        "approver": APPROVER.user_id,
        "role_arn": f"arn:aws:iam::{PAYMENTS}:role/{NAME}",
        "undoes": fix.id,
        "mode": "",
    }


def test_what_is_intended_is_on_record_before_anything_is_taken_away(world: World):
    request = approved_undo(world, applied(world))
    seen: list[str] = []
    world.cloud.before["DeleteRole"] = lambda: seen.extend(world.kinds(request.id))

    undo(world, request)

    assert seen == TRAIL[:3]


def test_when_the_intent_cannot_be_recorded_nothing_is_taken_away(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    request = approved_undo(world, applied(world))

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record_once", fail)
    with pytest.raises(OSError, match="disk full"):
        undo(world, request)

    assert writes(world) == []


def test_both_messages_become_records_and_whoever_asked_is_told(world: World):
    fix = applied(world)

    ended = undo(world, approved_undo(world, fix))

    of_fix, of_undo = shown(world)
    assert of_fix.request == world.request(fix.id)
    assert of_fix.request.leaves is None
    assert of_undo.request == ended
    assert f"<@{UNDOER.user_id}> asked, <@{APPROVER.user_id}> approved" in of_fix.request.outcome.text
    assert of_fix.request.outcome.people == (UNDOER.user_id, APPROVER.user_id)
    assert world.told()[-1].startswith("U0UNDOER: Your undo: undone.")


def test_the_account_fails_again_at_once_in_what_is_known(world: World):
    fix = applied(world)
    world.cloud.after["DeleteRole"] = lambda: world.clock.move(seconds=5)

    undo(world, approved_undo(world, fix))

    with world.engine.connect() as connection:
        known = findings.read_finding(connection, PAYMENTS)
        assert requests.read_our_fixes(connection) == ()
    assert known is not None
    assert known.finding.verdict is Verdict.FAIL


def test_whoever_asked_for_the_undo_cannot_approve_it(world: World):
    world.set_policy(approvers=frozenset({UNDOER.user_id, APPROVER.user_id}))
    request = pending_undo(world, applied(world))

    refused = world.approve(request, a_decider(UNDOER))

    assert isinstance(refused, Refused)
    assert refused.guard == "not_the_requester"
    assert world.kinds(request.id)[-1] == "undo.refused"
    assert world.request(request.id).state is RequestState.PENDING


@pytest.mark.parametrize("person", [ASKER, APPROVER])
def test_who_asked_for_the_fix_or_approved_it_may_approve_the_undo(world: World, person: Person):
    world.set_policy(approvers=frozenset({ASKER.user_id, APPROVER.user_id}))
    world.messenger.people[ASKER.user_id] = a_member(ASKER)
    request = pending_undo(world, applied(world))

    assert isinstance(world.approve(request, a_decider(person)), RemediationRequest)
    assert undo(world, request).state is RequestState.UNDONE


@ON_BOTH
def test_of_many_approvals_at_once_one_wins_and_one_role_is_deleted_once(world: World):
    people = [Person(TEAM, f"U{number:02d}") for number in range(8)]
    fix = applied(world)
    world.messenger.people |= {person.user_id: a_member(person) for person in people}
    world.set_policy(approvers=frozenset(person.user_id for person in people))
    request = pending_undo(world, fix)
    world.start()

    got = at_once(8, lambda number: world.approve(request, a_decider(people[number])))
    world.wait()

    assert sum(isinstance(one, RemediationRequest) for one in got) == 1
    assert world.request(request.id).state is RequestState.UNDONE
    assert writes(world) == DELETED
    assert len(DBOS.list_workflows(name="undo")) == 1
    assert [kind for kind in world.kinds(request.id) if kind != "undo.refused"] == TRAIL


@ON_BOTH
def test_the_queues_do_the_whole_of_it(world: World):
    fix = applied(world)
    world.start()

    asked = ask_undo(world, fix)
    world.wait()
    assert isinstance(asked, RemediationRequest)
    world.approve(asked)
    world.wait()

    assert world.request(fix.id).state is RequestState.UNDONE
    assert writes(world) == DELETED
    assert [f"remediate:{fix.id}"] == [w.workflow_id for w in DBOS.list_workflows(name="remediate")]


def test_a_dry_run_does_everything_but_the_write_and_says_so(world: World):
    fix = applied(world)
    world.set_policy(mode=Mode.DRY_RUN)

    ended = undo(world, approved_undo(world, fix))

    assert ended.state is RequestState.REHEARSED
    assert ended.outcome.text.startswith("Dry run: ")
    assert world.cloud.find(PAYMENTS, NAME) is not None
    assert writes(world) == []
    assert world.kinds(ended.id) == ["undo.requested", "undo.approved", "change.rehearsed"]
    assert world.request(fix.id).state is RequestState.APPLIED


def test_an_undo_asked_for_in_a_dry_run_is_never_applied_though_the_mode_has_changed(world: World):
    fix = applied(world)
    world.set_policy(mode=Mode.DRY_RUN)
    request = approved_undo(world, fix)
    world.set_policy(mode=Mode.APPLY)

    assert undo(world, request).state is RequestState.REHEARSED
    assert writes(world) == []


@ON_BOTH
def test_one_account_has_one_open_request_whether_fix_or_undo(world: World):
    fix = applied(world)
    pending_undo(world, fix)

    again, another = ask_undo(world, fix, ASKER), world.ask()

    assert isinstance(again, Refused)
    assert isinstance(another, Refused)
    assert again.guard == another.guard == "one_request_at_a_time"
    assert "An undo of payments (111122223333) is already pending" in another.reason


def test_a_denied_undo_leaves_the_role_and_can_be_asked_for_again(world: World):
    fix = applied(world)
    request = pending_undo(world, fix)

    ask.deny(world.desk, request.id, a_decider())

    assert world.kinds(request.id) == ["undo.requested", "undo.denied"]
    assert world.cloud.find(PAYMENTS, NAME) is not None
    assert isinstance(ask_undo(world, fix), RemediationRequest)


def test_an_undo_that_nobody_decides_about_expires_in_its_own_words(world: World):
    request = pending_undo(world, applied(world))
    world.clock.move(hours=1)

    world.upkeep().expire()

    ended = world.request(request.id)
    assert ended.state is RequestState.EXPIRED
    assert "Press Undo" in ended.outcome.next_step
    assert world.kinds(request.id) == ["undo.requested", "undo.expired"]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda w: undo(w, approved_undo(w, applied(w))), "is undone already; <@U0UNDOER> asked for that"),
        (lambda w: w.pending(), "is pending: it left no role"),
    ],
)
def test_what_left_nothing_cannot_be_undone(
    world: World, make: Callable[[World], RemediationRequest], why: str
):
    made = make(world)
    fix = world.request(made.undoes or made.id)

    refused = ask_undo(world, fix)

    assert isinstance(refused, Refused)
    assert refused.guard == "fix_can_be_undone"
    assert why in refused.reason


def test_an_undo_of_nothing_known_or_of_an_undo_is_refused_and_that_is_recorded(world: World):
    request = pending_undo(world, applied(world))

    for unknown in (request, replace(request, id="fix-unknown")):
        assert isinstance(ask_undo(world, unknown), Refused)
        assert world.kinds(unknown.id)[-1] == "undo.refused"


@pytest.mark.parametrize("is_off", [True, False])
def test_while_undos_are_off_or_paused_nobody_can_ask_for_one(world: World, *, is_off: bool):
    fix = applied(world)
    if is_off:
        world.set_policy(mode=Mode.OFF)
    else:
        pause(world)

    refused = ask_undo(world, fix)

    assert isinstance(refused, Refused)
    assert refused.guard == "remediation_enabled"


def test_an_undo_counts_against_the_limit_and_its_fix_stays_a_change_of_its_own_time(world: World):
    fix = applied(world)
    world.clock.move(hours=2)
    undo(world, approved_undo(world, fix))

    with world.engine.connect() as connection:
        hour_ago = world.clock.now.replace(hour=world.clock.now.hour - 1)
        assert requests.count_changes(connection, since=hour_ago, besides=fix.id) == 1


def test_what_was_approved_must_still_be_what_the_fix_left(world: World):
    fix = applied(world)
    request = approved_undo(world, fix)
    with world.engine.begin() as connection:
        outcome = json.dumps({**asdict(fix.outcome), "role_id": "AROAOTHER"})
        connection.execute(
            text("UPDATE requests SET outcome = :o WHERE id = :id"), {"o": outcome, "id": fix.id}
        )

    ended = undo(world, request)

    assert ended.state is RequestState.SUPERSEDED
    assert writes(world) == []
    assert world.kinds(request.id)[-1] == "undo.superseded"


def test_the_end_of_an_undo_is_posted_to_the_audit_channel(world: World):
    undo(world, approved_undo(world, applied(world)))

    world.upkeep().post_audit()

    assert "change.undone" in world.messenger.shown(AUDIT)[-1].body


def test_while_paused_the_message_of_an_undo_says_so(world: World):
    request = pending_undo(world, applied(world))
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock(), reason="audit")
        requests.show_pending_anew(connection)

    world.upkeep().show_requests()

    message = shown(world)[-1]
    assert message.request.id == request.id
    assert message.pause is not None
    assert message.pause.reason == "audit"
