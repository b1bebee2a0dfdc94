"""A freeze window starts at local times and lasts elapsed time, on the days the clocks change too."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.freeze import FreezeWindow


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def frozen_minutes(window: FreezeWindow, start: datetime, hours: int) -> list[datetime]:
    """Every frozen minute of a span, asked one by one."""
    minutes = (start + timedelta(minutes=count) for count in range(hours * 60))
    return [moment for moment in minutes if window.end_if_frozen(moment) is not None]


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-03-02T09:59:59.999999+00:00", False),
        ("2026-03-02T10:00:00+00:00", True),
        ("2026-03-02T11:29:59.999999+00:00", True),
        ("2026-03-02T11:30:00+00:00", False),
        ("2026-03-02T12:15:00+02:00", True),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(now: str, *, frozen: bool):
    window = FreezeWindow("0 10 * * *", 90, "UTC")

    assert (window.end_if_frozen(at(now)) is not None) is frozen


def test_the_end_is_told_in_the_windows_own_zone():
    window = FreezeWindow("0 18 * * 5", 62 * 60, "America/New_York")

    end = window.end_if_frozen(at("2026-03-07T12:00:00+00:00"))

    # Friday 18:00 EST and 62 hours: the clocks went forward on Sunday, so it is 09:00 and not 08:00.
    assert end == at("2026-03-09T09:00:00-04:00")
    assert end is not None
    assert end.tzname() == "EDT"


@pytest.mark.parametrize(
    ("cron", "start", "first", "minutes"),
    [
        # 02:00 to 03:00 does not exist on 29 March in Berlin: the window starts as the clocks go forward.
        ("0 2 * * *", "2026-03-29T00:00:00+00:00", "2026-03-29T01:00:00+00:00", 60),
        ("30 2 * * *", "2026-03-29T00:00:00+00:00", "2026-03-29T01:00:00+00:00", 60),
        # 02:30 comes twice on 25 October: both start a window, which errs on the side of freezing.
        ("30 2 * * *", "2026-10-24T22:00:00+00:00", "2026-10-25T00:30:00+00:00", 120),
        ("0 9 * * *", "2026-03-28T23:00:00+00:00", "2026-03-29T07:00:00+00:00", 60),
        ("0 9 * * *", "2026-10-24T22:00:00+00:00", "2026-10-25T08:00:00+00:00", 60),
    ],
)
def test_when_the_clocks_change_a_daily_window_still_comes(cron: str, start: str, first: str, minutes: int):
    frozen = frozen_minutes(FreezeWindow(cron, 60, "Europe/Berlin"), at(start), 12)

    assert frozen[0] == at(first)
    assert len(frozen) == minutes
    assert frozen[-1] - frozen[0] == timedelta(minutes=minutes - 1)


def test_a_window_over_the_change_of_clocks_lasts_its_elapsed_time():
    window = FreezeWindow("0 22 * * *", 8 * 60, "Europe/Berlin")

    for start in ("2026-03-28T20:00:00+00:00", "2026-10-24T19:00:00+00:00"):
        assert len(frozen_minutes(window, at(start), 12)) == 8 * 60


def test_in_a_half_hour_zone_it_is_the_local_time_that_counts():
    window = FreezeWindow("0 9 * * *", 30, "Asia/Kolkata")

    assert window.end_if_frozen(at("2026-03-02T03:30:00+00:00")) == at("2026-03-02T04:00:00+00:00")
    assert window.end_if_frozen(at("2026-03-02T03:29:00+00:00")) is None


def test_windows_that_overlap_freeze_until_the_last_one_ends():
    window = FreezeWindow("0 * * * *", 90, "UTC")

    assert window.end_if_frozen(at("2026-03-02T10:15:00+00:00")) == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
