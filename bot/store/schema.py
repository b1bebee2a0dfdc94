"""Bringing a database to the schema that this version needs."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.errors import StoreError

HEAD = "0001"
"""The newest revision under migrations/versions; a test holds it to Alembic's own word."""


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables; cheap when nothing is to be done. Raises StoreError with the way out."""
    try:
        if _revision(engine) != HEAD:
            _upgrade(engine)
    except SQLAlchemyError as fault:
        at = engine.url.render_as_string(hide_password=True)
        raise StoreError(
            f"Cannot open or upgrade the database {at}: {type(fault).__name__}. Check store.url in settings.",
        ) from fault


def require_tables(engine: Engine) -> None:
    """StoreError unless the database is there with the tables of this version; makes and changes nothing."""
    at = engine.url.render_as_string(hide_password=True)
    file = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    if file is not None and not Path(file).exists():
        raise StoreError(
            f"There is no database at {at}. Check store.url in settings; support-role serve makes it."
        )
    try:
        found = _revision(engine)
    except SQLAlchemyError as fault:
        raise StoreError(
            f"Cannot open the database {at}: {type(fault).__name__}. Check store.url in settings."
        ) from fault
    if found != HEAD:
        raise StoreError(
            f"The database {at} is not of this version. Start support-role serve, which upgrades it."
        )


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _upgrade(engine: Engine) -> None:
    # Alembic takes 100 ms to import, and is not needed at an ordinary start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        # Two workers that start at once: the second waits, and then finds nothing to do.
        is_postgresql = connection.dialect.name == "postgresql"
        lock = "SELECT pg_advisory_xact_lock(7203119)" if is_postgresql else "BEGIN IMMEDIATE"
        connection.execute(text(lock))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
