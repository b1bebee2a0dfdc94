"""The audit chain as JSON Lines, and the proof of it from such a file alone, without the database."""

import json
from collections.abc import Iterable, Iterator

from bot.domain.audit import ChainBroken, ChainedEvent, ChainIntact, verify_chain
from bot.domain.canonical import Json, canonical_json

PLACE = frozenset({"seq", "prev_hash", "hash"})
"""What of a line is the event's place in the chain; all else is the event."""


def trail_json(event: ChainedEvent) -> dict[str, Json]:
    """An event with its place in the chain; nothing of what was hashed is left out."""
    body = json.loads(event.body)["event"]
    return {"seq": event.seq, **body, "prev_hash": event.prev_hash, "hash": event.hash}


def trail_lines(events: Iterable[ChainedEvent]) -> Iterator[str]:
    """One event a line, in plain ASCII: no letter can be lost on the way to a file."""
    for event in events:
        yield json.dumps(trail_json(event)) + "\n"


def verify_trail(lines: Iterable[str]) -> ChainIntact | ChainBroken:
    """Check an exported chain from its first event on; names the first that is missing, moved or edited."""
    try:
        return verify_chain(_read(number, line) for number, line in enumerate(lines, start=1))
    except _NoEventError as fault:
        return ChainBroken(fault.number, f"line {fault.number} is no audit event")


class _NoEventError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _read(number: int, line: str) -> ChainedEvent:
    try:
        found = json.loads(line)
        event = {name: value for name, value in found.items() if name not in PLACE}
        body = canonical_json({"seq": found["seq"], "event": event})
        return ChainedEvent(found["seq"], found["prev_hash"] + "", body, found["hash"] + "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise _NoEventError(number) from fault
