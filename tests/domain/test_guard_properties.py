"""What holds for the guards whatever they look at: nothing that is missing ever helps whoever clicks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from building.undos import a_removal, an_undo, remaining
from building.values import (
    APPROVALS,
    APPROVER,
    ASKER,
    NOW,
    TEAM,
    a_member,
    a_plan,
    a_policy,
    a_request,
    a_target,
    an_account,
    an_approval,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import guards
from bot.domain.account import AccountState
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.freeze import FreezeWindow
from bot.domain.guards import Click, Context, Guard, first_refusal
from bot.domain.plan import Existence, ExistingRole, PrincipalFact
from bot.domain.request import Mode, Person, RequestState
from bot.domain.undo import Remains

RULES = {
    name: rules for name, rules in vars(guards).items() if name.startswith("AT_") and isinstance(rules, tuple)
}
"""Every set of guards that there is, by its name."""
ALL: tuple[Guard, ...] = tuple(dict.fromkeys(guard for rules in RULES.values() for guard in rules))

GROUP = "S0CLOUD"
OTHER = Person(TEAM, "U0OTHER")
ASKER_IN_GRID = Person("T0ELSE", ASKER.user_id, "E0GRID")
UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "GetRole: AccessDenied", "Allow iam:GetRole.")
ACCOUNT, PLAN = an_account(), a_plan()
RESPONDER = ACCOUNT.trusted_principals[0]
OURS = ExistingRole(PLAN.role_name, PLAN.role_arn, "AROA1", PLAN.trust, PLAN.tags("fix-1", APPROVER.user_id))


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """The first is how it is when all is well, and comes up as often as all others."""
    return st.just(values[0]) | st.sampled_from(values)


POLICIES = st.builds(
    a_policy,
    mode=one_of(Mode.APPLY, Mode.DRY_RUN, Mode.OFF),
    team_ids=one_of(frozenset({TEAM}), frozenset(), frozenset({"T0ELSE"})),
    approval_channel=one_of(APPROVALS, "C0OTHER", ""),
    approvers=one_of(frozenset({APPROVER.user_id}), frozenset()),
    approver_groups=one_of(frozenset(), frozenset({GROUP})),
    max_changes_per_hour=one_of(5, 0),
    protected_accounts=one_of(frozenset(), frozenset({ACCOUNT.id})),
    freeze=one_of((), (FreezeWindow("0 9 * * *", 120, "UTC"),), (FreezeWindow("no cron", 1, "UTC"),)),
)
PEOPLE = one_of(APPROVER, ASKER, OTHER, ASKER_IN_GRID)
REQUESTS = st.builds(
    a_request,
    state=one_of(RequestState.PENDING, RequestState.APPLYING, RequestState.EXPIRED),
    requester=one_of(ASKER, APPROVER, ASKER_IN_GRID),
    expires_at=one_of(NOW + timedelta(hours=1), NOW),
    plan=one_of(PLAN, a_plan(fingerprint="other"), None),
    decision=one_of(an_approval(), None),
) | st.builds(
    an_undo,
    state=one_of(RequestState.PENDING, RequestState.APPLYING),
    removal=one_of(a_removal(), a_removal(role_id="AROA9"), None),
)
TARGETS = st.builds(
    lambda role, unreadable, existence: a_target(
        ACCOUNT,
        existing_role=role,
        existing_role_unreadable=unreadable,
        principals=(PrincipalFact(RESPONDER, existence),),
    ),
    one_of(None, OURS, replace(OURS, trust="{}"), replace(OURS, tags=())),
    one_of(None, UNREADABLE),
    one_of(Existence.EXISTS, Existence.IAM_DECIDES, Existence.MISSING, None),
)
CONTEXTS = st.builds(
    Context,
    now=st.just(NOW),
    policy=POLICIES,
    paused=one_of(False, True, None),
    request=REQUESTS,
    click=st.builds(
        Click, PEOPLE, one_of(APPROVALS, "C0OTHER", ""), one_of(False, True, None), one_of(False, True)
    ),
    clicker=one_of(
        a_member(),
        a_member(ASKER),
        a_member(is_restricted=True),
        a_member(is_deleted=True),
        a_member(is_stranger=True),
        None,
    ),
    group_members=one_of(
        {GROUP: frozenset({APPROVER.user_id, OTHER.user_id})}, {GROUP: frozenset()}, {GROUP: None}, {}
    ),
    account=one_of(
        ACCOUNT,
        replace(ACCOUNT, state=AccountState.SUSPENDED),
        replace(ACCOUNT, trusted_principals=("*",)),
        replace(ACCOUNT, is_management=True),
        None,
    ),
    target=TARGETS | st.none(),
    plan_now=one_of(PLAN, a_plan(trust="{}"), None),
    changes_in_last_hour=one_of(0, 5, None),
    expected_state=one_of(RequestState.PENDING, RequestState.APPLYING),
    remains=one_of(remaining(), remaining(policies=()), Remains(), Remains(unreadable=UNREADABLE), None),
)
SETS = st.sampled_from(sorted(RULES)).map(RULES.__getitem__)
QUICK = settings(deadline=None, derandomize=True, database=None, max_examples=300)


def refuses(rules: tuple[Guard, ...], context: Context) -> bool:
    return first_refusal(rules, context) is not None


@QUICK
@given(st.lists(st.sampled_from(ALL), unique=True), CONTEXTS)
def test_guards_together_refuse_exactly_when_one_of_them_does(rules: list[Guard], context: Context) -> None:
    """So that one more can only take away, and their order decides nothing but who is named."""
    assert refuses(tuple(rules), context) is any(refuses((guard,), context) for guard in rules)


# --- what is missing ---------------------------------------------------------------------------------------

Forget = Callable[[Context], Context]


def changed(value: Any, **changes: Any) -> Any:
    """Of the same kind, but with fields that may be of another."""
    return replace(value, **changes)


def without(name: str) -> Forget:
    return lambda context: changed(context, **{name: None})


def request_without(name: str) -> Forget:
    return lambda context: replace(context, request=changed(context.request, **{name: None}))


def group_unread(context: Context) -> Context:
    members: Mapping[str, frozenset[str] | None] = dict.fromkeys(context.group_members)
    return replace(context, group_members=members)


def principals_unread(context: Context) -> Context:
    if context.target is None:
        return context
    unread = tuple(replace(fact, existence=None) for fact in context.target.principals)
    return replace(context, target=replace(context.target, principals=unread))


def channel_unread(context: Context) -> Context:
    return replace(context, click=replace(context.click, is_shared_channel=None))


def enterprise_of_the_clicker_unknown(context: Context) -> Context:
    """While that of the requester is known: without both, two workspaces are two companies."""
    if not context.request.requester.enterprise_id:
        return context
    person = replace(context.click.person, enterprise_id="")
    return replace(context, click=replace(context.click, person=person))


def enterprise_of_the_requester_unknown(context: Context) -> Context:
    if not context.click.person.enterprise_id:
        return context
    requester = replace(context.request.requester, enterprise_id="")
    return replace(context, request=replace(context.request, requester=requester))


MAY_BE_NONE = [f.name for f in fields(Context) if "None" in str(f.type) and f.name != "group_members"]
FORGETS: dict[str, Forget] = {
    **{name: without(name) for name in MAY_BE_NONE},
    **{f"request.{name}": request_without(name) for name in ("plan", "removal", "decision")},
    "group_members": group_unread,
    "no group_members": lambda context: replace(context, group_members={}),
    "target.principals": principals_unread,
    "click.is_shared_channel": channel_unread,
    "click.person.enterprise_id": enterprise_of_the_clicker_unknown,
    "request.requester.enterprise_id": enterprise_of_the_requester_unknown,
}


def test_every_field_that_may_be_missing_is_taken_away_below() -> None:
    assert set(MAY_BE_NONE) >= {"paused", "clicker", "account", "target", "plan_now", "changes_in_last_hour"}


@QUICK
@given(CONTEXTS)
def test_app_home_stands_for_the_approval_channel_and_for_nothing_else(context: Context) -> None:
    """A click in App Home decides what the same click in the approval channel would have decided."""
    there = replace(context.click, channel_id=context.policy.approval_channel, is_home=False)
    home = replace(context.click, is_home=True)

    for guard in ALL:
        refused_there = refuses((guard,), replace(context, click=there))
        assert refuses((guard,), replace(context, click=home)) is refused_there, guard.name


@QUICK
@given(CONTEXTS)
def test_what_could_not_be_read_never_turns_a_refusal_into_an_allowance(context: Context) -> None:
    """Of each guard by itself, so of all of them together."""
    for guard in ALL:
        if refuses((guard,), context):
            helped = [name for name, forget in FORGETS.items() if not refuses((guard,), forget(context))]
            assert helped == [], guard.name


# --- a guard by itself -------------------------------------------------------------------------------------


@dataclass
class Watched:
    """A context that remembers what a guard looked at."""

    context: Context
    seen: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        known = getattr(Context, name)
        if isinstance(known, property) and known.fget is not None:
            return known.fget(self)  # what it is made from is what was looked at
        self.seen.add(name)
        return getattr(self.context, name)


def when_all_is_well() -> Context:
    """With a freeze window that is not now, so that whoever asks for the time does so."""
    return Context(
        now=NOW,
        policy=a_policy(freeze=(FreezeWindow("0 1 * * *", 5, "UTC"),)),
        paused=False,
        request=an_undo(plan=PLAN),
        click=Click(APPROVER, APPROVALS, is_shared_channel=False),
        clicker=a_member(),
        account=ACCOUNT,
        target=a_target(ACCOUNT),
        plan_now=PLAN,
        changes_in_last_hour=0,
        remains=remaining(),
    )


@pytest.mark.parametrize("guard", ALL, ids=lambda guard: f"{guard.name} {getattr(guard, 'what', '')}")
def test_a_guard_by_itself_refuses_when_anything_that_it_looks_at_is_missing(guard: Guard) -> None:
    watched = Watched(when_all_is_well())
    guard.check(watched)  # type: ignore[arg-type]  # as much of a context as is needed
    assert watched.seen
    assert not refuses((guard,), when_all_is_well())

    allowed = [name for name in watched.seen if not refuses((guard,), without(name)(when_all_is_well()))]

    # The members of groups do not matter to whoever is an approver by name.
    assert set(allowed) <= {"group_members"}
    assert refuses((guard,), changed(when_all_is_well(), **dict.fromkeys(watched.seen)))
