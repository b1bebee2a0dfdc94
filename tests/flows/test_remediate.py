"""The write: approved → applied, and every way in which it must not be."""

from dataclasses import replace
from typing import Any

import pytest
from adapters.aws import FakeWriter
from building.values import APPROVER, PAYMENTS, TEAM, an_account
from building.world import Change, World, a_decider

from bot.domain.account import AccountState
from bot.domain.errors import AwsError
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.finding import Verdict
from bot.domain.freeze import FreezeWindow
from bot.domain.request import Mode, RemediationRequest, RequestState
from bot.store import audit, findings, operations

DENIED = AwsError("AttachRolePolicy in payments (111122223333): AccessDenied", "AccessDenied", "aws-denied-1")
NAME = "aws-support-access"
FIX_TRAIL = ["fix.requested", "fix.approved", "change.intended", "change.applied", "change.verified"]


def change_kinds(world: World, request: RemediationRequest) -> list[str]:
    return [kind for kind in world.kinds(request.id) if kind.startswith("change.")]


def test_an_approved_fix_creates_exactly_the_approved_role(world: World):
    ended = world.fix(world.approved())

    role = world.cloud.find(PAYMENTS, NAME)
    assert role is not None
    assert ended.plan is not None
    assert ended.state is RequestState.APPLIED
    assert (role.arn, role.trust, role.policies) == (
        ended.plan.role_arn,
        ended.plan.trust,
        [ended.plan.policy_arn],
    )
    assert dict(role.tags)["support-role-bot:request"] == ended.id
    assert dict(role.tags)["support-role-bot:approver"] == APPROVER.user_id
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"AttachRolePolicy {PAYMENTS}"]


def test_the_audit_tells_the_fix_in_order_with_the_ids_of_the_calls(world: World):
    ended = world.fix(world.approved())

    events = world.events(ended.id)
    assert [event["kind"] for event in events] == FIX_TRAIL
    assert events[-1]["aws_request_ids"] == ["aws-CreateRole-1", "aws-AttachRolePolicy-2"]
    assert {event["plan_hash"] for event in events[1:]} == {ended.plan and ended.plan.hash}
    assert events[0]["detail"]["reason"] == "the audit asks for it"
    assert events[1]["actor"] == f"{TEAM}/{APPROVER.user_id}"
    assert events[3]["detail"]["approver"] == APPROVER.user_id


def test_what_is_intended_is_on_record_before_anything_is_written(world: World):
    request = world.approved()
    seen: list[str] = []
    world.cloud.before["CreateRole"] = lambda: seen.extend(world.kinds(request.id))

    world.fix(request)

    assert seen == ["fix.requested", "fix.approved", "change.intended"]


def test_when_the_intent_cannot_be_recorded_nothing_is_written(world: World, monkeypatch: pytest.MonkeyPatch):
    request = world.approved()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record_once", fail)
    with pytest.raises(OSError, match="disk full"):
        world.fix(request)

    assert world.cloud.calls == []


def test_the_message_becomes_the_record_and_the_requester_is_told(world: World):
    ended = world.fix(world.approved())

    assert world.shown_request().request == ended
    assert world.shown_request().progress is None
    (told,) = world.told()
    assert told.startswith("U0ASKER: Your fix: applied.")


def test_the_account_passes_at_once_in_what_is_known(world: World):
    world.cloud.after["CreateRole"] = lambda: world.clock.move(seconds=5)

    world.fix(world.approved())

    with world.engine.connect() as connection:
        known = findings.read_finding(connection, PAYMENTS)
    assert known is not None
    assert known.finding.verdict is Verdict.PASS


def test_a_dry_run_writes_nothing_and_says_so(world: World):
    world.set_policy(mode=Mode.DRY_RUN)

    ended = world.fix(world.approved())

    assert ended.state is RequestState.REHEARSED
    assert "Nothing was written" in ended.outcome.text
    assert world.cloud.calls == []
    assert change_kinds(world, ended) == ["change.rehearsed"]


def test_a_request_of_a_dry_run_is_never_applied_though_the_mode_has_changed(world: World):
    world.set_policy(mode=Mode.DRY_RUN)
    request = world.approved()
    world.set_policy(mode=Mode.APPLY)

    assert world.fix(request).state is RequestState.REHEARSED
    assert world.cloud.calls == []


