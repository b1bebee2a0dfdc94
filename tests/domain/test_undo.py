"""Only a role that is exactly what a fix left may go; else all that differs is said."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from building.undos import ROLE_ID, a_present_role, a_removal, an_applied_fix, an_undo, remaining
from building.values import (
    APPROVALS,
    APPROVER,
    NOW,
    a_member,
    a_plan,
    a_policy,
    an_account,
    an_approval,
)

from bot.domain import guards
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.guards import ALLOWED, Click, Context, Refused
from bot.domain.plan import Plan
from bot.domain.request import MOVES, Outcome, RequestState
from bot.domain.undo import Remains, differences

POLICY = a_plan().policy_arn
TAGS = a_removal().tags
OTHER = "arn:aws:iam::aws:policy/AdministratorAccess"
STRANGER = json.dumps({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}})
UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "GetRole: AccessDenied", "Allow iam:GetRole.")

DIFFERENT: list[tuple[str, dict[str, Any], str]] = [
    ("path", {"arn": "arn:aws:iam::111122223333:role/x/aws-support-access"}, "its ARN is"),
    ("made anew", {"role_id": "AROA0002"}, "it was made anew: its id is AROA0002, not AROA0001"),
    ("trust", {"trust": STRANGER}, "its trust policy was changed"),
    ("no trust", {"trust": "no json"}, "its trust policy was changed"),
    ("boundary", {"permissions_boundary": OTHER}, f"its permissions boundary is {OTHER}"),
    ("session", {"max_session_seconds": 43200}, "its sessions last up to 43200 s, not 3600"),
    ("tag removed", {"tags": TAGS[1:]}, "its tag managed-by was removed"),
    ("tag changed", {"tags": (("managed-by", "me"), *TAGS[1:])}, "its tag managed-by was changed"),
    ("tag added", {"tags": (*TAGS, ("owner", "me"))}, "it has a new tag owner"),
    ("other approver", {"tags": (*TAGS[:3], (TAGS[3][0], "U1"))}, "its tag support-role-bot:approver was"),
    ("detached", {"policies": ()}, f"{POLICY} is not attached any more"),
    ("another policy", {"policies": (POLICY, OTHER)}, f"{OTHER} is attached as well"),
    ("inline policy", {"inline_policies": ("more",)}, "it has the inline policy more"),
]  # fmt: skip


def test_a_role_just_as_it_was_left_differs_in_nothing():
    assert differences(a_removal(), remaining()) == ()


def test_what_iam_itself_reorders_is_no_difference():
    trust = json.dumps(json.loads(a_plan().trust), indent=2, sort_keys=True)

    assert differences(a_removal(), remaining(trust=trust, tags=TAGS[::-1])) == ()


@pytest.mark.parametrize(("changes", "said"), [row[1:] for row in DIFFERENT], ids=[r[0] for r in DIFFERENT])
def test_every_difference_is_said(changes: dict[str, Any], said: str):
    (found,) = differences(a_removal(), remaining(**changes))

    assert found.startswith(said)


def test_all_differences_are_said_at_once():
    changes = {"trust": STRANGER, "policies": (OTHER,), "inline_policies": ("more",), "tags": TAGS[1:]}

    assert differences(a_removal(), remaining(**changes)) == (
        "its trust policy was changed",
        "its tag managed-by was removed",
        f"{POLICY} is not attached any more",
        f"{OTHER} is attached as well",
        "it has the inline policy more",
    )


def test_a_role_that_is_gone_is_a_difference_unless_an_undo_has_begun():
    assert differences(a_removal(), Remains()) == ("it is not there any more",)
    assert differences(a_removal(), Remains(begun=True)) == ()


def test_after_an_undo_has_begun_only_what_it_took_may_be_missing():
    detached = Remains(a_present_role(policies=()), begun=True)
    touched = Remains(a_present_role(policies=(OTHER,), role_id="AROA0002"), begun=True)

    assert differences(a_removal(), detached) == ()
    assert len(differences(a_removal(), touched)) == 2


@pytest.mark.parametrize("name", ["fix_id", "role_id", "tags"])
def test_the_hash_is_of_everything_that_is_approved(name: str):
    other = {"tags": TAGS[1:]}.get(name, "other")

    assert a_removal(**{name: other}).hash != a_removal().hash


@pytest.mark.parametrize(
    "name", [f.name for f in fields(Plan) if f.name not in ("fingerprint", "account_id")]
)
def test_the_hash_is_of_the_role_as_the_fix_made_it(name: str):
    plan = replace(a_plan(), **{name: 7200 if name == "max_session_seconds" else "other"})

    assert a_removal(plan=plan).hash != a_removal().hash


def test_an_undo_and_its_fix_are_never_approved_by_the_same_hash():
    assert an_undo().approved_hash == a_removal().hash
    assert an_undo().approved_hash != an_applied_fix().approved_hash == a_plan().hash


@pytest.mark.parametrize("state", [RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED])
def test_an_applied_fix_leaves_what_it_made(state: RequestState):
    assert an_applied_fix(state=state).leaves == a_removal()


@pytest.mark.parametrize(
    "request_",
    [
        *(an_applied_fix(state=s) for s in RequestState if not s.value.startswith("applied")),
        an_applied_fix(outcome=Outcome()),
        an_applied_fix(decision=None),
        an_undo(RequestState.APPLIED_UNVERIFIED, decision=an_approval(), outcome=Outcome(role_id=ROLE_ID)),
    ],
    ids=lambda request: f"{request.kind} {request.state}",
)
def test_nothing_else_leaves_anything(request_: Any):
    assert request_.leaves is None


def test_only_what_was_approved_and_is_being_applied_or_was_applied_can_be_undone():
    sources = {state for state, after in MOVES.items() if RequestState.UNDONE in after}

    assert sources == {RequestState.APPLYING, RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED}


def a_context(**changes: Any) -> Context:
    """A click on an undo that every guard allows."""
    context = Context(
        now=NOW,
        policy=a_policy(),
        paused=False,
        request=an_undo(),
        click=Click(APPROVER, APPROVALS, is_shared_channel=False),
        clicker=a_member(),
        account=an_account(),
        changes_in_last_hour=0,
        remains=remaining(),
    )
    return replace(context, **changes)


def test_an_undo_needs_neither_principal_nor_plan_but_the_role_as_it_was():
    assert guards.first_refusal(guards.AT_UNDO, a_context(target=None, plan_now=None)) is None


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (a_context(remains=None), "could not be read"),
        (a_context(request=an_undo(removal=None)), "could not be read"),
        (a_context(remains=Remains(unreadable=UNREADABLE)), "GetRole: AccessDenied"),
        (a_context(remains=Remains(a_present_role(), unreadable=UNREADABLE)), "GetRole: AccessDenied"),
        (a_context(remains=Remains()), "not there any more"),
        (a_context(remains=remaining(policies=(POLICY, OTHER), inline_policies=("x",))), "inline policy x"),
    ],
)
def test_nothing_differs_refuses_what_differs_and_what_it_cannot_see(context: Context, said: str):
    decision = guards.NothingDiffers().check(context)

    assert isinstance(decision, Refused)
    assert decision.guard == "nothing_differs"
    assert said in decision.reason


def test_nothing_differs_allows_the_role_as_it_was_left():
    assert guards.NothingDiffers().check(a_context()) is ALLOWED


def test_an_undo_is_turned_down_in_its_own_words():
    own = guards.first_refusal(guards.AT_UNDO, a_context(request=an_undo(requester=APPROVER)))
    late = guards.first_refusal(guards.AT_UNDO, a_context(now=an_undo().expires_at))
    paused = guards.first_refusal(guards.AT_UNDO, a_context(paused=True))

    assert own is not None
    assert late is not None
    assert paused is not None
    assert own.reason == "You asked for this undo; a second person must approve it."
    assert late.next_step == "Press Undo on the record of fix-1 again."
    assert paused.reason == "Undos are paused by an administrator."
