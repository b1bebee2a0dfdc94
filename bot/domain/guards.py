"""The guards of a fix: small rules that each allow or refuse, run at the click and again before the write.

A guard sees only its context. Whatever it needs and does not find there refuses: a look-up that failed, a
fact that could not be read, a list that is empty. Adding a guard can only take away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain.account import Account, AccountId, AccountState
from bot.domain.freeze import FreezeWindow
from bot.domain.people import PersonFacts
from bot.domain.plan import Existence, Plan, TargetFacts
from bot.domain.principal import problem_with_principal
from bot.domain.request import Mode, Person, RemediationRequest, RequestKind, RequestState
from bot.domain.undo import Remains, describe, differences


@dataclass(frozen=True, slots=True)
class Policy:
    """What settings say about who may change what, and when."""

    mode: Mode
    team_ids: frozenset[str]
    approval_channel: str
    approvers: frozenset[str]
    approver_groups: frozenset[str]
    max_changes_per_hour: int
    max_accounts_per_request: int
    protected_accounts: frozenset[AccountId]
    freeze: tuple[FreezeWindow, ...] = ()
    admins: frozenset[str] = frozenset()
    """Who may pause and resume; empty: nobody."""


@dataclass(frozen=True, slots=True)
class Click:
    """Who clicked where. From Slack's signed payload, never from the message's text."""

    person: Person
    channel_id: str
    is_shared_channel: bool | None
    """A Slack Connect channel; None when it could not be told."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that guards look at. None always means: could not be read."""

    now: datetime
    policy: Policy
    paused: bool | None
    request: RemediationRequest
    click: Click
    clicker: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    account: Account | None = None
    """The account as it is in scope now; None when it is not, or no longer."""
    target: TargetFacts | None = None
    plan_now: Plan | None = None
    """The plan made from settings and facts of now."""
    changes_in_last_hour: int | None = None
    expected_state: RequestState = RequestState.PENDING
    remains: Remains | None = None
    """For an undo: what is there of the fix."""


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: which guard, why, and what would help, in words for whoever clicked."""

    guard: str
    reason: str
    next_step: str = ""


Decision = Allowed | Refused
ALLOWED = Allowed()


class Clicked(Protocol):
    """What a guard of people and places looks at, whatever it is that they decide about."""

    @property
    def policy(self) -> Policy: ...

    @property
    def click(self) -> Click: ...

    @property
    def clicker(self) -> PersonFacts | None: ...

    @property
    def group_members(self) -> Mapping[str, frozenset[str] | None]: ...


Seen = TypeVar("Seen")
Seen_contra = TypeVar("Seen_contra", contravariant=True)


class GuardOf(Protocol[Seen_contra]):
    @property
    def name(self) -> str: ...

    def check(self, context: Seen_contra, /) -> Decision: ...


Guard = GuardOf[Context]
"""A guard of a fix."""


def first_refusal(guards: Sequence[GuardOf[Seen]], context: Seen) -> Refused | None:
    """The first guard that refuses, in order; a guard that raises refuses too."""
    for guard in guards:
        try:
            decision = guard.check(context)
        except Exception as fault:  # noqa: BLE001 - fail closed, whatever the fault
            return Refused(
                guard.name,
                f"The rule {guard.name} could not be evaluated ({type(fault).__name__}).",
                "Nothing was changed. Tell whoever runs this bot.",
            )
        if isinstance(decision, Refused):
            return decision
    return None


@dataclass(frozen=True, slots=True)
class RemediationEnabled:
    name: str = "remediation_enabled"
    what: str = "Fixes"

    def check(self, context: Context) -> Decision:
        if context.policy.mode is Mode.OFF:
            return Refused(
                self.name,
                f"{self.what} are switched off (remediation.mode is off).",
                "Ask an administrator.",
            )
        if context.paused is None:
            text = f"Whether {self.what.lower()} are paused could not be read."
            return Refused(self.name, text, "Try again in a minute.")
        if context.paused:
            return Refused(
                self.name,
                f"{self.what} are paused by an administrator.",
                "An administrator can run /support-role resume.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class WorkspaceAndChannel:
    name: str = "workspace_and_channel"
    what: str = "Fixes"

    def check(self, context: Clicked) -> Decision:
        click, policy = context.click, context.policy
        if click.person.team_id not in policy.team_ids:
            return Refused(
                self.name, "This workspace is not one that may approve.", "See slack.team_ids in settings."
            )
        if click.channel_id != policy.approval_channel:
            return Refused(
                self.name,
                f"{self.what} are decided in the approval channel alone.",
                f"Decide in <#{policy.approval_channel}>.",
            )
        if click.is_shared_channel is None:
            return Refused(
                self.name,
                "Whether this channel is shared with another company could not be read.",
                "Try again in a minute.",
            )
        if click.is_shared_channel:
            return Refused(
                self.name,
                "This channel is shared with another company (Slack Connect).",
                "Use an approval channel that is not shared.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class ActorIsAMember:
    name: str = "actor_is_a_member"

    def check(self, context: Clicked) -> Decision:
        person = context.clicker
        if person is None:
            return Refused(self.name, "Slack could not say who you are just now.", "Try again in a minute.")
        if person.user_id != context.click.person.user_id:
            return Refused(self.name, "Slack answered about someone else.", "Try again in a minute.")
        if person.is_bot or person.is_deleted:
            return Refused(self.name, "Only people can decide, and only with an active account.")
        if person.is_restricted or person.is_ultra_restricted:
            return Refused(self.name, "Guests cannot decide.", "Ask a full member of the workspace.")
        if person.is_stranger or person.team_id not in context.policy.team_ids:
            return Refused(
                self.name, "People from other workspaces cannot decide.", "Ask a member of this one."
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class ApproverAllowed:
    name: str = "approver_allowed"

    def check(self, context: Clicked) -> Decision:
        policy = context.policy
        if not policy.approvers and not policy.approver_groups:
            return Refused(
                self.name,
                "Nobody may approve: no approvers are configured.",
                "Set remediation.approvers or remediation.approver_groups.",
            )
        user_id = context.click.person.user_id
        members = [context.group_members.get(group) for group in sorted(policy.approver_groups)]
        if user_id in policy.approvers or any(user_id in known for known in members if known is not None):
            return ALLOWED
        if any(known is None for known in members):
            return Refused(
                self.name,
                "The members of an approver group could not be read from Slack, so nobody in it may approve.",
                "Try again in a minute.",
            )
        return Refused(self.name, "You are not an approver.", f"Ask {approver_names(policy)}.")


@dataclass(frozen=True, slots=True)
class NotTheRequester:
    name: str = "not_the_requester"

    def check(self, context: Context) -> Decision:
        if not context.request.requester.may_be(context.click.person):
            return ALLOWED
        others = approver_names(context.policy, but=context.click.person.user_id)
        return Refused(
            self.name,
            f"You asked for this {context.request.kind.value}; a second person must approve it.",
            f"Ask {others}.",
        )


@dataclass(frozen=True, slots=True)
class RequestIsPending:
    name: str = "request_is_pending"

    def check(self, context: Context) -> Decision:
        state = context.request.state
        if state is context.expected_state:
            return ALLOWED
        if state is RequestState.PREPARING:
            return Refused(self.name, "This request is still being prepared.", "Try again in a moment.")
        decision = context.request.decision
        by = f" by <@{decision.person.user_id}>" if decision else ""
        return Refused(self.name, f"This request is already decided: {state.value}{by}.")


@dataclass(frozen=True, slots=True)
class NotExpired:
    name: str = "not_expired"

    def check(self, context: Context) -> Decision:
        if context.now < context.request.expires_at:
            return ALLOWED
        return Refused(
            self.name,
            "This request has expired.",
            ask_again(context.request),
        )


@dataclass(frozen=True, slots=True)
class AccountInScope:
    name: str = "account_in_scope"

    def check(self, context: Context) -> Decision:
        account = context.account
        if account is None or account.id != context.request.account_id:
            return Refused(
                self.name,
                f"{context.request.label} is not in scope, or no longer.",
                "See aws.accounts and aws.organization in settings.",
            )
        if account.state is not AccountState.ACTIVE:
            return Refused(self.name, f"{account.label} is {account.state.value}: nothing is changed there.")
        if account.id in context.policy.protected_accounts or account.is_management:
            return Refused(
                self.name,
                f"{account.label} is protected: this bot changes nothing there.",
                "Use the plan by hand, or see remediation.protected_accounts.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    name: str = "change_window"

    def check(self, context: Context) -> Decision:
        for window in context.policy.freeze:
            end = window.end_if_frozen(context.now)
            if end is not None:
                until = end.strftime("%Y-%m-%d %H:%M %Z")
                return Refused(
                    self.name, f"Changes are frozen until {until}.", f"Decide again after {until}."
                )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class WithinChangeLimit:
    name: str = "within_change_limit"

    def check(self, context: Context) -> Decision:
        limit, made = context.policy.max_changes_per_hour, context.changes_in_last_hour
        if made is None:
            return Refused(
                self.name, "How many changes were made lately could not be read.", "Try again in a minute."
            )
        if made >= limit:
            return Refused(
                self.name,
                f"{made} accounts were changed in the last hour; the limit is {limit}.",
                "Decide again later, or see remediation.max_changes_per_hour.",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class PrincipalIsSound:
    name: str = "principal_is_sound"

    def check(self, context: Context) -> Decision:
        account, target = context.account, context.target
        if account is None or target is None:
            return _unread(self.name)
        if not account.trusted_principals:
            return Refused(
                self.name,
                f"No principal is configured for {account.label}, so nobody could use the role.",
                "Set remediation.trusted_principals.",
            )
        for arn in account.trusted_principals:
            problem = problem_with_principal(arn, account)
            if problem:
                return Refused(
                    self.name, f"{arn} cannot be trusted: {problem}.", "See remediation.trusted_principals."
                )
        return self._existence(account.trusted_principals, target)

    def _existence(self, arns: tuple[str, ...], target: TargetFacts) -> Decision:
        known = {fact.arn: fact for fact in target.principals}
        for arn in arns:
            fact = known.get(arn)
            if fact is None or fact.existence is None:
                why = fact.unreadable.text if fact and fact.unreadable else "it was not read"
                return Refused(
                    self.name, f"Whether {arn} exists could not be read: {why}", "Try again in a minute."
                )
            if fact.existence is Existence.MISSING:
                return Refused(
                    self.name,
                    f"{arn} does not exist, so nobody could use the role.",
                    "Create it, or correct remediation.trusted_principals.",
                )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class PlanUnchanged:
    name: str = "plan_unchanged"

    def check(self, context: Context) -> Decision:
        plan, now = context.request.plan, context.plan_now
        if plan is None or now is None:
            return _unread(self.name)
        if plan.hash != now.hash:
            return Refused(
                self.name,
                f"The plan has changed since it was shown ({plan.short_hash} is now {now.short_hash}).",
                f"Ask again: /support-role fix {context.request.account_id}",
            )
        return ALLOWED


@dataclass(frozen=True, slots=True)
class RoleNameIsFree:
    name: str = "role_name_is_free"

    def check(self, context: Context) -> Decision:
        target, request = context.target, context.request
        plan = request.plan or context.plan_now
        if target is None or plan is None:
            return _unread(self.name)
        unreadable = target.existing_role_unreadable
        if unreadable is not None:
            why = f"Whether a role {plan.role_name} exists could not be read: {unreadable.text}"
            return Refused(self.name, why, unreadable.next_step)
        role = target.existing_role
        if role is None or _is_own_unfinished_work(role.tags, role.trust, request, plan):
            return ALLOWED
        return Refused(
            self.name,
            f"A role named {role.name} exists in {request.label} and was not made by this request.",
            "Look at it by hand; this bot never adopts a role it did not create.",
        )


def _is_own_unfinished_work(
    tags: tuple[tuple[str, str], ...],
    trust: str,
    request: RemediationRequest,
    plan: Plan,
) -> bool:
    approver = request.decision.person.user_id if request.decision else ""
    return dict(plan.tags(request.id, approver)).items() <= dict(tags).items() and plan.trusts_the_same(trust)


@dataclass(frozen=True, slots=True)
class NothingDiffers:
    """For an undo: the role is exactly as the fix left it; else all that differs is said."""

    name: str = "nothing_differs"

    def check(self, context: Context) -> Decision:
        removal, remains = context.request.removal, context.remains
        if removal is None or remains is None:
            return _unread(self.name)
        if remains.unreadable is not None:
            why = f"The role could not be read: {remains.unreadable.text}"
            return Refused(self.name, why, remains.unreadable.next_step)
        found = differences(removal, remains)
        if not found:
            return ALLOWED
        next_step = "Look at the role by hand; this bot only takes away what it left and nobody has touched."
        return Refused(self.name, describe(removal, found), next_step)


def ask_again(request: RemediationRequest) -> str:
    """How to ask anew for what a request was about."""
    if request.kind is RequestKind.UNDO:
        return f"Press Undo on the record of {request.undoes} again."
    return f"Ask again: /support-role fix {request.account_id}"


def _unread(guard: str) -> Refused:
    return Refused(
        guard, "The account could not be read, so nothing is changed there.", "Try again in a minute."
    )


def approver_names(policy: Policy, but: str = "") -> str:
    """Whom to ask for an approval, in words; `but` is not among them."""
    people = [f"<@{user}>" for user in sorted(policy.approvers) if user != but]
    groups = [f"<!subteam^{group}>" for group in sorted(policy.approver_groups)]
    return " or ".join((groups + people)[:4]) or "an administrator: there is no other approver"


BY_HAND: tuple[Guard, ...] = (PrincipalIsSound(), RoleNameIsFree())
"""What a plan must hold that somebody else carries out: not whether this bot may."""

AT_REQUEST: tuple[Guard, ...] = (RemediationEnabled(), AccountInScope(), PrincipalIsSound(), RoleNameIsFree())
"""Run when a request is prepared: what could never be approved is not asked of anybody."""

AT_DECISION: tuple[Guard, ...] = (
    RemediationEnabled(),
    WorkspaceAndChannel(),
    ActorIsAMember(),
    # Before `approver_allowed`: whoever asked is told that, even where they could approve nothing at all.
    NotTheRequester(),
    ApproverAllowed(),
    RequestIsPending(),
    NotExpired(),
    AccountInScope(),
    ChangeWindow(),
    WithinChangeLimit(),
    PrincipalIsSound(),
    PlanUnchanged(),
    RoleNameIsFree(),
)
"""All of them: at the click on Approve, and again just before the write on facts read anew."""

AT_DENIAL: tuple[Guard, ...] = (WorkspaceAndChannel(), ActorIsAMember(), RequestIsPending(), NotExpired())
"""A denial changes nothing in AWS: any member in the channel may stop a request, its requester too."""

AT_UNDO_REQUEST: tuple[Guard, ...] = (RemediationEnabled(what="Undos"), AccountInScope(), NothingDiffers())
"""Run when an undo is prepared, on the role read anew."""

AT_UNDO_ASKED: tuple[Guard, ...] = (RemediationEnabled(what="Undos"), AccountInScope())
"""Run when somebody asks for an undo, before anything is read."""

AT_UNDO: tuple[Guard, ...] = (
    RemediationEnabled(what="Undos"),
    WorkspaceAndChannel(what="Undos"),
    ActorIsAMember(),
    NotTheRequester(),
    ApproverAllowed(),
    RequestIsPending(),
    NotExpired(),
    AccountInScope(),
    ChangeWindow(),
    WithinChangeLimit(),
    NothingDiffers(),
)
"""The decision about an undo: the guards of a fix but those of what it creates, and `nothing_differs`."""

DECISION: Mapping[RequestKind, tuple[Guard, ...]] = {RequestKind.FIX: AT_DECISION, RequestKind.UNDO: AT_UNDO}
"""What is asked at the click on Approve, and again just before the write."""

AT_UNDO_DENIAL: tuple[Guard, ...] = (WorkspaceAndChannel(what="Undos"), *AT_DENIAL[1:])
DENIAL: Mapping[RequestKind, tuple[Guard, ...]] = {
    RequestKind.FIX: AT_DENIAL,
    RequestKind.UNDO: AT_UNDO_DENIAL,
}
"""What is asked at the click on Deny."""