def pause(world: World) -> None:
    with world.engine.begin() as connection:
        operations.set_paused(connection, paused=True, by="U1", now=world.clock())


def replace_account(**changes: Any) -> Change:
    def change(world: World) -> None:
        world.cloud.accounts = {PAYMENTS: an_account(**changes)}
        world.read_inventory()

    return change


def trust_another(world: World) -> None:
    """In settings, with which a worker has started anew; no scan was made since."""
    other = an_account(trusted_principals=(f"arn:aws:iam::{PAYMENTS}:role/Other",))
    world.cloud.accounts = {PAYMENTS: other}


def leave_scope(world: World) -> None:
    world.cloud.accounts = {}
    world.read_inventory()


def suspend_unseen(world: World) -> None:
    """AWS Organizations has it as suspended, and no scan has listed the accounts since."""
    world.cloud.accounts = {PAYMENTS: an_account(state=AccountState.SUSPENDED)}


def use_up_the_limit(world: World) -> None:
    world.set_policy(max_changes_per_hour=0)


def slack_down(world: World) -> None:
    world.messenger.down = "internal_error"


def plant_stranger(world: World) -> None:
    world.cloud.add_role(an_account(), NAME, policies=[])


def plant_weak_role(world: World) -> None:
    world.cloud.add_role(an_account(), "other", trust='{"Statement": []}')


def plant_sound_role(world: World) -> None:
    world.cloud.add_role(an_account(), "other")


UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "AssumeRole: AccessDenied", "Deploy the scan role.")


def make_unreadable(world: World) -> None:
    world.cloud.unreadable[PAYMENTS] = UNREADABLE


def move_role(world: World) -> None:
    world.desk = replace(world.desk, role=replace(world.desk.role, role_path="/elsewhere/"))


REFUSED = RequestState.REFUSED
BETWEEN: list[tuple[str, Change, RequestState, str]] = [
    ("paused", pause, REFUSED, "paused"),
    ("off", lambda w: w.set_policy(mode=Mode.OFF), REFUSED, "switched off"),
    ("channel moved", lambda w: w.set_policy(approval_channel="C1"), REFUSED, "approval channel"),
    ("channel shared", lambda w: w.messenger.shared_channels.add("C0APPROVALS"), REFUSED, "Connect"),
    ("approver left", lambda w: w.messenger.change("U0APPROVER", is_deleted=True), REFUSED, "people"),
    ("approver unknown", lambda w: w.messenger.people.clear(), REFUSED, "could not say who"),
    ("guest", lambda w: w.messenger.change("U0APPROVER", is_restricted=True), REFUSED, "Guests"),
    ("removed", lambda w: w.set_policy(approvers=frozenset({"U1"})), REFUSED, "not an approver"),
    ("expired", lambda w: w.clock.move(hours=1), RequestState.EXPIRED, "expired"),
    ("out of scope", leave_scope, REFUSED, "not in scope"),
    ("suspended", replace_account(state=AccountState.SUSPENDED), REFUSED, "SUSPENDED"),
    ("suspended since the last scan", suspend_unseen, REFUSED, "SUSPENDED"),
    ("gone since the last scan", lambda w: w.cloud.accounts.pop(PAYMENTS), REFUSED, "not in scope"),
    (
        "state unread",
        lambda w: w.cloud.faults.update(DescribeAccount=AwsError("DescribeAccount: denied", "AccessDenied")),
        RequestState.FAILED,
        "DescribeAccount",
    ),
    ("protected", lambda w: w.set_policy(protected_accounts=frozenset({PAYMENTS})), REFUSED, "prot"),
    (
        "frozen",
        lambda w: w.set_policy(freeze=(FreezeWindow("0 10 * * *", 60, "UTC"),)),
        REFUSED,
        "frozen until",
    ),
    ("limit", use_up_the_limit, REFUSED, "limit is 0"),
    (
        "principal gone",
        lambda w: w.cloud.gone_principals.add(an_account().trusted_principals[0]),
        REFUSED,
        "does not exist",
    ),
    (
        "principal changed",
        replace_account(trusted_principals=(f"arn:aws:iam::{PAYMENTS}:role/Other",)),
        RequestState.SUPERSEDED,
        "plan has changed",
    ),
    ("principal changed since the last scan", trust_another, RequestState.SUPERSEDED, "plan has changed"),
    ("settings changed", move_role, RequestState.SUPERSEDED, "plan has changed"),
    ("facts changed", plant_weak_role, RequestState.SUPERSEDED, "plan has changed"),
    ("fixed by others", plant_sound_role, RequestState.ALREADY_FIXED, "by another way"),
    ("stranger's role", plant_stranger, REFUSED, "was not made by this request"),
    ("unreadable", make_unreadable, RequestState.FAILED, "AccessDenied"),
    (
        "fault",
        lambda w: w.cloud.faults.update(ReadTarget=AwsError("STS is away", "Throttling")),
        RequestState.FAILED,
        "STS is away",
    ),
    ("slack down", slack_down, REFUSED, "could not be read"),
]


