"""Freeze windows: recurring times in which nothing is changed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """Starts at each time of a cron expression in an IANA zone, and lasts `minutes` of elapsed time."""

    cron: str
    minutes: int
    timezone: str

    def end_if_frozen(self, now: datetime) -> datetime | None:
        """When the window that holds `now` ends, in its own zone; None outside every window."""
        zone = ZoneInfo(self.timezone)
        # croniter gives times strictly before its start: the next whole second makes the start itself count.
        after = now.replace(microsecond=0) + timedelta(seconds=1)
        last = croniter(self.cron, after.astimezone(zone)).get_prev(datetime)
        end: datetime = last.astimezone(ZoneInfo("UTC")) + timedelta(minutes=self.minutes)
        return end.astimezone(zone) if now < end else None
