"""Who somebody is and who may approve, as Slack says now. What cannot be read is None, and refuses."""

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from bot.domain.errors import MessengerError
from bot.domain.guards import Click
from bot.domain.people import PersonFacts
from bot.domain.request import Person
from bot.flows.ask import Decider
from bot.flows.ports import Messenger

T = TypeVar("T")

FRESH_SECONDS = 60.0
"""users.info allows 100 calls a minute and usergroups.users.list 20: a minute's memory keeps a busy channel
below both. Whoever leaves the approvers can approve for that long at most, and is looked up again, without
any memory, before the write."""


class People:
    """Look-ups with a short memory of good answers; faults are never remembered. For threads."""

    def __init__(self, messenger: Messenger, groups: frozenset[str]) -> None:
        self._messenger = messenger
        self._groups = groups
        self._lock = Lock()
        self._persons: dict[str, tuple[float, PersonFacts]] = {}
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._shared: dict[str, tuple[float, bool]] = {}

    def facts(self, user_id: str) -> PersonFacts | None:
        return self._remember(self._persons, user_id, self._messenger.read_person)

    def decider(self, person: Person, channel: str) -> Decider:
        """Everything that guards want to know of whoever clicked."""
        click = Click(person, channel, is_shared_channel=self._is_shared(channel))
        return Decider(click, self.facts(person.user_id), {g: self._group(g) for g in sorted(self._groups)})

    def decider_at_home(self, person: Person, approval_channel: str) -> Decider:
        """The same for a click on the home tab; it is the approval channel that must not be shared then."""
        shared = self._is_shared(approval_channel)
        click = Click(person, channel_id="", is_shared_channel=shared, is_home=True)
        return Decider(click, self.facts(person.user_id), {g: self._group(g) for g in sorted(self._groups)})

    def _group(self, group_id: str) -> frozenset[str] | None:
        return self._remember(self._members, group_id, self._messenger.read_group)

    def _is_shared(self, channel: str) -> bool | None:
        return self._remember(self._shared, channel, self._messenger.read_is_shared)

    def _remember(self, known: dict[str, tuple[float, T]], key: str, read: Callable[[str], T]) -> T | None:
        with self._lock:
            at, value = known.get(key, (0.0, None))
        if value is not None and time.monotonic() - at < FRESH_SECONDS:
            return value
        try:
            found = read(key)
        except MessengerError:
            return None
        with self._lock:
            known[key] = (time.monotonic(), found)
        return found
