"""Who may have the bot looked over from Slack: administrators, for it tells of channels, roles and people."""

from dataclasses import dataclass

from bot.domain.guards import ALLOWED, ActorIsAMember, Clicked, Decision, GuardOf, Refused


@dataclass(frozen=True, slots=True)
class AdministratorAsks:
    name: str = "administrator_asks"

    def check(self, context: Clicked) -> Decision:
        admins = context.policy.admins
        if not admins:
            return Refused(
                self.name,
                "Nobody may use the doctor here: no administrators are configured.",
                "Set slack.admins, or run support-role doctor where the bot runs.",
            )
        if context.click.person.user_id in admins:
            return ALLOWED
        named = " or ".join(f"<@{user}>" for user in sorted(admins)[:4])
        return Refused(self.name, "Only administrators can use the doctor.", f"Ask {named}.")


AT_DOCTOR: tuple[GuardOf[Clicked], ...] = (ActorIsAMember(), AdministratorAsks())
