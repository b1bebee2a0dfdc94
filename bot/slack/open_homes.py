"""Whose home tab was shown a moment ago: it may still be before their eyes. A courtesy, and no record."""

import time
from collections.abc import Callable
from threading import Lock

from bot.domain.request import Person

RECENT_SECONDS = 900.0
"""Slack says when a tab is opened and never when it is closed."""
MOST = 10
"""Each costs one views.publish after a decision, of which Slack takes some hundred a minute."""


class OpenHomes:
    """Those that this process showed in the last quarter of an hour, ten at most; for threads.

    Another process knows of others: what is stale there answers with who has decided, as it would anyway.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = Lock()
        self._shown: dict[Person, float] = {}

    def note(self, person: Person) -> None:
        """Somebody's tab was shown just now."""
        with self._lock:
            self._shown.pop(person, None)
            self._shown[person] = self._now()
            for oldest in list(self._shown)[:-MOST]:
                del self._shown[oldest]

    def recent(self) -> list[Person]:
        """The one shown last comes first."""
        with self._lock:
            since = self._now() - RECENT_SECONDS
            return [person for person, at in reversed(self._shown.items()) if at >= since]
