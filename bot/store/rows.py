"""What SQLite and PostgreSQL spell alike but SQLAlchemy does not."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row; False when one with the same key is there already, which stays as it is."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(make(table).values(values).on_conflict_do_nothing()).rowcount == 1
