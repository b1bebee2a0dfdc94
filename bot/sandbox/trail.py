"""The bot's audit chain as its database has it, read beside the bot and never written to."""

from pathlib import Path
from typing import Self

from bot.domain.audit import ChainBroken, ChainedEvent, ChainIntact
from bot.store import audit
from bot.store.engine import build_engine


class Trail:
    """Use as `with Trail(file) as trail`, once the bot has made its tables. Thread-safe."""

    def __init__(self, database: Path) -> None:
        # Opened so that SQLite itself refuses to write.
        self._engine = build_engine(f"sqlite:///file:{database}?mode=ro&uri=true")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def last(self, limit: int) -> tuple[tuple[ChainedEvent, ...], int]:
        """The last events, the newest first; and how many there are."""
        with self._engine.connect() as connection:
            return audit.read_last(connection, limit=limit)

    def unposted(self) -> int:
        """How many audit messages wait for Slack."""
        with self._engine.connect() as connection:
            return audit.count_unposted(connection)

    def verify(self) -> ChainIntact | ChainBroken:
        """What `support-role audit verify` says."""
        with self._engine.connect() as connection:
            return audit.verify(connection)
