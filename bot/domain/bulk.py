"""A bulk request: one question about many accounts. Each keeps a request, a plan and a trail of its own.

The canary goes first and alone, then the others in waves; the first that does not end well ends it all.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.domain.canonical import Json, canonical_json, sha256
from bot.domain.request import Approval, MessageRef, Mode, Outcome, Person, RemediationRequest, RequestState

BulkId = NewType("BulkId", str)
"""Opaque; all that a button carries. The ids of its members begin with it."""

WAVE_SIZES = (1, 2, 5, 10, 20)
WAVE_SIZE = 5
"""How many accounts are changed at the same time, unless something else is asked for."""


class BulkState(StrEnum):
    """Every move is one conditional write in the store; `BULK_MOVES` says which there are."""

    PREPARING = "preparing"
    PENDING = "pending"
    RUNNING = "running"
    """Approved: its accounts are changed, or wait for their wave."""
    STOPPING = "stopping"
    """Nothing more is begun; what had begun goes to its end."""
    DONE = "done"
    STOPPED = "stopped"
    DENIED = "denied"
    EXPIRED = "expired"
    REFUSED = "refused"
    """No account was left that could be fixed: nobody was asked."""


BULK_MOVES: Mapping[BulkState, frozenset[BulkState]] = {
    BulkState.PREPARING: frozenset({BulkState.PENDING, BulkState.REFUSED}),
    BulkState.PENDING: frozenset({BulkState.RUNNING, BulkState.DENIED, BulkState.EXPIRED}),
    BulkState.RUNNING: frozenset({BulkState.STOPPING, BulkState.DONE}),
    BulkState.STOPPING: frozenset({BulkState.STOPPED}),
}
"""Where each state can go; a state that is no key is final."""

_STANDING = {
    BulkState.RUNNING: "approved{by}; it is under way",
    BulkState.STOPPING: "approved{by}; it is being stopped",
    BulkState.DONE: "approved{by}, and done",
    BulkState.STOPPED: "approved{by}, and stopped before its end",
    BulkState.DENIED: "denied{by}",
    BulkState.EXPIRED: "expired",
}
UNDER_WAY = frozenset({RequestState.APPROVED, RequestState.APPLYING})
ENDED_WELL = frozenset({RequestState.APPLIED, RequestState.REHEARSED})
"""All others stop a bulk request: a role that could not be read back, too."""


@dataclass(frozen=True, slots=True)
class Bulk:
    id: BulkId
    requester: Person
    reason: str
    """As typed. Shown escaped, recorded in the audit; never part of anything sent to AWS."""
    mode: Mode
    state: BulkState
    wave_size: int
    created_at: datetime
    expires_at: datetime
    released: int = 0
    """How many of the planned members were let go so far, in their order."""
    hash: str = ""
    """What an approver approves; set once all plans are made."""
    decision: Approval | None = None
    stopped_by: Person | None = None
    """Who pressed Stop; None where an account stopped it."""
    outcome: Outcome = field(default_factory=Outcome)
    message: MessageRef | None = None
    origin: MessageRef | None = None
    version: int = 0
    """Rises with each change of it or of a member: what the message shows is of one version."""

    @property
    def is_final(self) -> bool:
        return self.state not in BULK_MOVES

    @property
    def standing(self) -> str:
        """How it stands, after `is already`: `approved by <@U…>; it is under way`."""
        by = f" by <@{self.decision.person.user_id}>" if self.decision else ""
        return _STANDING.get(self.state, f"decided: {self.state.value}{{by}}").format(by=by)


@dataclass(frozen=True, slots=True)
class BulkReport:
    """A bulk request with all its members, in their order."""

    bulk: Bulk
    members: tuple[RemediationRequest, ...]

    @property
    def planned(self) -> tuple[RemediationRequest, ...]:
        """Those that are asked for; the first is the canary."""
        return tuple(member for member in self.members if member.plan is not None)

    @property
    def left_out(self) -> tuple[RemediationRequest, ...]:
        """Those that could not be asked for; each bears its reason."""
        return tuple(m for m in self.members if m.plan is None and m.state is not RequestState.PREPARING)

    @property
    def unprepared(self) -> tuple[RemediationRequest, ...]:
        return tuple(member for member in self.members if member.state is RequestState.PREPARING)

    @property
    def released(self) -> tuple[RemediationRequest, ...]:
        return self.planned[: self.bulk.released]

    @property
    def canary(self) -> RemediationRequest | None:
        return self.planned[0] if self.planned else None

    @property
    def culprit(self) -> RemediationRequest | None:
        """The first member that was let go and did not end well."""
        over = (member for member in self.released if member.state not in UNDER_WAY)
        found = (m for m in over if m.state not in ENDED_WELL and m.state is not RequestState.SKIPPED)
        return next(found, None)

    @property
    def plans_hash(self) -> str:
        """SHA-256 over all plans in their order, and how large the waves are."""
        body: dict[str, Json] = {
            "kind": "bulk",
            "bulk": self.bulk.id,
            "wave_size": self.bulk.wave_size,
            "members": [[m.account_id, m.approved_hash] for m in self.planned],
        }
        return sha256(canonical_json(body))

    def may_go_on(self, now: datetime) -> bool:
        """Whether something is to be done without anybody's doing; cheap, and asked very often."""
        if self.bulk.state is BulkState.PREPARING:
            return not self.unprepared or now >= self.bulk.expires_at
        members = self.released if self.bulk.state is BulkState.RUNNING else self.planned
        return self.culprit is not None or not any(member.state in UNDER_WAY for member in members)

    def count(self, *states: RequestState) -> int:
        found = Counter(member.state for member in self.planned)
        return sum(found[state] for state in states)


