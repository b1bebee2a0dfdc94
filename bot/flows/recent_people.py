"""What Slack said about people a moment ago: for many fixes at once, which all ask the same."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from bot.domain.people import PersonFacts
from bot.flows.ports import Messenger

T = TypeVar("T")

FRESH_SECONDS = 10.0
"""usergroups.users.list allows 20 calls a minute, and one wave of a bulk request may be 20 accounts."""


class RecentPeople:
    """Good answers that are at most ten seconds old; a fault is raised and never remembered. For threads."""

    def __init__(self, messenger: Messenger, now: Callable[[], float] = time.monotonic) -> None:
        self._messenger = messenger
        self._now = now
        self._lock = Lock()
        self._persons: dict[str, tuple[float, PersonFacts]] = {}
        self._groups: dict[str, tuple[float, frozenset[str]]] = {}
        self._shared: dict[str, tuple[float, bool]] = {}

    def read_person(self, user_id: str) -> PersonFacts:
        return self._recent(self._persons, user_id, self._messenger.read_person)

    def read_group(self, group_id: str) -> frozenset[str]:
        return self._recent(self._groups, group_id, self._messenger.read_group)

    def read_is_shared(self, channel: str) -> bool:
        return self._recent(self._shared, channel, self._messenger.read_is_shared)

    def _recent(self, known: dict[str, tuple[float, T]], key: str, read: Callable[[str], T]) -> T:
        # Whoever asks for the same meanwhile waits for the answer rather than asking again.
        with self._lock:
            found = known.get(key)
            if found is None or self._now() - found[0] > FRESH_SECONDS:
                found = known[key] = (self._now(), read(key))
            return found[1]
