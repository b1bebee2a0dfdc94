"""The journal: every call that came in, as whom, and what became of it. In memory."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

WRITES = ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Tag", "Untag", "Update")
"""How the names of actions begin that change something."""
NOTABLE_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`account_id` is the account that the call is about, not the caller's."""

    number: int
    at: str
    """UTC, ISO 8601 with milliseconds."""
    account_id: str
    caller: str
    """ARN as GetCallerIdentity shows it; empty for unknown keys."""
    source_identity: str
    action: str
    subject: str
    """The role, user or policy that the call names, or empty."""
    error: str
    """AWS's error code; empty when it was allowed and done."""
    request_id: str

    @property
    def was_done(self) -> bool:
        return not self.error

    @property
    def is_write(self) -> bool:
        """Whether the call would change something, done or refused."""
        return self.action.partition(":")[2].startswith(WRITES)


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[JournalEntry] = []
        self._written: dict[str, None] = {}

    def add(self, **what: str) -> None:
        with self._lock:
            entry = JournalEntry(number=len(self._entries) + 1, **what)
            self._entries.append(entry)
            if entry.is_write and entry.was_done:
                # Once more at the end: those written to last come last.
                self._written.pop(entry.account_id, None)
                self._written[entry.account_id] = None

    def written(self, last: int) -> list[str]:
        """The accounts in which something was changed, so many at most, the latest last."""
        with self._lock:
            return list(self._written)[-last:]

    def notable(self, since: int, last: int) -> list[dict[str, Any]]:
        """The last entries after that number, and of those before them what wrote or was refused.

        A scan of thousands of accounts makes as many calls a second: the one write among them is not lost.
        """
        with self._lock:
            entries = self._entries[since:]
        early, late = entries[:-last], entries[-last:]
        told = [entry for entry in early if entry.is_write or entry.error][-NOTABLE_AT_MOST:]
        return [asdict(entry) for entry in (*told, *late)]

    def as_json(self, since: int = 0) -> list[dict[str, Any]]:
        """Entries after that number, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries[since:]]
