"""A remediation request: a plan that someone asked for, and the states it moves through."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.account import AccountId
from bot.domain.plan import Plan
from bot.domain.undo import Removal

RequestId = NewType("RequestId", str)
"""Opaque; all that a button carries. Also the RoleSessionName of the write."""


class Mode(StrEnum):
    OFF = "off"
    DRY_RUN = "dry-run"
    APPLY = "apply"


class RequestKind(StrEnum):
    """What is asked for; the first word of a request's audit kinds."""

    FIX = "fix"
    UNDO = "undo"
    """Take away again what an applied fix created."""


class RequestState(StrEnum):
    """Every move is one conditional write in the store; `MOVES` says which there are."""

    PREPARING = "preparing"
    PENDING = "pending"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    APPLIED_UNVERIFIED = "applied-unverified"
    REHEARSED = "rehearsed"
    """The end of a dry run: all was done and recorded but the write."""
    FAILED = "failed"
    DENIED = "denied"
    EXPIRED = "expired"
    REFUSED = "refused"
    """A guard refused before anybody could approve, or after approval and before the write."""
    SUPERSEDED = "superseded"
    """The facts changed under an approved plan; a new request is needed."""
    ALREADY_FIXED = "already-fixed"
    UNDONE = "undone"
    SKIPPED = "skipped"
    """Approved with others in one bulk request, which stopped before it came to this one."""


MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.PREPARING: frozenset(
        {RequestState.PENDING, RequestState.REFUSED, RequestState.ALREADY_FIXED, RequestState.FAILED},
    ),
    RequestState.PENDING: frozenset(
        {
            RequestState.APPROVED,
            RequestState.DENIED,
            RequestState.EXPIRED,
            RequestState.SUPERSEDED,
            RequestState.ALREADY_FIXED,
        },
    ),
    RequestState.APPROVED: frozenset({RequestState.APPLYING, RequestState.SKIPPED}),
    RequestState.APPLYING: frozenset(
        {
            RequestState.APPLIED,
            RequestState.APPLIED_UNVERIFIED,
            # An undo that succeeded; the fix that it undoes moves there at the same moment.
            RequestState.UNDONE,
            RequestState.REHEARSED,
            RequestState.FAILED,
            RequestState.EXPIRED,
            RequestState.REFUSED,
            RequestState.SUPERSEDED,
            RequestState.ALREADY_FIXED,
        },
    ),
    RequestState.APPLIED: frozenset({RequestState.UNDONE}),
    RequestState.APPLIED_UNVERIFIED: frozenset({RequestState.UNDONE, RequestState.APPLIED}),
}
"""Where each state can go; a state that is no key is final."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: never known by a display name or an email address."""

    team_id: str
    user_id: str
    enterprise_id: str = ""

    def is_same_as(self, other: "Person") -> bool:
        """True for one human: ids of users are unique within a team, and throughout an enterprise.

        A team can move to another enterprise, between a request and its decision as well.
        """
        of_one_enterprise = bool(self.enterprise_id) and self.enterprise_id == other.enterprise_id
        return self.user_id == other.user_id and (self.team_id == other.team_id or of_one_enterprise)

    def may_be(self, other: "Person") -> bool:
        """False only for two people for certain: with the enterprise of but one known, it cannot be told."""
        one_is_unknown = bool(self.enterprise_id) != bool(other.enterprise_id)
        return self.is_same_as(other) or (one_is_unknown and self.user_id == other.user_id)


