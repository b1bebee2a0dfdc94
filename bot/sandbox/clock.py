"""The sandbox's clock, which can be moved forward: one offset, told to everything that shows a time.

Moved together: the bot's two processes (through a file), the local Slack, and the journal of the local AWS.
Not moved: timers, the durable engine's own clock, credentials, and workers' signs of life.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

FARTHEST = timedelta(days=3650)
"""Further than that is a slip of the keyboard."""


class SandboxClock:
    """The machine's time, ahead by what it was moved; it goes on from there."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._file: Path | None = None

    def keep_in(self, file: Path) -> None:
        """Write the offset there, now and at every move."""
        self._file = file
        self._write()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def time(self) -> float:
        """The same in seconds since 1970."""
        return time.time() + self.ahead.total_seconds()

    def move(self, by: timedelta) -> datetime:
        """Move it forward and return the new time; ValueError for a move back, or one that is far too long.

        What stands in the database bears its time: going back would put it in the future.
        """
        if by <= timedelta() or self.ahead + by > FARTHEST:
            raise ValueError(f"The clock moves forward alone, ten years in all: not by {by}.")
        self.ahead += by
        self._write()
        return self.now()

    def _write(self) -> None:
        if self._file is None:
            return
        # In one go: the bot may read at any moment, and half a number is a number too.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{self.ahead.total_seconds():.6f}", "ascii")
        os.replace(fresh, self._file)  # noqa: PTH105 - atomic by its documentation


def until_morning(now: datetime, at: time_of_day, zone: ZoneInfo) -> timedelta:
    """How long it is until that time of the next local day; the digest's moment, where `at` is its time."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    # Zones of one object are subtracted by the clock on the wall: UTC tells the hours that pass.
    return datetime.combine(tomorrow, at, zone).astimezone(UTC) - now.astimezone(UTC)
