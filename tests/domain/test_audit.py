"""The chain: any event that was changed, removed, added or moved is found, and the first one is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from building.values import NOW, an_event
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audit import (
    GENESIS,
    AuditEvent,
    ChainBroken,
    ChainedEvent,
    ChainIntact,
    chain,
    utc_text,
    verify_chain,
)


def a_chain(length: int = 5) -> list[ChainedEvent]:
    chained: list[ChainedEvent] = []
    prev = GENESIS
    for seq in range(1, length + 1):
        chained.append(chain(seq, prev, an_event(f"kind.{seq}")))
        prev = chained[-1].hash
    return chained


def found_at(events: list[ChainedEvent]) -> int:
    result = verify_chain(events)
    assert isinstance(result, ChainBroken)
    return result.seq


def test_a_chain_that_nobody_touched_is_intact():
    events = a_chain(5)

    assert verify_chain(events) == ChainIntact(length=5, head=events[-1].hash)


def test_an_empty_chain_is_intact():
    assert verify_chain([]) == ChainIntact(length=0, head=GENESIS)


@pytest.mark.parametrize("seq", range(1, 6))
@pytest.mark.parametrize("field", ["body", "hash", "prev_hash"])
def test_one_changed_character_is_found_where_it_stands(field: str, seq: int):
    events = a_chain(5)
    text = getattr(events[seq - 1], field)
    middle = len(text) // 2
    changed = text[:middle] + ("1" if text[middle] != "1" else "2") + text[middle + 1 :]
    events[seq - 1] = replace(events[seq - 1], **{field: changed})

    assert found_at(events) == seq


@pytest.mark.parametrize("seq", range(1, 5))
def test_a_removed_event_is_missed(seq: int):
    events = a_chain(5)
    del events[seq - 1]

    assert found_at(events) == seq


@pytest.mark.parametrize("seq", range(1, 5))
def test_two_events_that_changed_places_are_found(seq: int):
    events = a_chain(5)
    one, other = events[seq - 1], events[seq]
    events[seq - 1] = replace(other, seq=one.seq)
    events[seq] = replace(one, seq=other.seq)

    assert found_at(events) == seq


def test_an_event_put_in_between_is_found():
    events = a_chain(3)
    events.insert(1, chain(2, events[0].hash, an_event("fix.approved")))

    assert found_at(events) == 3


def test_an_event_rewritten_with_a_hash_of_its_own_breaks_the_next_one():
    events = a_chain(3)
    events[1] = chain(2, events[0].hash, an_event("something.else"))

    assert found_at(events) == 3


@given(
    st.builds(
        AuditEvent,
        kind=st.text(max_size=5),
        at=st.just(NOW),
        actor=st.text(max_size=5),
        outcome=st.text(),
        aws_request_ids=st.lists(st.text(max_size=4), max_size=2).map(tuple),
        detail=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3).map(
            lambda d: tuple(d.items())
        ),
    ),
)
def test_whatever_an_event_says_its_chain_verifies(event: AuditEvent):
    assert isinstance(verify_chain([chain(1, GENESIS, event)]), ChainIntact)


def test_a_time_is_written_in_utc_whole_and_sortable():
    east = timezone(timedelta(hours=2))

    assert utc_text(datetime(2026, 1, 31, 11, 0, tzinfo=east)) == "2026-01-31T09:00:00.000000Z"
    assert utc_text(datetime(2026, 1, 31, 9, 0, 0, 5, tzinfo=UTC)) == "2026-01-31T09:00:00.000005Z"


def test_the_order_of_details_makes_no_difference_to_the_hash():
    one = an_event(detail=(("a", "1"), ("b", "2")))
    other = an_event(detail=(("b", "2"), ("a", "1")))

    assert chain(1, GENESIS, one) == chain(1, GENESIS, other)
