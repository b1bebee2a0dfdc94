"""The guards of a bulk request as a whole. Those of a fix are asked besides, for each of its members."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.guards import (
    ALLOWED,
    ActorIsAMember,
    ApproverAllowed,
    Click,
    Decision,
    GuardOf,
    Policy,
    Question,
    Refused,
    WorkspaceAndChannel,
    by_a_second_person,
    by_any_member,
)
from bot.domain.people import PersonFacts
from bot.domain.request import RequestState

ASK_AGAIN = "Ask again: /support-role fix verdict:fail"


@dataclass(frozen=True, slots=True)
class BulkContext:
    """All that these guards look at. None always means: could not be read."""

    now: datetime
    policy: Policy
    report: BulkReport
    click: Click
    clicker: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    @property
    def question(self) -> Question:
        bulk = self.report.bulk
        return Question(
            requester=bulk.requester,
            asked_for="these fixes",
            to_decide="approve them",
            state=bulk.state.value,
            awaited=BulkState.PENDING.value,
            standing=bulk.standing,
            decide_by=bulk.expires_at,
            ask_again=ASK_AGAIN,
            is_prepared=bulk.state is not BulkState.PREPARING,
        )


@dataclass(frozen=True, slots=True)
class BulkWithinLimit:
    name: str = "within_change_limit"

    def check(self, context: BulkContext) -> Decision:
        asked, limit = len(context.report.members), context.policy.max_accounts_per_request
        if 0 < asked <= limit:
            return ALLOWED
        text = f"One request may be about {limit} accounts at most; this one is about {asked}."
        return Refused(self.name, text, "Choose fewer, or see remediation.max_accounts_per_request.")


@dataclass(frozen=True, slots=True)
class BulkUnchanged:
    name: str = "plan_unchanged"

    def check(self, context: BulkContext) -> Decision:
        report = context.report
        pending = all(member.state is RequestState.PENDING for member in report.planned)
        if report.planned and pending and report.plans_hash == report.bulk.hash:
            return ALLOWED
        return Refused(self.name, "The plans have changed since they were shown.", ASK_AGAIN)


@dataclass(frozen=True, slots=True)
class BulkIsRunning:
    name: str = "bulk_is_running"

    def check(self, context: BulkContext) -> Decision:
        state = context.report.bulk.state
        if state is BulkState.RUNNING:
            return ALLOWED
        text = (
            "It is stopping already."
            if state is BulkState.STOPPING
            else f"It is {state.value}: nothing runs."
        )
        return Refused(self.name, text)


@dataclass(frozen=True, slots=True)
class MayStop:
    """Stopping only takes away: whoever asked may do it, and every approver."""

    name: str = "may_stop"

    def check(self, context: BulkContext) -> Decision:
        if context.report.bulk.requester.is_same_as(context.click.person):
            return ALLOWED
        return ApproverAllowed().check(context)


AT_BULK_REQUEST: tuple[GuardOf[BulkContext], ...] = (BulkWithinLimit(),)

AT_BULK_DECISION: tuple[GuardOf[BulkContext], ...] = (
    *by_a_second_person("Fixes"),
    BulkWithinLimit(),
    BulkUnchanged(),
)
"""At the click on Approve, before the guards of each member."""

AT_BULK_DENIAL: tuple[GuardOf[BulkContext], ...] = by_any_member("Fixes")

AT_STOP: tuple[GuardOf[BulkContext], ...] = (
    WorkspaceAndChannel(),
    ActorIsAMember(),
    MayStop(),
    BulkIsRunning(),
)