@dataclass(frozen=True, slots=True)
class Approval:
    """The decision of a second person about one plan hash."""

    person: Person
    channel_id: str
    plan_hash: str
    at: datetime
    is_home: bool = False
    """Decided in the person's App Home, which is of no channel."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended: one sentence for people, and what AWS answered."""

    text: str = ""
    next_step: str = ""
    role_arn: str = ""
    role_id: str = ""
    aws_request_ids: tuple[str, ...] = ()
    left_behind: str = ""
    """What a failed write left in the account; empty when nothing."""
    people: tuple[str, ...] = ()
    """User ids that `text` mentions, besides those of the request itself."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a fix is going to end: decided, once, before what it has made is taken back."""

    state: RequestState
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message of the bot stands in Slack."""

    channel: str
    ts: str


_STANDING = {
    RequestState.PENDING: "waiting for a decision",
    RequestState.APPROVED: "approved{by}; it starts in a moment",
    RequestState.APPLYING: "approved{by}; it is being applied",
    RequestState.APPLIED: "approved{by}, and applied",
    RequestState.DENIED: "denied{by}",
    RequestState.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class RemediationRequest:
    id: RequestId
    account_id: AccountId
    account_name: str
    requester: Person
    reason: str
    """As typed. Shown escaped, recorded in the audit; never part of anything sent to AWS."""
    mode: Mode
    state: RequestState
    created_at: datetime
    expires_at: datetime
    plan: Plan | None = None
    """None only while PREPARING, or when it never got further."""
    decision: Approval | None = None
    """Who approved or denied, once decided."""
    decided_at: datetime | None = None
    outcome: Outcome = Outcome()
    message: MessageRef | None = None
    """The approval message, once posted."""
    origin: MessageRef | None = None
    """Where the request was asked for: `channel` for private answers, `ts` empty."""
    kind: RequestKind = RequestKind.FIX
    undoes: RequestId | None = None
    """The fix that an undo is about."""
    removal: Removal | None = None
    """What an undo takes away; set together with `plan`, which is the fix's."""
    bulk_id: str = ""
    """The bulk request that this is a part of: it is shown, decided and stopped with the others."""
    ending: Ending | None = None
    """Set while what it has made is taken back: it can be neither applied nor ended otherwise any more."""

    @property
    def leaves(self) -> Removal | None:
        """What this fix left in the account and an undo would take away; None when it left nothing."""
        is_there = self.state in {RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED}
        if self.kind is not RequestKind.FIX or not is_there or self.plan is None or self.decision is None:
            return None
        if not self.outcome.role_id:
            return None
        tags = self.plan.tags(self.id, self.decision.person.user_id)
        return Removal(self.id, self.plan, self.outcome.role_id, tags)

    @property
    def approved_hash(self) -> str:
        """The hash of what is decided about: of the plan or, for an undo, of what is taken away."""
        decided_about = self.removal or self.plan
        return decided_about.hash if decided_about else ""

    @property
    def standing(self) -> str:
        """How it stands, after `is already`: `approved by <@U…>; it is being applied`."""
        by = f" by <@{self.decision.person.user_id}>" if self.decision else ""
        ended = f"decided{{by}}; it ended as {self.state.value.replace('-', ' ')}"
        return _STANDING.get(self.state, ended).format(by=by)

    @property
    def label(self) -> str:
        return f"{self.account_name} ({self.account_id})" if self.account_name else self.account_id


class ApplyStep(StrEnum):
    """What a fix goes through after its approval, in order; shown as a task each."""

    GUARDS = "guards"
    ASSUME = "assume"
    CREATE = "create"
    ATTACH = "attach"
    VERIFY = "verify"
    AUDIT = "audit"


class UndoStep(StrEnum):
    """What an undo goes through after its approval, in order."""

    GUARDS = "guards"
    REMOVE = "remove"
    GONE = "gone"
    AUDIT = "audit"


class StepState(StrEnum):
    """Slack's own words for a task card."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ApplyProgress:
    """Where a fix or an undo stands: steps before `at` are complete, `at` is in progress or in error."""

    at: ApplyStep | UndoStep
    failed: bool = False

    @property
    def steps(self) -> "list[ApplyStep | UndoStep]":
        """All steps, in order."""
        return list(type(self.at))

    def state_of(self, step: ApplyStep | UndoStep) -> StepState:
        order = self.steps
        if order.index(step) < order.index(self.at):
            return StepState.COMPLETE
        if step is not self.at:
            return StepState.PENDING
        return StepState.ERROR if self.failed else StepState.IN_PROGRESS
