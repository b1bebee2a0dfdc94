"""Why the bot does not start."""

from bot.domain.errors import SettingsError, SupportRoleError


class StartError(SupportRoleError):
    """The bot could not start; the text says why."""


class ListenError(SettingsError):
    """An address from the command line cannot be listened on; the text says which option to change."""
