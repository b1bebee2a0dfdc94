"""How often each person has asked for something costly in the current minute, whichever replica was asked."""

from datetime import datetime

from sqlalchemy import Connection, update

from bot.store.rows import insert_if_new
from bot.store.tables import command_counts


def count_command(connection: Connection, person: str, *, limit: int, now: datetime) -> bool:
    """Count one command of a person; False when the minute has had `limit` of them already.

    Each write is conditional, so that replicas which ask at once let no more through than one would.
    """
    minute, mine = now.replace(second=0, microsecond=0), command_counts.c.person == person
    if insert_if_new(connection, command_counts, {"person": person, "minute": minute, "count": 1}):
        return True
    anew = update(command_counts).where(mine, command_counts.c.minute != minute)
    if connection.execute(anew.values(minute=minute, count=1)).rowcount == 1:
        return True
    more = update(command_counts).where(mine, command_counts.c.count < limit)
    return connection.execute(more.values(count=command_counts.c.count + 1)).rowcount == 1
