"""A clock that moves only when it is told to."""

from datetime import datetime, timedelta

from building.values import NOW

from bot.flows.ports import Clock


class FakeClock(Clock):
    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """`move(minutes=10)`."""
        self.now += timedelta(**by)
