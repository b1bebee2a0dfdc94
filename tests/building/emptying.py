"""One database for many runs: emptying it costs less than a new one, whose every query is compiled anew."""

from sqlalchemy import Engine, delete, event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection

from bot.domain.audit import GENESIS
from bot.store.tables import audit_head, metadata


def empty(engine: Engine) -> None:
    """Leave a migrated database as if it were new; work that was put on the engine's queues stays there."""
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
        connection.execute(insert(audit_head).values(id=1, seq=0, hash=GENESIS))


def hurry(engine: Engine) -> Engine:
    """Let commits to a SQLite database not wait for the disk: no power is cut in a test."""

    def connected(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute("PRAGMA synchronous = OFF")

    event.listen(engine, "connect", connected)
    return engine
