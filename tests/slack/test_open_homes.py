"""Whose home tab may still be open: the last ones, for a quarter of an hour."""

from bot.domain.request import Person
from bot.slack.open_homes import MOST, RECENT_SECONDS, OpenHomes

PEOPLE = [Person("T0TEAM", f"U{number}") for number in range(MOST + 2)]


def test_the_last_to_open_theirs_come_first_and_only_so_many_are_kept():
    homes = OpenHomes(now=lambda: 0.0)
    for person in [*PEOPLE, PEOPLE[5]]:
        homes.note(person)

    recent = homes.recent()

    assert recent[:2] == [PEOPLE[5], PEOPLE[-1]]
    assert len(recent) == MOST
    assert PEOPLE[0] not in recent


def test_after_a_quarter_of_an_hour_nobody_is_thought_to_look():
    seconds = [0.0]
    homes = OpenHomes(now=lambda: seconds[0])
    homes.note(PEOPLE[0])

    seconds[0] = RECENT_SECONDS + 1

    assert homes.recent() == []
