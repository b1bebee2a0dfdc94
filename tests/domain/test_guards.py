"""Each guard allows what it should and refuses the rest, above all what it cannot evaluate."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from building.undos import an_undo
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
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import guards
from bot.domain.account import AccountId, AccountState
from bot.domain.facts import Unreadable, UnreadableCode
from bot.domain.freeze import FreezeWindow
from bot.domain.guards import (
    ALLOWED,
    AT_DECISION,
    AT_DENIAL,
    AT_REQUEST,
    Click,
    Context,
    Decision,
    Guard,
    Refused,
    first_refusal,
)
from bot.domain.plan import Existence, ExistingRole, PrincipalFact
from bot.domain.request import Approval, Mode, Person, RemediationRequest, RequestState


def a_click(person: Person = APPROVER, channel: str = APPROVALS, *, shared: bool | None = False) -> Click:
    return Click(person, channel, is_shared_channel=shared)


def at_home(*, shared: bool | None = False) -> Click:
    return Click(APPROVER, "", is_shared_channel=shared, is_home=True)


def a_context(**changes: Any) -> Context:
    """A click that every guard allows."""
    account = an_account()
    context = Context(
        now=NOW,
        policy=a_policy(),
        paused=False,
        request=a_request(),
        click=a_click(),
        clicker=a_member(),
        account=account,
        target=a_target(account),
        plan_now=a_plan(account),
        changes_in_last_hour=0,
    )
    return replace(context, **changes)


UNREADABLE = Unreadable(UnreadableCode.ACCESS_DENIED, "GetRole: AccessDenied", "Allow iam:GetRole.")
RESPONDER = an_account().trusted_principals[0]


def with_policy(**changes: Any) -> Context:
    return a_context(policy=a_policy(**changes))


def with_account(**changes: Any) -> Context:
    account = an_account(**changes)
    return a_context(account=account, target=a_target(account))


def with_request(state: RequestState = RequestState.PENDING, **changes: Any) -> Context:
    return a_context(request=a_request(state, **changes))


def running() -> Context:
    return a_context(request=a_request(RequestState.APPLYING), expected_state=RequestState.APPLYING)


def approved(decision: Approval | None) -> Context:
    """Just before the write of what was approved like that."""
    request = a_request(RequestState.APPLYING, decision=decision)
    return a_context(request=request, expected_state=RequestState.APPLYING)


def with_principal(existence: Existence | None, unreadable: Unreadable | None = None) -> Context:
    fact = PrincipalFact(RESPONDER, existence, unreadable)
    return a_context(target=a_target(an_account(), principals=(fact,)))


def with_role(**changes: Any) -> Context:
    """An approved request, and a role of the planned name as its own run would have left it."""
    plan, request = a_plan(), a_request(RequestState.APPLYING, decision=an_approval())
    ours = ExistingRole(
        plan.role_name, plan.role_arn, "AROA1", plan.trust, plan.tags(request.id, APPROVER.user_id)
    )
    target = a_target(an_account(), existing_role=replace(ours, **changes))
    return a_context(request=request, target=target)


def with_others_tag(key: str, value: str) -> Context:
    tags = dict(a_plan().tags("fix-1", APPROVER.user_id)) | {key: value}
    return with_role(tags=tuple(tags.items()))


REFUSED = [
    (guards.RemediationEnabled(), with_policy(mode=Mode.OFF), "switched off"),
    (guards.RemediationEnabled(), a_context(paused=True), "paused by an administrator"),
    (guards.RemediationEnabled(), a_context(paused=None), "could not be read"),
    (guards.WorkspaceAndChannel(), with_policy(team_ids=frozenset({"T0OTHER"})), "workspace"),
    (guards.WorkspaceAndChannel(), with_policy(team_ids=frozenset()), "workspace"),
    (guards.WorkspaceAndChannel(), a_context(click=a_click(channel="C0OTHER")), "approval channel alone"),
    (guards.WorkspaceAndChannel(), a_context(click=a_click(channel="")), "approval channel alone"),
    (guards.WorkspaceAndChannel(), a_context(click=a_click(shared=True)), "Slack Connect"),
    (guards.WorkspaceAndChannel(), a_context(click=a_click(shared=None)), "could not be read"),
    (
        guards.WorkspaceAndChannel(),
        a_context(policy=a_policy(approval_channel=""), click=a_click(channel="")),
        "no approval channel",
    ),
    (guards.WorkspaceAndChannel(), a_context(click=at_home(shared=True)), "The approval channel is shared"),
    (guards.WorkspaceAndChannel(), a_context(click=at_home(shared=None)), "could not be read"),
    (
        guards.WorkspaceAndChannel(),
        a_context(click=at_home(), policy=a_policy(team_ids=frozenset({"T0OTHER"}))),
        "workspace",
    ),
    (
        guards.WorkspaceAndChannel(),
        a_context(click=at_home(), policy=a_policy(approval_channel="")),
        "no approval channel",
    ),
    (guards.ActorIsAMember(), a_context(clicker=None), "could not say who you are"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(user_id="U0ELSE")), "someone else"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(is_bot=True)), "Only people"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(is_deleted=True)), "active account"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(is_restricted=True)), "Guests"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(is_ultra_restricted=True)), "Guests"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(is_stranger=True)), "other workspaces"),
    (guards.ActorIsAMember(), a_context(clicker=a_member(team_id="T0OTHER")), "other workspaces"),
    (guards.ApproverAllowed(), with_policy(approvers=frozenset()), "no approvers are configured"),
    (guards.ApproverAllowed(), with_policy(approvers=frozenset({"U0ELSE"})), "not an approver"),
    (
        guards.ApproverAllowed(),
        a_context(
            policy=a_policy(approvers=frozenset(), approver_groups=frozenset({"S0A"})),
            group_members={"S0A": None},
        ),
        "could not be read",
    ),
    (
        guards.ApproverAllowed(),
        with_policy(approvers=frozenset(), approver_groups=frozenset({"S0NEVER-ASKED-FOR"})),
        "could not be read",
    ),
    (
        guards.ApproverAllowed(),
        a_context(
            policy=a_policy(approvers=frozenset(), approver_groups=frozenset({"S0A"})),
            group_members={"S0A": frozenset(), "S0OTHER": frozenset({APPROVER.user_id})},
        ),
        "not an approver",
    ),
    (guards.NotTheRequester(), a_context(click=a_click(ASKER)), "a second person must approve"),
    (guards.RequestIsPending(), with_request(RequestState.PREPARING), "still being prepared"),
    (
        guards.RequestIsPending(),
        with_request(RequestState.APPROVED, decision=an_approval()),
        "This request is already approved by <@U0APPROVER>; it starts in a moment.",
    ),
    (
        guards.RequestIsPending(),
        with_request(RequestState.APPLYING, decision=an_approval()),
        "This request is already approved by <@U0APPROVER>; it is being applied.",
    ),
    (guards.RequestIsPending(), with_request(RequestState.EXPIRED), "already expired"),
    (guards.NotExpired(), with_request(expires_at=NOW), "has expired"),
    (guards.NotExpired(), with_request(expires_at=NOW - timedelta(days=1)), "has expired"),
    (guards.AccountInScope(), a_context(account=None), "not in scope"),
    (guards.AccountInScope(), with_account(account_id="999999999999"), "not in scope"),
    (guards.AccountInScope(), with_policy(excluded_accounts=frozenset({an_account().id})), "not in scope"),
    (guards.AccountInScope(), with_policy(listed_accounts=frozenset()), "not in scope"),
    (guards.AccountInScope(), with_account(state=AccountState.SUSPENDED), "SUSPENDED"),
    (guards.AccountInScope(), with_account(state=AccountState.PENDING_ACTIVATION), "PENDING_ACTIVATION"),
    (guards.AccountInScope(), with_account(state=AccountState.OTHER), "a state that this bot does not know"),
    (guards.AccountInScope(), with_account(is_management=True), "protected"),
    (
        guards.AccountInScope(),
        with_policy(protected_accounts=frozenset({an_account().id})),
        "protected",
    ),
    (guards.ChangeWindow(), with_policy(freeze=(FreezeWindow("0 9 * * *", 120, "UTC"),)), "frozen until"),
    (
        guards.ChangeWindow(),
        with_policy(freeze=(FreezeWindow("0 1 * * *", 5, "UTC"), FreezeWindow("59 9 * * *", 2, "UTC"))),
        "2026-03-02 10:01 UTC",
    ),
    (guards.WithinChangeLimit(), a_context(changes_in_last_hour=5), "the limit is 5"),
    (guards.WithinChangeLimit(), a_context(changes_in_last_hour=6), "the limit is 5"),
    (guards.WithinChangeLimit(), a_context(changes_in_last_hour=None), "could not be read"),
    (
        guards.WithinChangeLimit(),
        a_context(policy=a_policy(max_changes_per_hour=0), changes_in_last_hour=0),
        "the limit is 0",
    ),
    (guards.PrincipalIsSound(), a_context(account=None), "could not be read"),
    (guards.PrincipalIsSound(), a_context(target=None), "could not be read"),
    (
        guards.PrincipalIsSound(),
        a_context(target=a_target(an_account(trusted_principals=(RESPONDER, RESPONDER + "2")))),
        "Settings have changed whom",
    ),
    (
        guards.PrincipalIsSound(),
        a_context(account=an_account(trusted_account_ids=frozenset({AccountId("999999999999")}))),
        "Settings have changed whom",
    ),
    (guards.PrincipalIsSound(), with_account(trusted_principals=()), "No principal is configured"),
    (guards.PrincipalIsSound(), with_account(trusted_principals=("*",)), "* cannot be trusted"),
    (guards.PrincipalIsSound(), with_principal(Existence.MISSING), "does not exist"),
    (guards.PrincipalIsSound(), with_principal(None, UNREADABLE), "GetRole: AccessDenied"),
    (guards.PrincipalIsSound(), with_principal(None), "it was not read"),
    (guards.PrincipalIsSound(), a_context(target=a_target(an_account(), principals=())), "it was not read"),
    (guards.PlanUnchanged(), a_context(plan_now=None), "could not be read"),
    (guards.PlanUnchanged(), with_request(plan=None), "could not be read"),
    (guards.PlanUnchanged(), a_context(plan_now=a_plan(fingerprint="other")), "The plan has changed"),
    (guards.PlanUnchanged(), a_context(plan_now=a_plan(trust="{}")), "The plan has changed"),
    (guards.PlanUnchanged(), approved(None), "not the one that was approved (none)"),
    (guards.PlanUnchanged(), approved(an_approval(plan_hash="0" * 64)), "approved (000000000000)"),
    (guards.RoleNameIsFree(), a_context(target=None), "could not be read"),
    (
        guards.RoleNameIsFree(),
        a_context(request=a_request(plan=None), plan_now=None),
        "could not be read",
    ),
    (
        guards.RoleNameIsFree(),
        a_context(target=a_target(an_account(), existing_role_unreadable=UNREADABLE)),
        "GetRole: AccessDenied",
    ),
    (guards.RoleNameIsFree(), with_role(tags=()), "was not made by this request"),
    (guards.RoleNameIsFree(), with_others_tag("managed-by", "somebody"), "was not made by this request"),
    (guards.RoleNameIsFree(), with_others_tag("support-role-bot:request", "fix-2"), "not made by this"),
    (guards.RoleNameIsFree(), with_others_tag("support-role-bot:plan", "0" * 12), "not made by this"),
    (guards.RoleNameIsFree(), with_others_tag("support-role-bot:approver", "U0ELSE"), "not made by this"),
    (guards.RoleNameIsFree(), with_role(trust='{"Statement": []}'), "was not made by this request"),
    (
        guards.RoleNameIsFree(),
        with_role(name="AWS-Support-Access", arn=a_plan().role_arn.replace("aws-s", "AWS-S")),
        "A role named AWS-Support-Access exists",
    ),
    (
        guards.RoleNameIsFree(),
        with_role(arn=a_plan().role_arn.replace("role/", "role/elsewhere/")),
        "was not made by this request",
    ),
    (guards.RoleNameIsFree(), with_role(trust="no JSON"), "was not made by this request"),
]


@pytest.mark.parametrize(("guard", "context", "words"), REFUSED)
def test_a_guard_refuses_and_says_why(guard: Guard, context: Context, words: str):
    decision = guard.check(context)

    assert isinstance(decision, Refused)
    assert decision.guard == guard.name
    assert words in decision.reason


GROUP = frozenset({"S0A", "S0B"})


@pytest.mark.parametrize(
    ("guard", "context"),
    [
        (guards.RemediationEnabled(), with_policy(mode=Mode.DRY_RUN)),
        (guards.WorkspaceAndChannel(), a_context(click=at_home())),
        (guards.NotExpired(), with_request(expires_at=NOW + timedelta(microseconds=1))),
        (guards.WithinChangeLimit(), a_context(changes_in_last_hour=4)),
        (guards.ChangeWindow(), with_policy(freeze=(FreezeWindow("0 9 * * *", 60, "UTC"),))),
        (guards.PrincipalIsSound(), with_principal(Existence.IAM_DECIDES)),
        (guards.RequestIsPending(), running()),
        (guards.PlanUnchanged(), approved(an_approval())),
        (guards.RoleNameIsFree(), with_role()),
        (guards.RoleNameIsFree(), with_others_tag("team", "security")),
        (
            guards.ApproverAllowed(),
            a_context(
                policy=a_policy(approvers=frozenset(), approver_groups=GROUP),
                group_members={"S0A": None, "S0B": frozenset({APPROVER.user_id})},
            ),
        ),
        (
            guards.ApproverAllowed(),
            a_context(policy=a_policy(approver_groups=GROUP), group_members={"S0A": None, "S0B": None}),
        ),
    ],
)
def test_a_guard_allows_what_is_just_within_its_rule(guard: Guard, context: Context):
    assert guard.check(context) == ALLOWED


@pytest.mark.parametrize("rules", [AT_REQUEST, AT_DECISION, AT_DENIAL])
def test_when_all_is_well_no_guard_refuses(rules: tuple[Guard, ...]):
    assert first_refusal(rules, a_context()) is None


def test_every_guard_of_the_design_runs_at_the_decision():
    assert {guard.name for guard in AT_DECISION} == {
        "remediation_enabled",
        "workspace_and_channel",
        "actor_is_a_member",
        "not_the_requester",
        "approver_allowed",
        "request_is_pending",
        "not_expired",
        "account_in_scope",
        "change_window",
        "within_change_limit",
        "principal_is_sound",
        "plan_unchanged",
        "role_name_is_free",
    }


def test_the_names_of_guards_are_unique_among_those_that_run_together():
    for rules in (AT_REQUEST, AT_DECISION, AT_DENIAL):
        assert len({guard.name for guard in rules}) == len(rules)


def test_the_role_names_own_run_is_recognised_though_iam_spells_its_trust_otherwise():
    """IAM gives a list of principals back in an order of its own, and a list of one bare."""
    account = an_account(
        trusted_principals=(RESPONDER, RESPONDER.replace("Responder", "Analyst")),
    )
    plan = a_plan(account)
    request = a_request(RequestState.APPLYING, plan=plan, decision=an_approval())
    first, second = sorted(account.trusted_principals)
    spelled = plan.trust.replace(f'["{first}","{second}"]', f'["{second}", "{first}"]')
    tags = plan.tags(request.id, APPROVER.user_id)
    role = ExistingRole(plan.role_name, plan.role_arn, "AROA1", spelled, tags)
    context = a_context(account=account, request=request, target=a_target(account, existing_role=role))

    assert spelled != plan.trust
    assert guards.RoleNameIsFree().check(context) == ALLOWED


@pytest.mark.parametrize(
    ("clicker", "allowed"),
    [
        (Person(TEAM, "U0ASKER"), False),
        (Person(TEAM, "U0APPROVER"), True),
        (Person("T0OTHER", "U0ASKER"), True),  # another human: ids are unique only within their team
        (Person("T0OTHER", "U0ASKER", "E0GRID"), False),  # may be the same one: whether cannot be told
    ],
)
def test_the_requester_is_known_by_enterprise_team_and_user(clicker: Person, *, allowed: bool):
    decision = guards.NotTheRequester().check(a_context(click=a_click(clicker)))

    assert (decision == ALLOWED) is allowed


@pytest.mark.parametrize(
    ("clicker", "allowed"),
    [
        (Person("T0OTHER", "U0ASKER", "E0GRID"), False),
        (Person(TEAM, "U0ASKER", "E0OTHER"), False),
        (Person("T0OTHER", "U0ASKER", "E0OTHER"), True),
        (Person("T0OTHER", "U0ASKER"), False),
        (Person(TEAM, "U0ASKER"), False),
    ],
)
def test_within_an_enterprise_the_requester_is_the_same_in_every_workspace(clicker: Person, *, allowed: bool):
    request = a_request(requester=Person(TEAM, "U0ASKER", "E0GRID"))

    decision = guards.NotTheRequester().check(a_context(request=request, click=a_click(clicker)))

    assert (decision == ALLOWED) is allowed


def test_whoever_asked_is_told_who_else_may_approve():
    policy = a_policy(approvers=frozenset({ASKER.user_id, "U0THIRD"}), approver_groups=frozenset({"S0CLOUD"}))

    refusal = guards.NotTheRequester().check(a_context(policy=policy, click=a_click(ASKER)))

    assert isinstance(refusal, Refused)
    assert refusal.next_step == "Ask <!subteam^S0CLOUD> or <@U0THIRD>."


@pytest.mark.parametrize(
    ("asked", "reason", "ask_again"),
    [
        (
            a_request(expires_at=NOW),
            "You asked for this fix; a second person must approve it.",
            "Ask again: /support-role fix 111122223333",
        ),
        (
            an_undo(requester=ASKER, expires_at=NOW),
            "You asked for this undo; a second person must approve it.",
            "Press Undo on the record of fix-1 again.",
        ),
    ],
    ids=["fix", "undo"],
)
def test_refusals_say_what_was_asked_for(asked: RemediationRequest, reason: str, ask_again: str):
    context = a_context(request=asked, click=a_click(ASKER))

    same_person, too_late = guards.NotTheRequester().check(context), guards.NotExpired().check(context)

    assert isinstance(same_person, Refused)
    assert isinstance(too_late, Refused)
    assert (same_person.reason, too_late.next_step) == (reason, ask_again)


def test_whoever_asked_and_is_the_only_approver_is_sent_to_an_administrator():
    context = a_context(policy=a_policy(approvers=frozenset({ASKER.user_id})), click=a_click(ASKER))

    refusal = guards.NotTheRequester().check(context)

    assert isinstance(refusal, Refused)
    assert "no other approver" in refusal.next_step


@dataclass(frozen=True)
class Raises:
    name: str = "raises"

    def check(self, context: Context) -> Decision:
        raise KeyError(context.now)


@dataclass(frozen=True)
class Says:
    decision: Decision
    name: str = "says"

    def check(self, context: Context) -> Decision:
        return self.decision


def test_a_guard_that_raises_refuses():
    refusal = first_refusal((Raises(),), a_context())

    assert refusal is not None
    assert refusal.guard == "raises"
    assert "KeyError" in refusal.reason


@pytest.mark.parametrize("answer", [None, True, guards.Allowed, guards.Refused, "no"])
def test_a_guard_that_neither_allows_nor_refuses_refuses(answer: Any):
    refusal = first_refusal((Says(answer),), a_context())

    assert refusal is not None
    assert "could not be evaluated" in refusal.reason


def test_a_broken_freeze_window_refuses():
    context = with_policy(freeze=(FreezeWindow("no cron", 5, "Europe/Nowhere"),))

    refusal = first_refusal(AT_DECISION, context)

    assert refusal is not None
    assert refusal.guard == "change_window"


def test_the_first_guard_that_refuses_is_the_one_that_is_named():
    rules = (Says(ALLOWED), Says(Refused("one", "…")), Raises())

    assert first_refusal(rules, a_context()) == Refused("one", "…")


GUARDS = st.one_of(
    st.sampled_from(AT_DECISION),
    st.just(Raises()),
    st.sampled_from([Says(ALLOWED), Says(Refused("says", "no"))]),
)
CONTEXTS = st.sampled_from(
    [a_context(), a_context(click=at_home()), *(context for _, context, _ in REFUSED)],
)


@given(st.lists(GUARDS, max_size=5), GUARDS, st.integers(0, 5), CONTEXTS)
def test_adding_a_guard_never_allows_what_was_refused(
    rules: list[Guard], added: Guard, place: int, context: Context
):
    more = [*rules[:place], added, *rules[place:]]

    if first_refusal(rules, context) is not None:
        assert first_refusal(more, context) is not None


@given(st.permutations(AT_DECISION), CONTEXTS)
def test_the_order_of_guards_changes_who_refuses_but_not_whether(order: list[Guard], context: Context):
    assert (first_refusal(order, context) is None) is (first_refusal(AT_DECISION, context) is None)


def test_a_protected_account_is_protected_by_its_id_alone():
    context = a_context(policy=a_policy(protected_accounts=frozenset({AccountId("999999999999")})))

    assert guards.AccountInScope().check(context) == ALLOWED