@dataclass(frozen=True, slots=True)
class Release:
    """Let these members go now."""

    members: tuple[RemediationRequest, ...]


@dataclass(frozen=True, slots=True)
class Halt:
    """Begin nothing more."""

    why: Outcome


@dataclass(frozen=True, slots=True)
class Wait:
    """For members that are under way; or, with a reason, for something else."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """Every planned member has ended well."""


def next_move(
    report: BulkReport, *, free_changes: int, limit: int, now: datetime
) -> Release | Halt | Wait | Finish:
    """What a running bulk request does next; `free_changes` is how many the hourly limit still allows."""
    bulk, culprit = report.bulk, report.culprit
    if culprit is not None:
        return Halt(_stopped_at(culprit))
    if any(member.state in UNDER_WAY for member in report.released):
        return Wait()
    rest = report.planned[bulk.released :]
    if not rest:
        return Finish()
    if now >= bulk.expires_at:
        return Halt(Outcome("The time of its approval ran out.", "Ask again for the accounts that are left."))
    if free_changes <= 0:
        return Wait(f"It waits: {limit} accounts were changed in the last hour, and that is the limit.")
    wave = 1 if bulk.released == 0 else bulk.wave_size
    fits = wave if bulk.mode is Mode.DRY_RUN else min(wave, free_changes)
    return Release(rest[:fits])


def _stopped_at(culprit: RemediationRequest) -> Outcome:
    text = f"It stopped at {culprit.label}, which ended as {culprit.state.value}: {culprit.outcome.text}"
    step = culprit.outcome.next_step or "Look at that account first."
    return Outcome(text, f"{step} Then ask again for the accounts that are left.")


def result_of(report: BulkReport) -> str:
    """What has become of the accounts: `3 of 5 accounts were fixed, 1 was not attempted.`"""
    total = len(report.planned)
    dry = report.bulk.mode is Mode.DRY_RUN or report.count(RequestState.REHEARSED) > 0
    good = report.count(*ENDED_WELL)
    verb = "rehearsed" if dry else "fixed"
    skipped = report.count(RequestState.SKIPPED)
    running = report.count(*UNDER_WAY)
    bad = total - good - skipped - running
    parts = [
        f"{good} of {total} {'account was' if total == 1 else 'accounts were'} {verb}",
        f"{bad} did not succeed" if bad else "",
        f"{running} not ended yet" if running else "",
        f"{skipped} {'was' if skipped == 1 else 'were'} not attempted" if skipped else "",
    ]
    return ", ".join(part for part in parts if part) + "."