@pytest.mark.parametrize(
    ("change", "state", "words"), [row[1:] for row in BETWEEN], ids=[r[0] for r in BETWEEN]
)
def test_what_changes_between_the_click_and_the_write_stops_the_write(
    world: World, change: Change, state: RequestState, words: str
):
    request = world.approved()

    change(world)
    ended = world.fix(request)

    assert ended.state is state
    assert words in ended.outcome.text
    assert world.cloud.calls == []
    assert "change.intended" not in world.kinds(request.id)
    assert len(world.kinds(request.id)) == 3


def test_an_approver_who_left_the_group_approves_no_longer(world: World):
    world.set_policy(approvers=frozenset(), approver_groups=frozenset({"S0CLOUD"}))
    world.messenger.groups["S0CLOUD"] = frozenset({APPROVER.user_id})
    request = world.pending()
    decider = replace(a_decider(), group_members={"S0CLOUD": frozenset({APPROVER.user_id})})
    assert isinstance(world.approve(request, decider), RemediationRequest)

    world.messenger.groups["S0CLOUD"] = frozenset({"U0ELSE"})
    ended = world.fix(request)

    assert (ended.state, ended.outcome.text) == (RequestState.REFUSED, "You are not an approver.")
    assert world.cloud.calls == []


def test_a_group_that_cannot_be_read_just_before_the_write_refuses(world: World):
    world.set_policy(approvers=frozenset(), approver_groups=frozenset({"S0CLOUD"}))
    request = world.pending()
    decider = replace(a_decider(), group_members={"S0CLOUD": frozenset({APPROVER.user_id})})
    assert isinstance(world.approve(request, decider), RemediationRequest)

    ended = world.fix(request)

    assert ended.state is RequestState.REFUSED
    assert "could not be read from Slack" in ended.outcome.text


def test_a_strangers_role_that_appears_after_the_guards_is_never_adopted(world: World):
    request = world.approved()
    world.cloud.before["CreateRole"] = lambda: world.cloud.add_role(an_account(), NAME, policies=[])

    ended = world.fix(request)

    stranger = world.cloud.find(PAYMENTS, NAME)
    assert stranger is not None
    assert stranger.policies == []
    assert ended.state is RequestState.REFUSED
    assert "never adopts" in ended.outcome.next_step
    assert world.cloud.calls == []


def test_when_the_attach_fails_for_good_the_created_role_goes_again_and_that_is_said(world: World):
    request = world.approved()
    world.cloud.faults["AttachRolePolicy"] = DENIED

    ended = world.fix(request)

    assert world.cloud.find(PAYMENTS, NAME) is None
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"DeleteRole {PAYMENTS}"]
    assert ended.state is RequestState.FAILED
    assert ended.outcome.left_behind == ""
    assert "AccessDenied" in ended.outcome.text
    assert "deleted again" in ended.outcome.text
    failed = world.events(request.id)[-1]
    assert failed["kind"] == "change.failed"
    assert failed["aws_request_ids"] == ["aws-CreateRole-1", "aws-denied-1", "aws-DeleteRole-2"]
    assert "deleted again" in failed["outcome"]


