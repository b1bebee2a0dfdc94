"""The guards of a waiver: those of a fix that are about people and places, and its own.

A waiver writes nothing in AWS. So the mode of fixes, the pause, freeze windows and change limits are not
asked: an account that must not be touched now is just what a waiver is for. Protected accounts, where this
bot never writes, can be waived for the same reason. But a waiver sets a failing account aside, and that needs
the same second person as a fix.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.account import Account
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
    approver_names,
    by_a_second_person,
    by_any_member,
)
from bot.domain.people import PersonFacts
from bot.domain.waiver import Waiver, WaiverState


@dataclass(frozen=True, slots=True)
class WaiverContext:
    """All that these guards look at. None always means: could not be read."""

    now: datetime
    policy: Policy
    waiver: Waiver
    click: Click
    clicker: PersonFacts | None
    group_members: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    account: Account | None = None
    """The account as it is in scope now; None when it is not, or no longer."""

    @property
    def question(self) -> Question:
        waiver = self.waiver
        return Question(
            requester=waiver.requester,
            asked_for="this waiver",
            to_decide="grant it",
            state=waiver.state.value,
            awaited=WaiverState.PENDING.value,
            standing=_standing(waiver),
            decide_by=waiver.decide_by,
            ask_again=f"Ask again: /support-role waive {waiver.account_id}",
            called="waiver",
            is_over="The time to decide about this waiver is over.",
        )


def _standing(waiver: Waiver) -> str:
    """How it stands, after `is already`."""
    by = f" by <@{waiver.decision.person.user_id}>" if waiver.decision else ""
    known = {
        WaiverState.GRANTED: f"granted{by}",
        WaiverState.DENIED: f"denied{by}",
        WaiverState.UNDECIDED: "expired: nobody decided in time",
    }
    return known.get(waiver.state, f"granted{by}, and {waiver.state.value} since")


@dataclass(frozen=True, slots=True)
class SomebodyCanDecide:
    """Asked before anybody is: without a channel or approvers the request would wait in vain."""

    name: str = "somebody_can_decide"

    def check(self, context: WaiverContext) -> Decision:
        policy = context.policy
        if not policy.approval_channel:
            text = "There is no approval channel, so nobody could decide about a waiver."
            return Refused(self.name, text, "Set remediation.approval_channel.")
        if not policy.approvers and not policy.approver_groups:
            text = "Nobody may approve: no approvers are configured."
            return Refused(self.name, text, "Set remediation.approvers or remediation.approver_groups.")
        return ALLOWED


@dataclass(frozen=True, slots=True)
class AccountCanBeWaived:
    name: str = "account_in_scope"

    def check(self, context: WaiverContext) -> Decision:
        account = context.account
        is_left_out = context.policy.leaves_out(context.waiver.account_id)
        if account is None or account.id != context.waiver.account_id or is_left_out:
            text = f"{context.waiver.label} is not in scope, or no longer."
            return Refused(self.name, text, "See aws.accounts and aws.organization in settings.")
        if not account.is_checked:
            text = (
                f"{account.label} is {account.state.value}: it is not checked, so there is nothing to waive."
            )
            return Refused(self.name, text)
        return ALLOWED


@dataclass(frozen=True, slots=True)
class OwnWorkspace:
    """The workspace alone: what makes things stricter may be done from any channel of it."""

    name: str = "workspace_and_channel"

    def check(self, context: WaiverContext) -> Decision:
        if context.click.person.team_id in context.policy.team_ids:
            return ALLOWED
        text = "This workspace is not one that may decide about waivers."
        return Refused(self.name, text, "See slack.team_ids in settings.")


@dataclass(frozen=True, slots=True)
class MayRevoke:
    name: str = "may_revoke"

    def check(self, context: WaiverContext) -> Decision:
        waiver, person = context.waiver, context.click.person
        if person.user_id == waiver.owner or person.is_same_as(waiver.requester):
            return ALLOWED
        refusal = ApproverAllowed().check(context)
        if not isinstance(refusal, Refused):
            return ALLOWED
        text = f"{refusal.reason} Only approvers, its owner and whoever asked for it may revoke a waiver."
        return Refused(self.name, text, f"Ask <@{waiver.owner}> or {approver_names(context.policy)}.")


@dataclass(frozen=True, slots=True)
class WaiverInForce:
    name: str = "waiver_in_force"

    def check(self, context: WaiverContext) -> Decision:
        waiver = context.waiver
        if waiver.in_force(context.now):
            return ALLOWED
        by = f" by <@{waiver.revocation.person.user_id}>" if waiver.revocation else ""
        state = "ended" if waiver.state is WaiverState.GRANTED else waiver.state.value
        return Refused(self.name, f"This waiver is not in force: {state}{by}.")


WAIVER_AT_REQUEST: tuple[GuardOf[WaiverContext], ...] = (SomebodyCanDecide(), AccountCanBeWaived())

WAIVER_AT_GRANT: tuple[GuardOf[WaiverContext], ...] = (*by_a_second_person("Waivers"), AccountCanBeWaived())

WAIVER_AT_DENIAL: tuple[GuardOf[WaiverContext], ...] = by_any_member("Waivers")
"""Any member in the channel may stop a waiver, whoever asked for it too."""

WAIVER_AT_REVOCATION: tuple[GuardOf[WaiverContext], ...] = (
    OwnWorkspace(),
    ActorIsAMember(),
    MayRevoke(),
    WaiverInForce(),
)
"""One person is enough: to revoke shows an account as what it is, so it can only make things stricter."""
