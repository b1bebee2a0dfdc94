"""What the guards of a fix or an undo look at, and the parts of it that other guards share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.domain.account import Account, AccountId
from bot.domain.freeze import FreezeWindow
from bot.domain.guards.decision import GuardOf
from bot.domain.people import PersonFacts
from bot.domain.plan import Plan, TargetFacts
from bot.domain.request import Mode, Person, RemediationRequest, RequestKind, RequestState
from bot.domain.undo import Remains


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
    excluded_accounts: frozenset[AccountId] = frozenset()
    """Out of scope whatever the last scan has listed."""
    listed_accounts: frozenset[AccountId] | None = None
    """Nothing else is in scope, whatever the last scan has listed; None: AWS says what is."""

    def leaves_out(self, account_id: AccountId) -> bool:
        """Whether settings of now, which may be newer than the last scan, put an account out of scope."""
        is_unlisted = self.listed_accounts is not None and account_id not in self.listed_accounts
        return is_unlisted or account_id in self.excluded_accounts


@dataclass(frozen=True, slots=True)
class Click:
    """Who clicked where. From Slack's signed payload, never from the message's text."""

    person: Person
    channel_id: str
    is_shared_channel: bool | None
    """A Slack Connect channel; None when it could not be told. At home this is about the approval channel."""
    is_home: bool = False
    """In the person's own App Home, which nobody else sees and which is of no channel."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one person asked for and a second one decides about, in the words of its refusals."""

    requester: Person
    asked_for: str
    """After "You asked for"."""
    to_decide: str
    """After "a second person must"."""
    state: str
    awaited: str
    """The state in which it can be decided."""
    standing: str
    """How it stands, after "is already"."""
    decide_by: datetime
    ask_again: str
    """How to ask for the same anew."""
    called: str = "request"
    is_over: str = "This request has expired."
    is_prepared: bool = True


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


class Deciding(Clicked, Protocol):
    """What a guard of a second person's decision looks at besides."""

    @property
    def now(self) -> datetime: ...

    @property
    def question(self) -> Question: ...


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

    @property
    def is_approved(self) -> bool:
        """Whether this is just before the write, long after the click."""
        return self.expected_state is not RequestState.PENDING

    @property
    def question(self) -> Question:
        request = self.request
        return Question(
            requester=request.requester,
            asked_for=f"this {request.kind.value}",
            to_decide="approve it",
            state=request.state.value,
            awaited=self.expected_state.value,
            standing=request.standing,
            decide_by=request.expires_at,
            ask_again=ask_again(request),
            is_prepared=request.state is not RequestState.PREPARING,
        )


def ask_again(request: RemediationRequest) -> str:
    """How to ask anew for what a request was about."""
    if request.kind is RequestKind.UNDO:
        return f"Press Undo on the record of {request.undoes} again."
    return f"Ask again: /support-role fix {request.account_id}"


Guard = GuardOf[Context]
"""A guard of a fix or an undo."""
