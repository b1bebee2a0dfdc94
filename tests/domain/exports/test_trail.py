"""An exported chain proves itself, whatever it holds, and shows the first event that was touched."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from building.values import NOW, an_event
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import GENESIS, AuditEvent, ChainBroken, ChainedEvent, ChainIntact, chain
from bot.domain.exports.trail import trail_lines, verify_trail

TEXT = st.text(max_size=8)
EVENTS = st.builds(
    AuditEvent,
    kind=TEXT,
    at=st.just(NOW),
    actor=TEXT,
    outcome=TEXT,
    detail=st.dictionaries(TEXT, TEXT, max_size=3).map(lambda found: tuple(found.items())),
)


def chained(*events: AuditEvent) -> Iterator[ChainedEvent]:
    prev = GENESIS
    for seq, event in enumerate(events, start=1):
        one = chain(seq, prev, event)
        prev = one.hash
        yield one


def exported(count: int = 4) -> list[str]:
    return list(trail_lines(chained(*[an_event(outcome=f"No. {number}") for number in range(count)])))


@given(st.lists(EVENTS, max_size=4))
def test_what_was_exported_is_intact_and_ends_with_its_head(events: list[AuditEvent]):
    links = list(chained(*events))

    found = verify_trail(trail_lines(links))

    assert found == ChainIntact(len(links), links[-1].hash if links else GENESIS)


def edited(change: dict[str, Any]) -> list[str]:
    lines = exported()
    lines[1] = json.dumps(json.loads(lines[1]) | change) + "\n"
    return lines


@pytest.mark.parametrize(
    "lines",
    [
        edited({"outcome": "It was denied."}),
        edited({"hash": "0" * 64}),
        edited({"prev_hash": "0" * 64}),
        edited({"more": "than there was"}),
        edited({"seq": 3}),
        edited({"seq": 2.5}),
        edited({"hash": None}),
        [exported()[0], *exported()[2:]],
        [exported()[0], exported()[2], exported()[1], exported()[3]],
        [exported()[0], "not JSON\n", *exported()[2:]],
        [exported()[0], "[]\n", *exported()[2:]],
        [exported()[0], "[" * 100_000, *exported()[2:]],
        [exported()[0], "{}\n", *exported()[2:]],
    ],
)
def test_the_first_event_that_was_touched_is_named(lines: list[str]):
    found = verify_trail(lines)

    assert isinstance(found, ChainBroken)
    assert found.seq == 2


def test_any_byte_that_is_changed_inside_a_string_is_found():
    lines = exported(2)
    places = [place for place, letter in enumerate(lines[0]) if letter.isalnum()]

    for place in places:
        letter = "a" if lines[0][place] != "a" else "b"
        touched = lines[0][:place] + letter + lines[0][place + 1 :]
        assert isinstance(verify_trail([touched, lines[1]]), ChainBroken), touched