def test_what_could_not_be_taken_back_is_said(world: World):
    request = world.approved()
    world.cloud.faults["AttachRolePolicy"] = DENIED
    world.cloud.faults["DeleteRole"] = AwsError("DeleteRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert ended.state is RequestState.FAILED
    assert NAME in ended.outcome.left_behind
    assert "by hand" in ended.outcome.next_step
    assert world.events(request.id)[-1]["detail"]["left_behind"] == ended.outcome.left_behind


def test_a_role_that_may_not_be_looked_at_any_more_is_not_said_to_be_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Under a path IAM denies a look at a role that is not there, so a denied look may mean that it is."""
    request = world.approved()
    monkeypatch.setattr(FakeWriter, "wait_for_role", lambda _: None)
    world.cloud.faults["AttachRolePolicy"] = DENIED
    world.cloud.faults["DeleteRole"] = AwsError("GetRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert world.cloud.find(PAYMENTS, NAME) is not None
    assert ended.state is RequestState.FAILED
    assert "deleted again" not in ended.outcome.text
    assert NAME in ended.outcome.left_behind


def test_a_role_that_a_call_without_an_answer_has_made_is_waited_for_and_taken_back(world: World):
    request = world.approved()
    world.cloud.is_silent = True

    ended = world.fix(request)

    assert world.cloud.find(PAYMENTS, NAME) is None
    assert world.cloud.calls == [f"CreateRole {PAYMENTS}", f"DeleteRole {PAYMENTS}"]
    assert ended.state is RequestState.FAILED
    assert "deleted again" in ended.outcome.text


def test_a_create_that_is_denied_leaves_nothing_and_says_so(world: World):
    request = world.approved()
    world.cloud.faults["CreateRole"] = AwsError("CreateRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert (ended.state, ended.outcome.left_behind) == (RequestState.FAILED, "")
    assert change_kinds(world, ended) == ["change.intended", "change.failed"]


def test_a_role_that_cannot_be_assumed_fails_the_fix(world: World):
    request = world.approved()
    world.cloud.faults["OpenWriter"] = AwsError("AssumeRole: AccessDenied", "AccessDenied")

    ended = world.fix(request)

    assert ended.state is RequestState.FAILED
    assert "AssumeRole: AccessDenied" in ended.outcome.text


def test_what_is_not_visible_yet_is_an_end_of_its_own(world: World):
    request = world.approved()
    world.cloud.is_slow_to_show = True

    ended = world.fix(request)

    assert ended.state is RequestState.APPLIED_UNVERIFIED
    assert "not read back" in ended.outcome.text
    assert ended.outcome.role_id
    assert change_kinds(world, ended) == ["change.intended", "change.applied", "change.unverified"]


def test_a_read_back_that_fails_does_not_make_the_fix_fail(world: World):
    request = world.approved()
    world.cloud.faults["ReadBack"] = AwsError("GetRole: Throttling", "Throttling")

    ended = world.fix(request)

    assert ended.state is RequestState.APPLIED_UNVERIFIED
    assert "Throttling" in ended.outcome.text
    assert world.cloud.find(PAYMENTS, NAME) is not None


def test_a_role_that_somebody_widened_at_once_is_not_called_verified(world: World):
    request = world.approved()

    def widen() -> None:
        role = world.cloud.find(PAYMENTS, NAME)
        assert role is not None
        role.policies.append("arn:aws:iam::aws:policy/AdministratorAccess")

    world.cloud.before["ReadBack"] = widen
    ended = world.fix(request)

    assert ended.state is RequestState.APPLIED_UNVERIFIED
    assert "AdministratorAccess" in ended.outcome.text


def test_an_account_that_cannot_be_read_after_the_fix_does_not_keep_it_from_being_told(world: World):
    request = world.approved()
    world.cloud.after["AttachRolePolicy"] = lambda: world.cloud.faults.update(
        ReadAccount=AwsError("STS is away", "Throttling")
    )

    ended = world.fix(request)

    assert ended.state is RequestState.APPLIED
    assert world.shown_request().request.state is RequestState.APPLIED
    assert len(world.told()) == 1
