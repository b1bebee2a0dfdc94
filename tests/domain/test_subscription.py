"""A digest is due once for each local date, whatever the clocks do, and what was missed is known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.subscription import (
    CATCH_UP,
    EVERY_DAY,
    WEEKDAYS,
    Schedule,
    due_day,
    missed_days,
    next_due,
)

BERLIN, KOLKATA, KATHMANDU, NEW_YORK, LORD_HOWE, KIRITIMATI, SCORESBYSUND, APIA = (
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/Scoresbysund",
    "Pacific/Apia",
)
DAY = timedelta(days=1)
LOOKS = timedelta(minutes=15)

SCHEDULES = st.builds(
    Schedule,
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    zone=st.sampled_from([BERLIN, KOLKATA, NEW_YORK, LORD_HOWE, KIRITIMATI, SCORESBYSUND, APIA, "UTC"]).map(
        ZoneInfo
    ),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
)
MOMENTS = st.datetimes(
    datetime(2010, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2032, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


def every(at: str, zone: str, weekdays: frozenset[int] = EVERY_DAY) -> Schedule:
    return Schedule(time.fromisoformat(at), ZoneInfo(zone), weekdays)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("schedule", "now", "day"),
    [
        (every("09:00", BERLIN), "2026-03-02T07:59:59", None),
        (every("09:00", BERLIN), "2026-03-02T08:00:00", "2026-03-02"),
        (every("09:00", BERLIN), "2026-03-02T13:59:59", "2026-03-02"),
        (every("09:00", BERLIN), "2026-03-02T14:00:00", None),
        (every("09:00", BERLIN), "2026-03-29T07:00:00", "2026-03-29"),
        (every("09:00", BERLIN), "2026-10-25T07:59:00", None),
        (every("09:00", BERLIN), "2026-10-25T08:00:00", "2026-10-25"),
        (every("09:00", KOLKATA), "2026-03-02T03:30:00", "2026-03-02"),
        (every("09:00", KOLKATA), "2026-03-02T03:29:59", None),
        (every("09:00", KATHMANDU), "2026-03-02T03:15:00", "2026-03-02"),
        (every("00:30", KIRITIMATI), "2026-03-01T10:30:00", "2026-03-02"),
        (every("23:30", BERLIN), "2026-03-02T23:10:00", "2026-03-02"),
        (every("23:30", "America/Los_Angeles"), "2026-03-03T08:00:00", "2026-03-02"),
        (every("09:00", "UTC"), "2028-02-29T09:00:00", "2028-02-29"),
        (every("23:59", "UTC"), "2028-03-01T00:00:00", "2028-02-29"),
        # 02:30 does not exist on this day; the clocks go from 02:00 to 03:00, which makes it 03:30.
        (every("02:30", BERLIN), "2026-03-29T01:29:00", None),
        (every("02:30", BERLIN), "2026-03-29T01:30:00", "2026-03-29"),
        # 02:30 comes twice on this day: the first one counts.
        (every("02:30", BERLIN), "2026-10-25T00:29:00", None),
        (every("02:30", BERLIN), "2026-10-25T00:30:00", "2026-10-25"),
        # Here the clocks go back by half an hour only.
        (every("01:45", LORD_HOWE), "2026-04-04T14:45:00", "2026-04-05"),
        # Here they are put forward from 23:00 to midnight: the digest of Saturday comes early on Sunday.
        (every("23:30", SCORESBYSUND), "2025-03-30T01:29:00", None),
        (every("23:30", SCORESBYSUND), "2025-03-30T01:30:00", "2025-03-29"),
        # Samoa had no 30 December that year.
        (every("09:00", APIA), "2011-12-30T19:00:00", "2011-12-31"),
        (every("09:00", BERLIN, WEEKDAYS), "2026-03-01T08:00:00", None),
        (every("09:00", BERLIN, WEEKDAYS), "2026-03-02T08:00:00", "2026-03-02"),
        # By UTC it is still Sunday.
        (every("08:00", KIRITIMATI, WEEKDAYS), "2026-03-01T18:00:00", "2026-03-02"),
    ],
)
def test_a_digest_is_due_from_its_local_time_on(schedule: Schedule, now: str, day: str | None):
    due = due_day(schedule, instant(now), since=None)

    assert due == (date.fromisoformat(day) if day else None)


def posted_in(schedule: Schedule, start: datetime, end: datetime) -> Iterator[tuple[date, datetime]]:
    """What the chore does: look again and again, and post what is due and was not posted yet."""
    now, last = start, None
    while now < end:
        day = due_day(schedule, now, since=None)
        if day is not None and day != last:
            yield day, now
            last = day
        now += LOOKS


@pytest.mark.parametrize(
    ("zone", "odd"),
    [
        # By local date, what the clock on the wall shows instead of 02:15 on the day it is put forward.
        (BERLIN, {date(2028, 3, 26): "03:15"}),
        (NEW_YORK, {date(2028, 3, 12): "03:15"}),
        (LORD_HOWE, {date(2028, 10, 1): "02:45"}),
        (KOLKATA, {}),
    ],
)
def test_through_a_leap_year_every_date_has_one_digest_at_its_local_time(zone: str, odd: dict[date, str]):
    """02:15 is a time that most of these zones skip once a year, and have twice on another day."""
    schedule = every("02:15", zone)
    start = datetime(2028, 1, 1, tzinfo=schedule.zone).astimezone(UTC)

    found = list(posted_in(schedule, start, start + 366 * DAY))

    assert [day for day, _ in found] == [date(2028, 1, 1) + n * DAY for n in range(366)]
    local = {day: now.astimezone(schedule.zone) for day, now in found}
    assert {day for day, at in local.items() if at.date() != day} == set()
    shown = {day: f"{at:%H:%M}" for day, at in local.items() if f"{at:%H:%M}" != "02:15"}
    assert shown == odd
    assert [day for day, at in local.items() if at.fold] == []


@pytest.mark.parametrize("at", ["00:00", "02:00", "02:30", "03:00", "09:00", "23:59"])
@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (BERLIN, "2026-03-28T12:00:00"),
        (BERLIN, "2026-10-24T12:00:00"),
        (LORD_HOWE, "2026-04-04T02:00:00"),
        (LORD_HOWE, "2026-10-03T02:00:00"),
        (SCORESBYSUND, "2025-03-29T12:00:00"),
    ],
)
def test_when_the_clocks_change_every_day_has_its_one_digest(at: str, zone: str, start: str):
    """Looked at from noon to noon, three times."""
    found = [day for day, _ in posted_in(every(at, zone), instant(start), instant(start) + 3 * DAY)]

    assert all(after - before == DAY for before, after in pairwise(found))
    assert len(found) >= 3


@given(SCHEDULES, MOMENTS)
def test_the_next_digest_is_due_when_it_is_due_and_not_a_second_before(schedule: Schedule, now: datetime):
    due = next_due(schedule, now)

    assert now < due <= now + timedelta(days=9)
    day = due_day(schedule, due, since=None)
    assert day is not None
    assert schedule.has(day)
    assert schedule.moment(day) == due
    assert due_day(schedule, due - timedelta(seconds=1), since=None) != day


@given(SCHEDULES, MOMENTS)
def test_between_two_digests_that_follow_each_other_none_is_missed(schedule: Schedule, now: datetime):
    days, due = [], now
    for _ in range(3):
        due = next_due(schedule, due)
        days.append(due_day(schedule, due, since=None))
    first, second, third = days

    assert first is not None
    assert second is not None
    assert third is not None
    assert first < second < third
    assert missed_days(schedule, second, last=first, since=None) == ()
    assert missed_days(schedule, third, last=first, since=None) == (second,)


@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(), timedelta(days=2)))
def test_what_was_due_before_the_subscription_is_neither_due_nor_missed(
    schedule: Schedule, since: datetime, later: timedelta
):
    now = since + later
    day = due_day(schedule, now, since=since)
    missed = missed_days(schedule, now.astimezone(schedule.zone).date(), last=None, since=since)

    found = [each for each in (day, *missed) if each is not None]
    assert all(since < schedule.moment(each) <= now for each in found)
    assert (day is not None) <= (next_due(schedule, since) <= now)


def test_a_digest_is_caught_up_with_for_six_hours():
    schedule, due = every("09:00", "UTC"), instant("2026-03-02T09:00:00")

    assert due_day(schedule, due + CATCH_UP - timedelta(seconds=1), since=None) == date(2026, 3, 2)
    assert due_day(schedule, due + CATCH_UP, since=None) is None


def test_who_subscribes_at_the_very_time_waits_for_the_next_day():
    schedule, due = every("09:00", "UTC"), instant("2026-03-02T09:00:00")

    assert due_day(schedule, due, since=due) is None
    assert due_day(schedule, due, since=due - timedelta(seconds=1)) == date(2026, 3, 2)
    assert next_due(schedule, due) == due + DAY


def test_the_days_that_were_missed_are_those_of_its_weekdays():
    """From Wednesday 4 to Tuesday 10 March."""
    schedule = every("09:00", BERLIN)
    last, day = date(2026, 3, 4), date(2026, 3, 10)

    missed = missed_days(schedule, day, last=last, since=None)
    at_work = missed_days(replace(schedule, weekdays=WEEKDAYS), day, last=last, since=None)

    assert missed == tuple(date(2026, 3, each) for each in (5, 6, 7, 8, 9))
    assert at_work == tuple(date(2026, 3, each) for each in (5, 6, 9))


def test_a_subscription_that_never_had_a_digest_has_missed_those_since_it_began():
    schedule = every("09:00", "UTC")
    since = instant("2026-03-02T10:00:00")

    assert missed_days(schedule, date(2026, 3, 5), last=None, since=since) == (
        date(2026, 3, 3),
        date(2026, 3, 4),
    )
    assert missed_days(schedule, date(2026, 3, 5), last=None, since=None) == ()


def test_no_more_than_a_year_is_counted_as_missed():
    missed = missed_days(every("09:00", "UTC"), date(2026, 3, 2), last=date(1990, 1, 1), since=None)

    assert (len(missed), missed[-1]) == (366, date(2026, 3, 1))
