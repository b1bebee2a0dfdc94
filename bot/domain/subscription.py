"""A channel's subscription to the daily digest, and on which local date at which instant it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CATCH_UP = timedelta(hours=6)
"""A digest that was missed is still posted within this time; after it, the next one says so."""

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))

DAY = timedelta(days=1)
LONGEST_WAIT = 10
"""Days until the next digest at most: one weekday alone, and a date that its zone left out."""
LONGEST_LOOK_BACK = 366


@dataclass(frozen=True, slots=True)
class Schedule:
    at: time
    """The local time of day, without a zone."""
    zone: ZoneInfo
    weekdays: frozenset[int] = EVERY_DAY
    """As `date.weekday()` counts them: 0 is Monday."""

    def has(self, day: date) -> bool:
        """Whether a local date gets a digest; dates that the zone left out never do."""
        return day.weekday() in self.weekdays and _exists(day, self.zone)

    def moment(self, day: date) -> datetime:
        """The instant of a local date's digest, in UTC.

        A time that the clocks skip in spring is read as if they had not been put forward yet (02:30 is then
        03:30), and of one that comes twice in autumn the first counts: either way one date has one instant.
        """
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Subscription:
    channel: str
    schedule: Schedule
    by: str = ""
    """Slack id of whoever subscribed or switched it off; empty when settings did."""
    since: datetime | None = None
    """When it became what it is: what was due by then was never missed. None when settings made it."""
    is_off: bool = False
    problem: str = ""
    """Why the last digest was not posted; empty once one was."""
    told_at: datetime | None = None
    """When the subscriber was told of the problem."""


def _exists(day: date, zone: ZoneInfo) -> bool:
    # Samoa went from 29 to 31 December 2011: a midnight of the 30th is read as one of the 31st.
    midnight = datetime.combine(day, time(), zone)
    return midnight.astimezone(UTC).astimezone(zone).date() == day


def due_day(schedule: Schedule, now: datetime, *, since: datetime | None) -> date | None:
    """The local date whose digest is due now, or None; what was due by `since` is not."""
    today = now.astimezone(schedule.zone).date()
    for day in (today, today - DAY):
        due = schedule.moment(day)
        if schedule.has(day) and due <= now < due + CATCH_UP and (since is None or since < due):
            return day
    return None


def next_due(schedule: Schedule, after: datetime) -> datetime:
    """The first instant later than `after` at which a digest is due, in UTC."""
    # A time just before a midnight that the clocks skip is one of the next date: begin a day early.
    start = after.astimezone(schedule.zone).date() - DAY
    found = (schedule.moment(start + n * DAY) for n in range(LONGEST_WAIT) if schedule.has(start + n * DAY))
    return next(due for due in found if due > after)


def missed_days(
    schedule: Schedule, day: date, *, last: date | None, since: datetime | None
) -> tuple[date, ...]:
    """The local dates before `day` that had no digest; `last` is the date of the last one posted.

    None is missed of a subscription that never had one and does not know since when it stands. Looks back a
    year at most.
    """
    first = _first_candidate(schedule, last=last, since=since)
    if first is None:
        return ()
    earliest = max(first, day - timedelta(days=LONGEST_LOOK_BACK))
    return tuple(
        one
        for one in _dates(earliest, day)
        if schedule.has(one) and (since is None or since < schedule.moment(one))
    )


def _first_candidate(schedule: Schedule, *, last: date | None, since: datetime | None) -> date | None:
    if last is not None:
        return last + DAY
    return since.astimezone(schedule.zone).date() - DAY if since else None


def _dates(first: date, end: date) -> Iterator[date]:
    """The dates from `first` on, without `end`."""
    return (first + DAY * number for number in range((end - first).days))
