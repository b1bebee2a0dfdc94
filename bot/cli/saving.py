"""`check --save`: where findings are kept, opened before anything is read."""

from collections.abc import Callable
from datetime import UTC, datetime

from bot.cli.common import fetch_secret
from bot.flows.saved_check import Checked, save_check
from bot.settings import Settings, with_secrets
from bot.store.schema import migrate
from bot.wiring.desk import open_store

Save = Callable[[Checked], str]
"""Keeps what was found, and gives the id that it has now. StoreError."""


def open_to_save(settings: Settings) -> Save:
    """The bot's database, made or upgraded where need be. StoreError, or AwsError when AWS keeps its URL."""
    engine = open_store(with_secrets(settings, fetch_secret, "store"))
    migrate(engine)
    return lambda checked: save_check(engine, checked, now=datetime.now(UTC))
