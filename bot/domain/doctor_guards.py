"""Who may have the bot looked over from Slack: administrators, for it tells of channels, roles and people."""

from bot.domain.guards import ActorIsAMember, AdministratorAllowed, Clicked, GuardOf

AT_DOCTOR: tuple[GuardOf[Clicked], ...] = (
    ActorIsAMember(),
    AdministratorAllowed(
        "use the doctor",
        "Set slack.admins, or run support-role doctor where the bot runs.",
        name="administrator_asks",
    ),
)
