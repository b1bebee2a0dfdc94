"""Settings: read once by a door (`read_settings`), then handed down as one frozen `Settings`."""

from bot.settings.models import (
    AccountSettings,
    AwsSettings,
    CheckSettings,
    DigestSettings,
    OrganizationSettings,
    RemediationSettings,
    Settings,
    SlackSettings,
    StoreSettings,
    StsSettings,
)
from bot.settings.problem import Problem, settings_error
from bot.settings.reading import read_settings
from bot.settings.secrets import ReadSecret, with_secrets

__all__ = [
    "AccountSettings",
    "AwsSettings",
    "CheckSettings",
    "DigestSettings",
    "OrganizationSettings",
    "Problem",
    "ReadSecret",
    "RemediationSettings",
    "Settings",
    "SlackSettings",
    "StoreSettings",
    "StsSettings",
    "read_settings",
    "settings_error",
    "with_secrets",
]
