"""Scans, their batches, and the messages that show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, case, func, insert, select, update

from bot.domain.account import AccountId
from bot.domain.request import MessageRef
from bot.domain.status import ScanProgress
from bot.store.rows import lock
from bot.store.tables import scan_batches, scans, status_messages


@dataclass(frozen=True, slots=True)
class Scan:
    id: str
    scope: str
    total: int | None
    """None until the accounts in scope are known."""
    started_at: datetime
    finished_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A status message that follows a scan."""

    at: MessageRef
    scan_id: str
    scope: str
    shown_at: datetime


def lock_scans(connection: Connection) -> None:
    """Make others who would start a scan wait: whoever looks for a running one first, and starts one then."""
    lock(connection, scans)


def start_scan(connection: Connection, scan_id: str, *, scope: str, reason: str, now: datetime) -> None:
    row = {"id": scan_id, "scope": scope, "reason": reason, "started_at": now, "problem": ""}
    connection.execute(insert(scans).values(row))


def plan_batches(connection: Connection, scan_id: str, batches: Sequence[Sequence[AccountId]]) -> bool:
    """Write down what a scan will read; False when that was done before."""
    total = sum(len(batch) for batch in batches)
    change = update(scans).where(scans.c.id == scan_id, scans.c.total.is_(None))
    if connection.execute(change.values(total=total, batches=len(batches))).rowcount == 0:
        return False
    rows = [
        {"scan_id": scan_id, "number": number, "account_ids": list(batch)}
        for number, batch in enumerate(batches)
    ]
    if rows:
        connection.execute(insert(scan_batches), rows)
    return True


def read_batch(connection: Connection, scan_id: str, number: int) -> tuple[AccountId, ...] | None:
    """The accounts of a batch; None when it is done already or was never planned."""
    query = select(scan_batches.c.account_ids).where(
        scan_batches.c.scan_id == scan_id,
        scan_batches.c.number == number,
        scan_batches.c.done_at.is_(None),
    )
    ids = connection.execute(query).scalar()
    return None if ids is None else tuple(ids)


def finish_batch(connection: Connection, scan_id: str, number: int, *, now: datetime) -> bool:
    """Mark a batch done; True for the one that ends its scan."""
    # The scan's row is the lock: two last batches that do not see each other would both leave it open.
    connection.execute(update(scans).where(scans.c.id == scan_id).values(total=scans.c.total))
    connection.execute(
        update(scan_batches)
        .where(scan_batches.c.scan_id == scan_id, scan_batches.c.number == number)
        .values(done_at=now),
    )
    left = select(func.count()).where(scan_batches.c.scan_id == scan_id, scan_batches.c.done_at.is_(None))
    return not connection.execute(left).scalar() and finish_scan(connection, scan_id, now=now)


def finish_scan(connection: Connection, scan_id: str, *, now: datetime, problem: str = "") -> bool:
    """End a scan once; False when it had ended before."""
    change = update(scans).where(scans.c.id == scan_id, scans.c.finished_at.is_(None))
    return connection.execute(change.values(finished_at=now, problem=problem)).rowcount == 1


def read_scan(connection: Connection, scan_id: str) -> Scan | None:
    row = connection.execute(select(scans).where(scans.c.id == scan_id)).first()
    return None if row is None else _scan(row)


def read_last_scan(connection: Connection) -> Scan | None:
    """The newest scan of all accounts that ended well."""
    query = (
        select(scans)
        .where(scans.c.finished_at.is_not(None), scans.c.problem == "", scans.c.scope == "")
        .order_by(scans.c.finished_at.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _scan(row)


def read_running_scan(connection: Connection, *, scope: str, since: datetime) -> Scan | None:
    """A scan of the same scope, started after `since`, that has not ended: a second one would add nothing."""
    query = (
        select(scans)
        .where(scans.c.finished_at.is_(None), scans.c.scope == scope, scans.c.started_at > since)
        .order_by(scans.c.started_at.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _scan(row)


def read_stuck(connection: Connection, *, before: datetime) -> tuple[str, ...]:
    """Scans that started before then and have not ended."""
    query = select(scans.c.id).where(scans.c.finished_at.is_(None), scans.c.started_at < before)
    return tuple(connection.execute(query).scalars())


def read_progress(connection: Connection, scan_id: str) -> ScanProgress | None:
    """How far a scan is, counted in whole batches; None for one that has ended or is unknown."""
    scan = read_scan(connection, scan_id)
    if scan is None or scan.finished_at is not None:
        return None
    done_at, ids = scan_batches.c.done_at, scan_batches.c.account_ids
    query = select(
        func.coalesce(func.sum(case((done_at.is_not(None), func.json_array_length(ids)), else_=0)), 0),
    ).where(scan_batches.c.scan_id == scan_id)
    done = int(connection.execute(query).scalar() or 0)
    return ScanProgress(scan_id=scan_id, total=scan.total or 0, done=done, started_at=scan.started_at)


def follow_scan(connection: Connection, at: MessageRef, *, scan_id: str, scope: str, now: datetime) -> None:
    """Let a status message follow a scan until its result stands in it."""
    row = {"channel": at.channel, "ts": at.ts, "scan_id": scan_id, "scope": scope, "shown_at": now}
    connection.execute(insert(status_messages).values(row | {"settled": False}))


def read_following(connection: Connection) -> tuple[StatusMessage, ...]:
    """The messages whose scan's result they do not show yet."""
    rows = connection.execute(select(status_messages).where(status_messages.c.settled.is_(False)))
    return tuple(
        StatusMessage(MessageRef(row.channel, row.ts), row.scan_id, row.scope, row.shown_at) for row in rows
    )


def mark_shown(connection: Connection, at: MessageRef, *, now: datetime, settled: bool) -> None:
    connection.execute(
        update(status_messages)
        .where(status_messages.c.channel == at.channel, status_messages.c.ts == at.ts)
        .values(shown_at=now, settled=settled),
    )


def _scan(row: Row[tuple[object, ...]]) -> Scan:
    return Scan(
        id=row.id,
        scope=row.scope,
        total=row.total,
        started_at=row.started_at,
        finished_at=row.finished_at,
        problem=row.problem,
    )
