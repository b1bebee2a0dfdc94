"""The journal: every call that came in, as whom, and what became of it. In memory."""

import threading
from dataclasses import asdict, dataclass
from typing import Any


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


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[JournalEntry] = []

    def add(self, **what: str) -> None:
        with self._lock:
            self._entries.append(JournalEntry(number=len(self._entries) + 1, **what))

    def as_json(self, since: int = 0) -> list[dict[str, Any]]:
        """Entries after that number, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries[since:]]
