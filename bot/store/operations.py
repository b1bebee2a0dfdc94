"""Rows that keep the program itself in order: heartbeats, switches, deliveries seen."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from bot.domain.pause import Pause
from bot.store.rows import insert_if_new
from bot.store.tables import deliveries, executors, switches

PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class WorkerRow:
    id: str
    problem: str
    """What keeps the worker from AWS; empty when nothing does."""


def beat(connection: Connection, executor_id: str, *, problem: str, now: datetime) -> None:
    """Say that a worker is alive."""
    change = update(executors).where(executors.c.id == executor_id).values(seen_at=now, problem=problem)
    if connection.execute(change).rowcount == 0:
        connection.execute(insert(executors).values(id=executor_id, seen_at=now, problem=problem))


def silence(connection: Connection, executor_id: str) -> None:
    """Mark a worker that was seen to end, so that its work is taken over at once."""
    change = update(executors).where(executors.c.id == executor_id)
    connection.execute(change.values(seen_at=datetime.fromtimestamp(0, UTC)))


def forget_executor(connection: Connection, executor_id: str) -> None:
    connection.execute(delete(executors).where(executors.c.id == executor_id))


def read_silent(connection: Connection, *, since: datetime) -> tuple[str, ...]:
    """Workers that have not been heard of since then."""
    return tuple(connection.execute(select(executors.c.id).where(executors.c.seen_at < since)).scalars())


def read_alive(connection: Connection, *, since: datetime) -> tuple[WorkerRow, ...]:
    """Workers that have been heard of since then, the latest first."""
    query = select(executors).where(executors.c.seen_at >= since).order_by(executors.c.seen_at.desc())
    return tuple(WorkerRow(row.id, row.problem) for row in connection.execute(query))


def is_paused(connection: Connection) -> bool:
    """The kill switch: no fix is approved or applied while it is on."""
    found = connection.execute(select(switches.c.is_on).where(switches.c.name == PAUSE)).scalar()
    return bool(found)


def read_pause(connection: Connection) -> Pause | None:
    """By whom fixes are paused, since when and why; None while they are not."""
    row = connection.execute(select(switches).where(switches.c.name == PAUSE, switches.c.is_on)).first()
    return None if row is None else Pause(row.by, row.at, row.reason)


def set_paused(connection: Connection, *, paused: bool, by: str, now: datetime, reason: str = "") -> None:
    values = {"name": PAUSE, "is_on": paused, "by": by, "at": now, "reason": reason}
    if not insert_if_new(connection, switches, values):
        connection.execute(update(switches).where(switches.c.name == PAUSE).values(values))


def is_first_delivery(connection: Connection, key: str, *, now: datetime) -> bool:
    """Whether something from Slack comes for the first time: it may send the same again within minutes."""
    connection.execute(delete(deliveries).where(deliveries.c.at < now - timedelta(minutes=10)))
    return insert_if_new(connection, deliveries, {"key": key, "at": now})
