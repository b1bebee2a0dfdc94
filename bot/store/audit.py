"""The audit chain in the database, and the outbox that carries it to Slack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from bot.domain.audit import AuditEvent, ChainBroken, ChainedEvent, ChainIntact, chain, utc_text, verify_chain
from bot.domain.errors import AuditError
from bot.store.tables import audit_events, audit_head, outbox


def record(connection: Connection, event: AuditEvent, *, channel: str = "") -> ChainedEvent:
    """Append an event in the caller's transaction, and queue its message for `channel` unless that is empty.

    The first statement takes the head's row lock, so that writers in other processes wait their turn.
    """
    locked = connection.execute(
        update(audit_head).where(audit_head.c.id == 1).values(seq=audit_head.c.seq + 1).returning(audit_head),
    ).first()
    if locked is None:
        raise AuditError("The audit chain has no head: the database was not set up by this program.")
    chained = chain(locked.seq, locked.hash, event)
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(hash=chained.hash))
    connection.execute(insert(audit_events).values(_row(chained, event)))
    if channel:
        connection.execute(insert(outbox).values(seq=chained.seq, channel=channel, attempts=0, problem=""))
    return chained


def record_once(connection: Connection, event: AuditEvent, *, channel: str = "") -> ChainedEvent:
    """Append an event unless its request has one of that kind: a step that runs again says nothing twice."""
    lock_chain(connection)
    query = select(audit_events).where(
        audit_events.c.request_id == event.request_id,
        audit_events.c.kind == event.kind,
    )
    row = connection.execute(query).first()
    return _chained(row) if row is not None else record(connection, event, channel=channel)


def has_event(connection: Connection, request_id: str, kind: str) -> bool:
    """Whether a request has an event of that kind."""
    query = select(audit_events.c.seq).where(
        audit_events.c.request_id == request_id,
        audit_events.c.kind == kind,
    )
    return connection.execute(query.limit(1)).first() is not None


def lock_chain(connection: Connection) -> None:
    """Make other writers wait until this transaction ends; whoever decides something takes this first."""
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=audit_head.c.seq))


def read_head(connection: Connection) -> tuple[int, str]:
    """Length of the chain and the hash of its last event."""
    row = connection.execute(select(audit_head).where(audit_head.c.id == 1)).first()
    if row is None:
        raise AuditError("The audit chain has no head: the database was not set up by this program.")
    return row.seq, row.hash


def read_events(
    connection: Connection, *, request_id: str = "", account_id: str = ""
) -> Iterator[ChainedEvent]:
    """Events in order, all of them or those of a request or account."""
    query = select(audit_events).order_by(audit_events.c.seq)
    if request_id:
        query = query.where(audit_events.c.request_id == request_id)
    if account_id:
        query = query.where(audit_events.c.account_id == account_id)
    with connection.execute(query.execution_options(yield_per=500)) as rows:
        for row in rows:
            yield _chained(row)


def read_last(
    connection: Connection, *, request_id: str = "", account_id: str = "", limit: int
) -> tuple[tuple[ChainedEvent, ...], int]:
    """The last events, of all or of a request or account, the newest first; and how many there are."""
    # One query: an event that comes between two would be counted and not shown.
    query = select(audit_events, func.count().over().label("total"))
    if request_id:
        query = query.where(audit_events.c.request_id == request_id)
    if account_id:
        query = query.where(audit_events.c.account_id == account_id)
    rows = connection.execute(query.order_by(audit_events.c.seq.desc()).limit(limit)).all()
    return tuple(_chained(row) for row in rows), rows[0].total if rows else 0


def read_request_ids(connection: Connection, *, limit: int) -> tuple[str, ...]:
    """The requests, waivers and bulk requests that the last events are about, the newest first."""
    query = (
        select(audit_events.c.request_id)
        .where(audit_events.c.request_id != "")
        .group_by(audit_events.c.request_id)
        .order_by(func.max(audit_events.c.seq).desc())
        .limit(limit)
    )
    return tuple(connection.execute(query).scalars())


def verify(connection: Connection) -> ChainIntact | ChainBroken:
    """Check every event, the columns copied out of it, and that the chain ends where its head says.

    Events may be written meanwhile: the chain is read again when its head has moved on.
    """
    while True:
        head = read_head(connection)
        result = _verify_events(connection)
        if isinstance(result, ChainBroken) or (result.length, result.head) == head:
            return result
        if read_head(connection) == head:
            return _wrong_end(result, *head)


def _verify_events(connection: Connection) -> ChainIntact | ChainBroken:
    query = select(audit_events).order_by(audit_events.c.seq).execution_options(yield_per=500)
    with connection.execute(query) as rows:
        changed = next((row.seq for row in rows if not _columns_agree(row)), None)
    result = verify_chain(read_events(connection))
    if changed is None or (isinstance(result, ChainBroken) and result.seq < changed):
        return result
    return ChainBroken(changed, f"event {changed} was changed after it was written")


def _wrong_end(found: ChainIntact, length: int, head: str) -> ChainBroken:
    if found.length < length:
        seq = found.length + 1
        return ChainBroken(seq, f"event {seq} is missing: the chain's end was cut off")
    if found.length > length:
        return ChainBroken(length + 1, f"event {length + 1} stands behind the chain's head")
    return ChainBroken(length, f"event {length} is not the chain's head, whose hash is {head[:12]}…")


def _columns_agree(row: Row[tuple[object, ...]]) -> bool:
    try:
        event = json.loads(row.body)["event"]
        return all(event[name] == getattr(row, name) for name in ("kind", "at", "account_id", "request_id"))
    except (ValueError, KeyError, TypeError):
        return False


def _row(chained: ChainedEvent, event: AuditEvent) -> dict[str, object]:
    return {
        "seq": chained.seq,
        "prev_hash": chained.prev_hash,
        "hash": chained.hash,
        "body": chained.body,
        "kind": event.kind,
        "at": utc_text(event.at),
        "account_id": event.account_id,
        "request_id": event.request_id,
    }


def _chained(row: Row[tuple[object, ...]]) -> ChainedEvent:
    return ChainedEvent(seq=row.seq, prev_hash=row.prev_hash, body=row.body, hash=row.hash)


CLAIM_FOR = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    event: ChainedEvent
    channel: str
    attempts: int


def claim_next(connection: Connection, *, now: datetime) -> OutboxItem | None:
    """Take the oldest unposted audit message for two minutes; in order, so the channel reads as the chain.

    None when there is nothing to post, or when another worker holds the oldest.
    """
    oldest = connection.execute(
        select(outbox).where(outbox.c.posted_at.is_(None)).order_by(outbox.c.seq).limit(1),
    ).first()
    if oldest is None:
        return None
    free = or_(outbox.c.claimed_at.is_(None), outbox.c.claimed_at < now - CLAIM_FOR)
    change = update(outbox).where(outbox.c.seq == oldest.seq, outbox.c.posted_at.is_(None), free)
    if connection.execute(change.values(claimed_at=now, attempts=outbox.c.attempts + 1)).rowcount == 0:
        return None
    row = connection.execute(select(audit_events).where(audit_events.c.seq == oldest.seq)).one()
    return OutboxItem(_chained(row), oldest.channel, oldest.attempts + 1)


def mark_posted(connection: Connection, seq: int, *, ts: str, now: datetime) -> None:
    connection.execute(update(outbox).where(outbox.c.seq == seq).values(posted_at=now, ts=ts, problem=""))


def mark_unposted(connection: Connection, seq: int, problem: str, *, retry_at: datetime) -> None:
    """Give an item back: it is tried again from `retry_at` on, and what came before it stays before it."""
    connection.execute(
        update(outbox).where(outbox.c.seq == seq).values(claimed_at=retry_at - CLAIM_FOR, problem=problem),
    )


def count_unposted(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(outbox.c.posted_at.is_(None))).scalar() or 0)
