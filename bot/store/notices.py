"""What one person is to be told privately, until Slack has taken it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, select, update

from bot.domain.people import Notice
from bot.store.codec import dump, load
from bot.store.rows import insert_if_new
from bot.store.tables import notices

AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OwedNotice:
    id: str
    user_id: str
    channel: str
    """Where to tell it, if they are there; empty for a direct message."""
    notice: Notice
    since: datetime
    due_at: datetime


def owe(
    connection: Connection, notice_id: str, user_id: str, channel: str, notice: Notice, *, now: datetime
) -> None:
    """Write down that somebody is to be told, once for each id."""
    values = {"user_id": user_id, "channel": channel, "notice": dump(notice), "at": now, "due_at": now}
    insert_if_new(connection, notices, {"id": notice_id, **values})


def read_owed(connection: Connection, notice_id: str) -> OwedNotice | None:
    row = connection.execute(select(notices).where(notices.c.id == notice_id)).first()
    return None if row is None else _owed(row)


def read_due(connection: Connection, *, now: datetime, limit: int) -> tuple[OwedNotice, ...]:
    """What is to be told now, the oldest first."""
    query = select(notices).where(notices.c.due_at <= now).order_by(notices.c.at, notices.c.id).limit(limit)
    return tuple(_owed(row) for row in connection.execute(query))


def claim(connection: Connection, owed: OwedNotice, *, now: datetime) -> bool:
    """Take it on to tell it; False when somebody else has. It comes up again if nothing is heard of it."""
    change = update(notices).where(notices.c.id == owed.id, notices.c.due_at == owed.due_at)
    return connection.execute(change.values(due_at=now + AGAIN_AFTER)).rowcount == 1


def drop(connection: Connection, notice_id: str) -> None:
    connection.execute(delete(notices).where(notices.c.id == notice_id))


def _owed(row: Row[tuple[object, ...]]) -> OwedNotice:
    notice = load(Notice, row.notice)
    return OwedNotice(row.id, row.user_id, row.channel, notice, row.at, row.due_at)
