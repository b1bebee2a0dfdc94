"""What SQLite and PostgreSQL spell alike but SQLAlchemy does not."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, delete, false, text
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row; False when one with the same key is there already, which stays as it is."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    insert = make(table).values(values).on_conflict_do_nothing()
    # Of an insert, SQLAlchemy keeps the count on SQLite alone unless it is asked to.
    return connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount == 1


def lock(connection: Connection, table: Table) -> None:
    """Make other writers of a table wait until this transaction ends; readers do not.

    For what is read first and written afterwards: rows that are not there yet cannot be locked one by one.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
    else:
        # SQLite locks the whole database as soon as a transaction writes, even if nothing.
        connection.execute(delete(table).where(false()))
