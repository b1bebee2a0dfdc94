"""Secrets that are kept elsewhere: fetched when a command needs them, and never before."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import SecretStr, ValidationError

from bot.settings.kinds import is_reference
from bot.settings.mistakes import problems_of
from bot.settings.models import Section, Settings
from bot.settings.problem import settings_error

ReadSecret = Callable[[str], str]
"""Fetches what an `aws-sm://…` or `aws-ssm://…` reference stands for."""


def with_secrets(
    settings: Settings, read_secret: ReadSecret, *sections: Literal["aws", "slack", "store"]
) -> Settings:
    """The settings with the references in those sections (or in all) replaced by what they stand for.

    Reads nothing where there is no reference. What `read_secret` raises is passed on; SettingsError when a
    fetched secret has not the shape that it should have.
    """
    names = sections or ("aws", "slack", "store")
    update: dict[str, Any] = {name: _resolved(getattr(settings, name), read_secret) for name in names}
    filled = settings.model_copy(update=update)
    try:
        return Settings.model_validate(filled.model_dump())
    except ValidationError as error:
        raise settings_error(problems_of(error, lambda _: "what its reference stands for")) from None


def _resolved(value: Any, read_secret: ReadSecret) -> Any:
    """A section or anything in it, with every reference replaced, as deep as it goes."""
    if isinstance(value, SecretStr) and is_reference(value):
        return SecretStr(read_secret(value.get_secret_value()).rstrip("\r\n"))
    if isinstance(value, tuple):
        return tuple(_resolved(item, read_secret) for item in value)
    if isinstance(value, Section):
        return value.model_copy(update={name: _resolved(item, read_secret) for name, item in value})
    return value
