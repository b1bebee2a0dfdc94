"""Taking a row in hand, so that of many workers one alone does what is due to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, or_, update

from bot.domain.request import MessageRef

CLAIM_FOR = timedelta(minutes=2)
"""Whoever has been at a row for longer is taken for dead, and another may take it up."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who is at the rows of a table; `since` is when they began, or null."""

    table: Table
    since: ColumnElement[datetime | None]

    def is_free(self, now: datetime) -> ColumnElement[bool]:
        """The condition that nobody is at a row, or somebody who is taken for dead."""
        return or_(self.since.is_(None), self.since <= now - CLAIM_FOR)

    def take(self, connection: Connection, row_id: str, *also: ColumnElement[bool], now: datetime) -> bool:
        """Take a row in hand; False when somebody else is at it, or it is no longer as `also` says."""
        change = update(self.table).where(self.table.c.id == row_id, self.is_free(now), *also)
        return connection.execute(change.values({self.since: now})).rowcount == 1

    def release(self, connection: Connection, row_id: str) -> None:
        """Let what did not succeed be tried again at once."""
        change = update(self.table).where(self.table.c.id == row_id)
        connection.execute(change.values({self.since: None}))

    def place(self, connection: Connection, row_id: str, at: MessageRef | None, **shown: object) -> None:
        """Keep where a row's message stands and what it shows, and let go of it; `at` is None without one."""
        stands = {} if at is None else {"channel": at.channel, "ts": at.ts}
        change = update(self.table).where(self.table.c.id == row_id)
        connection.execute(change.values({**stands, **shown, self.since.key: None}))
