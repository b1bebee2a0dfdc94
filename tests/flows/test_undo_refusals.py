"""What stops an undo: a role that somebody touched, and every guard, at once and again before the write."""

from dataclasses import replace

import pytest
from building.undoing import (
    NAME,
    applied,
    approved_undo,
    ask_undo,
    pause,
    prepare_undo,
    shown,
    touch,
    undo,
    writes,
)
from building.values import PAYMENTS
from building.world import Change, World

from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.freeze import FreezeWindow
from bot.domain.request import Mode, RequestState

REFUSED = RequestState.REFUSED
TRAIL = ["undo.requested", "undo.approved", "change.intended", "change.undone"]
OTHER = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"
DELETED = [f"DeleteRole {PAYMENTS}"]


def delete_by_hand(world: World) -> None:
    world.cloud.roles[PAYMENTS].clear()


TOUCHED: list[tuple[str, Change, str]] = [
    ("another policy", touch(policies=[POLICY, OTHER]), f"{OTHER} is attached as well"),
    ("detached", touch(policies=[]), "is not attached any more"),
    ("trust", touch(trust='{"Statement": []}'), "its trust policy was changed"),
    ("made anew", touch(role_id="AROAOTHER"), "it was made anew"),
    ("no tags", touch(tags=[]), "its tag managed-by was removed"),
    ("boundary", touch(boundary=OTHER), "its permissions boundary is"),
    ("session", touch(max_session_seconds=7200), "its sessions last up to 7200 s"),
    ("gone", delete_by_hand, "it is not there any more"),
]
ids = [row[0] for row in TOUCHED]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in TOUCHED], ids=ids)
def test_a_touched_role_is_refused_at_once_and_nobody_is_asked(world: World, change: Change, said: str):
    fix = applied(world)
    change(world)
    before = [replace(role) for role in world.cloud.roles[PAYMENTS]]

    ended = prepare_undo(world, ask_undo(world, fix))

    assert ended.state is REFUSED
    assert said in ended.outcome.text
    assert said in world.told()[-1]
    assert world.told()[-1].startswith("U0UNDOER: No undo of payments (111122223333) was started.")
    assert len(shown(world)) == 1
    assert world.cloud.roles[PAYMENTS] == before
    assert writes(world) == []
    assert world.request(fix.id).state is RequestState.APPLIED


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in TOUCHED], ids=ids)
def test_a_role_that_is_touched_after_the_approval_stays(world: World, change: Change, said: str):
    fix = applied(world)
    request = approved_undo(world, fix)
    change(world)
    before = [replace(role) for role in world.cloud.roles[PAYMENTS]]

    ended = undo(world, request)

    assert ended.state is REFUSED
    assert said in ended.outcome.text
    assert world.cloud.roles[PAYMENTS] == before
    assert writes(world) == []
    assert world.kinds(request.id) == ["undo.requested", "undo.approved", "undo.refused"]
    assert world.request(fix.id).state is RequestState.APPLIED


def test_all_differences_are_listed_at_once(world: World):
    fix = applied(world)
    touch(policies=[OTHER], trust='{"Statement": []}', tags=[], role_id="AROAOTHER")(world)

    ended = prepare_undo(world, ask_undo(world, fix))

    assert ended.outcome.text.count("\n") == 8
    assert world.events(ended.id)[-1]["outcome"] == ended.outcome.text


def test_a_role_that_is_touched_between_the_guards_and_the_write_stays(world: World):
    request = approved_undo(world, applied(world))
    world.cloud.before["OpenWriter"] = lambda: touch(tags=[("managed-by", "me")])(world)

    ended = undo(world, request)

    assert ended.state is REFUSED
    assert writes(world) == []


UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "AssumeRole: AccessDenied", "Deploy the scan role.")


def leave_scope(world: World) -> None:
    world.cloud.accounts = {}
    world.read_inventory()


BETWEEN: list[tuple[str, Change, RequestState, str]] = [
    ("paused", pause, REFUSED, "paused"),
    ("off", lambda w: w.set_policy(mode=Mode.OFF), REFUSED, "switched off"),
    ("approver left", lambda w: w.messenger.change("U0APPROVER", is_deleted=True), REFUSED, "people"),
    ("removed", lambda w: w.set_policy(approvers=frozenset({"U1"})), REFUSED, "not an approver"),
    ("expired", lambda w: w.clock.move(hours=1), RequestState.EXPIRED, "expired"),
    ("out of scope", leave_scope, REFUSED, "not in scope"),
    ("gone since the last scan", lambda w: w.cloud.accounts.pop(PAYMENTS), REFUSED, "not in scope"),
    ("protected", lambda w: w.set_policy(protected_accounts=frozenset({PAYMENTS})), REFUSED, "prot"),
    ("frozen", lambda w: w.set_policy(freeze=(FreezeWindow("0 10 * * *", 60, "UTC"),)), REFUSED, "frozen"),
    ("limit", lambda w: w.set_policy(max_changes_per_hour=1), REFUSED, "limit is 1"),
    ("unreadable", lambda w: w.cloud.unreadable.update({PAYMENTS: UNREADABLE}), REFUSED, "AccessDenied"),
    ("fault", lambda w: w.cloud.faults.update(Reach=AwsError("no STS", "X")), RequestState.FAILED, "no STS"),
    ("slack down", lambda w: setattr(w.messenger, "down", "internal_error"), REFUSED, "could not be read"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "state", "words"), [row[1:] for row in BETWEEN], ids=[r[0] for r in BETWEEN]
)
def test_every_guard_is_asked_again_before_the_write(
    world: World, change: Change, state: RequestState, words: str
):
    request = approved_undo(world, applied(world))
    change(world)

    ended = undo(world, request)

    assert ended.state is state
    assert words in ended.outcome.text
    assert world.cloud.find(PAYMENTS, NAME) is not None
    assert writes(world) == []
    assert "change.intended" not in world.kinds(request.id)
