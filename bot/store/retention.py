"""What the database forgets. Each call takes away one small batch in the caller's transaction.

The audit log, requests, bulk requests and waivers are never touched: the chain stands or falls as a whole.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, or_, select

from bot.store.tables import (
    command_counts,
    deliveries,
    digests,
    finding_changes,
    forms,
    scan_batches,
    scans,
    status_messages,
)


def prune_scans(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take away ended scans, oldest first, with their batches and the messages that followed them.

    The newest scan of all accounts that ended well stays, however old: it says how old the findings are.
    """
    last_whole = (
        select(scans.c.id)
        .where(scans.c.finished_at.is_not(None), scans.c.problem == "", scans.c.scope == "")
        .order_by(scans.c.finished_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    old = and_(
        scans.c.finished_at < before,
        or_(last_whole.is_(None), scans.c.id != last_whole),
        ~exists().where(status_messages.c.scan_id == scans.c.id, status_messages.c.settled.is_(False)),
    )
    found = select(scans.c.id).where(old).order_by(scans.c.finished_at).limit(limit)
    ids = list(connection.execute(found).scalars())
    for table in (status_messages, scan_batches):
        connection.execute(delete(table).where(table.c.scan_id.in_(ids)))
    return connection.execute(delete(scans).where(scans.c.id.in_(ids))).rowcount


def prune_history(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take away changes of verdicts, oldest first, but of each account never the last: it is the present."""
    later = finding_changes.alias("later")
    is_past = exists().where(
        later.c.account_id == finding_changes.c.account_id,
        or_(
            later.c.at > finding_changes.c.at,
            and_(later.c.at == finding_changes.c.at, later.c.id > finding_changes.c.id),
        ),
    )
    old = and_(finding_changes.c.at < before, is_past)
    return _prune(connection, finding_changes, finding_changes.c.id, old, finding_changes.c.at, limit)


def prune_digests(connection: Connection, *, before: date, limit: int) -> int:
    """Take away what digests reported, but of each channel never the last one that was posted.

    The next one is compared with it.
    """
    newest = (
        select(digests.c.channel, func.max(digests.c.day).label("day"))
        .where(digests.c.posted_at.is_not(None))
        .group_by(digests.c.channel)
        .subquery()
    )
    found = (
        select(digests.c.channel, digests.c.day)
        .outerjoin(newest, and_(newest.c.channel == digests.c.channel, newest.c.day == digests.c.day))
        .where(digests.c.day < before, newest.c.day.is_(None))
        .order_by(digests.c.day, digests.c.channel)
        .limit(limit)
    )
    rows = connection.execute(found).all()
    for row in rows:
        connection.execute(delete(digests).where(digests.c.channel == row.channel, digests.c.day == row.day))
    return len(rows)


def prune_deliveries(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take away what Slack has sent and will not send again."""
    return _prune(connection, deliveries, deliveries.c.key, deliveries.c.at < before, deliveries.c.at, limit)


def prune_forms(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take away what modals were about that nobody has open any more."""
    return _prune(connection, forms, forms.c.id, forms.c.at < before, forms.c.at, limit)


def prune_counts(connection: Connection, *, before: datetime, limit: int) -> int:
    """Take away how often people have asked for something in minutes long gone."""
    counts = command_counts.c
    return _prune(connection, command_counts, counts.person, counts.minute < before, counts.minute, limit)


def _prune(
    connection: Connection,
    table: Table,
    key: ColumnElement[object],
    old: ColumnElement[bool],
    order: ColumnElement[object],
    limit: int,
) -> int:
    found = select(key).where(old).order_by(order).limit(limit)
    keys = list(connection.execute(found).scalars())
    # Asked once more: a row may have become young since it was found.
    return connection.execute(delete(table).where(key.in_(keys), old)).rowcount
