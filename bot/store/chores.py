"""Chores that one of several workers does for all of them."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from bot.store.rows import insert_if_new
from bot.store.tables import chores


def take_chore(connection: Connection, name: str, *, every: timedelta, now: datetime) -> bool:
    """Take a chore up; False when another worker, or this one, has done so within `every`."""
    if insert_if_new(connection, chores, {"name": name, "at": now}):
        return True
    change = update(chores).where(chores.c.name == name, chores.c.at <= now - every)
    return connection.execute(change.values(at=now)).rowcount == 1
