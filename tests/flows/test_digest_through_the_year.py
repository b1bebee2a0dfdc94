"""Several replicas through the odd days of a year: every channel has one digest a local date, at its time.

Of a whole leap year `tests/domain/test_subscription.py` has the dates; here the rows decide, as they do when
replicas look at the same time, late, and with clocks that are apart.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from adapters.clock import FakeClock
from building.values import ASKER
from building.world import World
from sqlalchemy import event

from bot.domain.digest import Digest
from bot.domain.subscription import Schedule
from bot.flows.digester import Digester
from bot.flows.subscribe import subscribe
from bot.store import digests

ZONES = {"C0BERLIN": "Europe/Berlin", "C0KOLKATA": "Asia/Kolkata", "C0LORDHOWE": "Australia/Lord_Howe"}
"""Two that change their clocks on opposite sides of the year, one by half an hour; a half-hour zone."""
AT = time(2, 15)
"""Skipped once and had twice in two of them."""
BEGINNINGS = {
    "the leap day": date(2028, 2, 27),
    "forward in Berlin": date(2028, 3, 25),
    "back in Lord Howe": date(2028, 4, 1),
    "forward in Lord Howe": date(2028, 9, 30),
    "back in Berlin": date(2028, 10, 28),
    "the turn of the year": date(2028, 12, 30),
}
DAYS = 3
REPLICAS = (timedelta(), timedelta(seconds=7), timedelta(minutes=-4))
"""By how much the clock of each is off."""


@pytest.fixture
def hasty(world: World) -> World:
    """A world that would not survive a power cut, which none of these tests has."""
    event.listen(
        world.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF")
    )
    world.engine.dispose()
    return world


def replicas_of(world: World) -> Iterator[tuple[Digester, FakeClock, timedelta]]:
    """Each does at once what it would enqueue."""
    for off in REPLICAS:
        clock = FakeClock()
        desk = replace(world.desk, clock=clock)
        yield _Hurried(replace(world.parts, desk=desk)), clock, off


class _Hurried(Digester):
    def __init__(self, parts: Any) -> None:
        due: list[tuple[str, str]] = []
        self._due = due
        desk = replace(parts.desk, enqueue=lambda _, __, *args, **___: due.append(args))
        super().__init__(replace(parts, desk=desk))

    def start_if_due(self) -> None:
        super().start_if_due()
        while self._due:
            self.post_or_give_up(*self._due.pop())


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_each_channel_has_one_digest_for_each_date_at_its_own_time(hasty: World, beginning: date):
    world = hasty
    now = datetime.combine(beginning, time(), UTC) - timedelta(days=1)
    end, world.clock.now = now + timedelta(days=DAYS + 1), now
    for channel, zone in ZONES.items():
        subscribe(world.desk, channel, ASKER, Schedule(AT, ZoneInfo(zone)))
    replicas = list(replicas_of(world))

    while now < end:
        for digester, clock, off in replicas:
            clock.now = now + off
            digester.start_if_due()
        now += timedelta(minutes=30)

    days = [beginning + timedelta(days=number) for number in range(DAYS - 1)]
    for channel, zone in ZONES.items():
        shown: list[Digest] = world.messenger.shown(channel)
        dates = [digest.day for digest in shown]
        assert dates == sorted(set(dates))
        assert set(days) <= set(dates)
        for digest in shown:
            due = Schedule(AT, ZoneInfo(zone)).moment(digest.day)
            assert timedelta() <= digest.now - due < timedelta(minutes=30)
            assert digest.missed == ()
            with world.engine.connect() as connection:
                assert digests.read_end(connection, channel, digest.day) == ""
