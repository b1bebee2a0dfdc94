"""The words after `digest`: any order, every problem at once, and a guess at what was meant."""

from datetime import time
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.subscription import EVERY_DAY, WEEKDAYS, Schedule
from bot.domain.subscription_words import (
    DigestWord,
    SubscriptionError,
    parse_subscription,
    spelled_days,
    spelled_schedule,
)

USUAL = Schedule(time(7, 30), ZoneInfo("Asia/Kolkata"), frozenset({2}))


def parsed(text: str) -> Schedule:
    found = parse_subscription(text, USUAL)
    assert isinstance(found, Schedule), found
    return found


def problems(text: str) -> tuple[str, ...]:
    found = parse_subscription(text, USUAL)
    assert isinstance(found, SubscriptionError), found
    return found.problems


@pytest.mark.parametrize(
    ("text", "word"),
    [("", DigestWord.SHOW), ("  \t", DigestWord.SHOW), ("now", DigestWord.NOW), ("OFF ", DigestWord.OFF)],
)
def test_some_words_stand_alone(text: str, word: DigestWord):
    assert parse_subscription(text, USUAL) is word


@pytest.mark.parametrize("words", list(permutations(["09:00", "europe/berlin", "weekdays"])))
def test_the_words_may_come_in_any_order(words: tuple[str, ...]):
    assert parsed(" ".join(words)) == Schedule(time(9), ZoneInfo("Europe/Berlin"), WEEKDAYS)


@pytest.mark.parametrize(
    ("text", "at", "zone", "weekdays"),
    [
        ("on", time(7, 30), "Asia/Kolkata", {2}),
        ("9:05", time(9, 5), "Asia/Kolkata", {2}),
        ("utc", time(7, 30), "UTC", {2}),
        ("daily", time(7, 30), "Asia/Kolkata", EVERY_DAY),
        ("every day at 00:00", time(0), "Asia/Kolkata", EVERY_DAY),
        ("mondays,thursdays", time(7, 30), "Asia/Kolkata", {0, 3}),
        ("on Mon, and friday 23:59", time(23, 59), "Asia/Kolkata", {0, 4}),
        ("fri-mon", time(7, 30), "Asia/Kolkata", {4, 5, 6, 0}),
        ("sundays weekdays", time(7, 30), "Asia/Kolkata", {0, 1, 2, 3, 4, 6}),
        ("weekends america/argentina/buenos_aires", time(7, 30), "America/Argentina/Buenos_Aires", {5, 6}),
        ("09:00 9:00 UTC UTC", time(9), "UTC", {2}),
    ],
)
def test_what_is_not_named_stays_as_it_is(text: str, at: time, zone: str, weekdays: set[int]):
    assert parsed(text) == Schedule(at, ZoneInfo(zone), frozenset(weekdays))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "berlin",
            "`berlin` is neither a time, an IANA time zone nor a weekday. Did you mean `Europe/Berlin`?",
        ),
        ("Europe/Berln", "Did you mean `Europe/Berlin`?"),
        ("kolkatta", "Did you mean `Asia/Kolkata`?"),
        ("tuesdya", "Did you mean `tuesday`?"),
        ("noww", "Did you mean `now`?"),
        ("9am", "`9am` is not a time of day. Did you mean `09:00`?"),
        ("12:30am", "Did you mean `00:30`?"),
        ("3pm", "Did you mean `15:00`?"),
        ("25:00", "`25:00` is not a time of day. Write hours and minutes, 00:00 to 23:59."),
        ("13pm", "`13pm` is not a time of day."),
        ("xyzzy", "`xyzzy` is neither a time, an IANA time zone nor a weekday."),
        ("localtime", "`localtime` is neither a time, an IANA time zone nor a weekday."),
        ("../../etc/passwd", "`../../etc/passwd` is not a time of day."),
        ("mon-xyz", "`mon-xyz` is neither"),
        ("at", "Neither a time, a zone nor a weekday is named."),
        ("off 09:00", "`off` stands alone: leave the other words out."),
        ("now now", "`now` stands alone: leave the other words out."),
        ("09:00 10:00", "A channel has one time of day, and here are 2: 09:00, 10:00."),
        ("UTC europe/paris", "A channel has one time zone, and here are 2: UTC, Europe/Paris."),
    ],
)
def test_a_mistake_is_named_with_what_may_have_been_meant(text: str, problem: str):
    (found,) = problems(text)

    assert problem in found


def test_all_mistakes_are_named_at_once():
    found = problems("Europe/Berln 25:00 tuesdya now")

    assert [text.split("`")[1] for text in found] == ["Europe/Berln", "25:00", "tuesdya", "now"]


def test_of_very_many_mistakes_some_are_counted():
    found = problems(" ".join(f"xyz{number}" for number in range(60)))

    assert len(found) == 11
    assert found[-1] == "And 50 more."


@given(st.text(max_size=60))
def test_whatever_is_typed_is_understood_or_explained(text: str):
    found = parse_subscription(text, USUAL)

    if isinstance(found, SubscriptionError):
        assert found.problems
        assert all(0 < len(problem) < 300 for problem in found.problems)
    elif isinstance(found, Schedule):
        assert found.weekdays


@given(st.times(), st.sampled_from(["UTC", "Europe/Berlin"]), st.frozensets(st.integers(0, 6), min_size=1))
def test_a_schedule_as_it_is_spelled_is_understood_again(at: time, zone: str, weekdays: frozenset[int]):
    schedule = Schedule(at.replace(second=0, microsecond=0), ZoneInfo(zone), weekdays)

    assert parsed(spelled_schedule(schedule)) == schedule


@pytest.mark.parametrize(
    ("weekdays", "words"),
    [
        (EVERY_DAY, "every day"),
        (WEEKDAYS, "on weekdays"),
        ({1}, "on Tuesdays"),
        ({5, 6}, "on Saturdays and Sundays"),
        ({0, 2, 4}, "on Mondays, Wednesdays and Fridays"),
    ],
)
def test_weekdays_are_spelled_as_people_say_them(weekdays: set[int], words: str):
    assert spelled_days(frozenset(weekdays)) == words
