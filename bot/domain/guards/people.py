"""Who may decide, and where."""

from dataclasses import dataclass

from bot.domain.guards.context import Clicked, Deciding, Policy
from bot.domain.guards.decision import ALLOWED, Decision, Refused


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
        if not policy.approval_channel:
            text = "There is no approval channel, so nothing can be decided."
            return Refused(self.name, text, "Set remediation.approval_channel.")
        if not click.is_home and click.channel_id != policy.approval_channel:
            return Refused(
                self.name,
                f"{self.what} are decided in the approval channel alone.",
                f"Decide in <#{policy.approval_channel}>.",
            )
        channel = "the approval channel" if click.is_home else "this channel"
        if click.is_shared_channel is None:
            return Refused(
                self.name,
                f"Whether {channel} is shared with another company could not be read.",
                "Try again in a minute.",
            )
        if click.is_shared_channel:
            return Refused(
                self.name,
                f"{channel.capitalize()} is shared with another company (Slack Connect).",
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

    def check(self, context: Deciding) -> Decision:
        question, person = context.question, context.click.person
        if not question.requester.may_be(person):
            return ALLOWED
        return Refused(
            self.name,
            f"You asked for {question.asked_for}; a second person must {question.to_decide}.",
            f"Ask {approver_names(context.policy, but=person.user_id)}.",
        )


@dataclass(frozen=True, slots=True)
class AdministratorAllowed:
    what: str
    """What only administrators do, after "Nobody may"."""
    otherwise: str
    """What helps where there are no administrators."""
    name: str = "administrator_allowed"

    def check(self, context: Clicked) -> Decision:
        admins = context.policy.admins
        if not admins:
            text = f"Nobody may {self.what} here: no administrators are configured."
            return Refused(self.name, text, self.otherwise)
        if context.click.person.user_id in admins:
            return ALLOWED
        named = " or ".join(f"<@{user}>" for user in sorted(admins)[:4])
        return Refused(self.name, f"Only administrators can {self.what}.", f"Ask {named}.")


def approver_names(policy: Policy, but: str = "") -> str:
    """Whom to ask for an approval, in words; `but` is not among them."""
    people = [f"<@{user}>" for user in sorted(policy.approvers) if user != but]
    groups = [f"<!subteam^{group}>" for group in sorted(policy.approver_groups)]
    return " or ".join((groups + people)[:4]) or "an administrator: there is no other approver"
