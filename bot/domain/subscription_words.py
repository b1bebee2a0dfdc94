"""What a person types after `digest`: a time, a zone and weekdays in any order, or one word alone.

(nothing)                      show the subscription
now · off                      each by itself
09:00 Europe/Berlin weekdays   subscribe; what is not named stays as it is
mondays, thursdays · mon-fri   weekdays, by name or as a range
on · daily                     subscribe with what is usual here · every day of the week
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.subscription import EVERY_DAY, WEEKDAYS, Schedule

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SETS = {
    "daily": EVERY_DAY,
    "day": EVERY_DAY,
    "days": EVERY_DAY,
    "everyday": EVERY_DAY,
    "weekday": WEEKDAYS,
    "weekdays": WEEKDAYS,
    "workdays": WEEKDAYS,
    "weekend": EVERY_DAY - WEEKDAYS,
    "weekends": EVERY_DAY - WEEKDAYS,
}
_DAYS = _SETS | {
    form: frozenset({number})
    for number, name in enumerate(DAY_NAMES)
    for form in (name.lower(), f"{name.lower()}s", name[:3].lower())
}
_FILLERS = frozenset({"and", "at", "in", "on", "each", "every"})
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2})(?::([0-5]\d))?\s*([ap])\.?m\.?", re.ASCII)
_RANGE = re.compile("([a-z]+)[-\N{EN DASH}]([a-z]+)")
_NO_PLACES = frozenset({"Factory", "localtime"})
_MOST_PROBLEMS = 10
_MOST_GUESSES = 3
_LONGEST_WORD = 80
_FORM = "Write for example `09:00 Europe/Berlin weekdays`."


class DigestWord(StrEnum):
    """What is said by one word alone."""

    SHOW = ""
    NOW = "now"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SubscriptionError:
    """The words do not name a subscription; all problems at once, each a sentence."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(slots=True)
class _Said:
    times: list[time]
    zones: list[str]
    weekdays: list[frozenset[int]]
    problems: list[str]


def parse_subscription(text: str, usual: Schedule) -> DigestWord | Schedule | SubscriptionError:
    """What is asked for; whatever the words leave open is as in `usual`."""
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    lower = [word.lower() for word in words]
    alone = [word for word in DigestWord if word.value and word.value in lower]
    if not words:
        return DigestWord.SHOW
    if alone and len(words) == 1:
        return alone[0]
    said = _read([word for word in words if word.lower() not in _FILLERS | {a.value for a in alone}])
    said.problems += [f"`{word}` stands alone: leave the other words out." for word in alone]
    said.problems += _contradictions(said)
    if not (said.times or said.zones or said.weekdays or said.problems or "on" in lower):
        said.problems.append(f"Neither a time, a zone nor a weekday is named. {_FORM}")
    if said.problems:
        return SubscriptionError(_few(said.problems))
    return _schedule(said, usual)


def _few(problems: Sequence[str]) -> tuple[str, ...]:
    hidden = len(problems) - _MOST_PROBLEMS
    return (*problems[:_MOST_PROBLEMS], *([f"And {hidden} more."] if hidden > 0 else []))


def _schedule(said: _Said, usual: Schedule) -> Schedule:
    named = replace(usual, at=said.times[0]) if said.times else usual
    if said.zones:
        named = replace(named, zone=ZoneInfo(said.zones[0]))
    return replace(named, weekdays=frozenset().union(*said.weekdays)) if said.weekdays else named


def _contradictions(said: _Said) -> list[str]:
    times = list(dict.fromkeys(f"{each:%H:%M}" for each in said.times))
    zones = list(dict.fromkeys(said.zones))
    return [
        f"A channel has one {what}, and here are {len(found)}: {', '.join(found)}."
        for what, found in (("time of day", times), ("time zone", zones))
        if len(found) > 1
    ]


def _read(words: Sequence[str]) -> _Said:
    said = _Said([], [], [], [])
    readers: tuple[Callable[[str, _Said], bool], ...] = (_read_time, _read_days, _read_zone)
    guesses = 0
    for word in words:
        if not any(read(word, said) for read in readers):
            said.problems.append(_unknown(word, guess=guesses < _MOST_GUESSES))
            guesses += 1
    return said


def _read_time(word: str, said: _Said) -> bool:
    found = _TIME.fullmatch(word)
    if found:
        said.times.append(time(int(found[1]), int(found[2])))
    return found is not None


def _read_days(word: str, said: _Said) -> bool:
    found = _DAYS.get(word.lower()) or _range(word.lower())
    if found:
        said.weekdays.append(found)
    return bool(found)


def _range(word: str) -> frozenset[int]:
    """`mon-fri`, also round the end of the week: `fri-mon`; empty when it is no range of days."""
    parts = _RANGE.fullmatch(word)
    ends = [_DAYS.get(part, frozenset()) for part in parts.groups()] if parts else []
    if len(ends) != 2 or any(len(end) != 1 for end in ends):
        return frozenset()
    (first,), (last,) = ends
    return frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))


def _read_zone(word: str, said: _Said) -> bool:
    name = _zones().get(word.lower())
    if name:
        said.zones.append(name)
    return name is not None


@cache
def _zones() -> dict[str, str]:
    """The names of the IANA zones, by how they read in lower case."""
    return {name.lower(): name for name in sorted(available_timezones() - _NO_PLACES)}


def _unknown(word: str, *, guess: bool) -> str:
    shown = word.replace("`", "'")[:_LONGEST_WORD]
    near = _nearest(word.lower()[:_LONGEST_WORD]) if guess else []
    meant = f" Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    if re.match(r"[\d:.]", word):
        return f"`{shown}` is not a time of day.{meant or ' Write hours and minutes, 00:00 to 23:59.'}"
    return f"`{shown}` is neither a time, an IANA time zone nor a weekday.{meant}"


def _nearest(word: str) -> list[str]:
    clock = _CLOCK.fullmatch(word)
    if clock and 1 <= int(clock[1]) <= 12:
        hour = int(clock[1]) % 12 + (12 if clock[3] == "p" else 0)
        return [f"{hour:02}:{clock[2] or '00'}"]
    zones = _zones()
    places = [name for lower, name in zones.items() if lower.rpartition("/")[2] == word.replace(" ", "_")]
    words = [*_DAYS, *(each.value for each in DigestWord if each.value)]
    if places:
        return places[:3]
    last_parts = {lower.rpartition("/")[2]: name for lower, name in zones.items()}
    close = get_close_matches(word, [*words, *zones, *last_parts], n=1, cutoff=0.7)
    return [zones.get(name) or last_parts.get(name) or name for name in close]


def spelled_days(weekdays: frozenset[int]) -> str:
    """`every day`, `on weekdays`, `on Mondays and Thursdays`."""
    if weekdays == EVERY_DAY:
        return "every day"
    if weekdays == WEEKDAYS:
        return "on weekdays"
    *others, last = [f"{DAY_NAMES[number]}s" for number in sorted(weekdays)]
    return f"on {', '.join(others)} and {last}" if others else f"on {last}"


def spelled_schedule(schedule: Schedule) -> str:
    """`at 09:00 Europe/Berlin, on weekdays`."""
    return f"at {schedule.at:%H:%M} {schedule.zone.key}, {spelled_days(schedule.weekdays)}"
