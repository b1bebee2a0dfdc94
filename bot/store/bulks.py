"""Bulk requests. Their accounts are rows of `requests`; every move is one conditional write here."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, insert, or_, select, update

from bot.domain.bulk import BULK_MOVES, Bulk, BulkId, BulkReport, BulkState
from bot.domain.request import Approval, MessageRef, Mode, Outcome, Person
from bot.store import requests
from bot.store.claims import Claims
from bot.store.codec import dump, load
from bot.store.tables import bulks

SHOWING = Claims(bulks, bulks.c.showing_at)
"""Who is at a bulk request's message."""
AT_WORK = (BulkState.PREPARING, BulkState.RUNNING, BulkState.STOPPING)


def add_bulk(connection: Connection, bulk: Bulk) -> None:
    connection.execute(
        insert(bulks).values(
            id=bulk.id,
            requester=dump(bulk.requester),
            reason=bulk.reason,
            mode=bulk.mode.value,
            state=bulk.state.value,
            wave_size=bulk.wave_size,
            created_at=bulk.created_at,
            expires_at=bulk.expires_at,
            released=0,
            hash="",
            outcome=dump(bulk.outcome),
            origin_channel=bulk.origin.channel if bulk.origin else "",
            version=1,
            shown_version=0,
            shown_state="",
        ),
    )


def read_report(connection: Connection, bulk_id: str) -> BulkReport | None:
    """A bulk request with all its members."""
    row = connection.execute(select(bulks).where(bulks.c.id == bulk_id)).first()
    return None if row is None else BulkReport(_bulk(row), requests.read_members(connection, bulk_id))


def read_at_work(connection: Connection) -> tuple[Bulk, ...]:
    """Those that go on without anybody's doing."""
    query = select(bulks).where(bulks.c.state.in_([state.value for state in AT_WORK]))
    return _all(connection.execute(query))


def read_pending(connection: Connection) -> tuple[Bulk, ...]:
    """Those that wait for a decision, soonest to expire first."""
    query = select(bulks).where(bulks.c.state == BulkState.PENDING.value).order_by(bulks.c.expires_at)
    return _all(connection.execute(query))


def move(
    connection: Connection,
    bulk_id: BulkId,
    *,
    before: BulkState,
    after: BulkState,
    plans_hash: str = "",
    decision: Approval | None = None,
    stopped_by: Person | None = None,
    outcome: Outcome | None = None,
) -> bool:
    """Move a bulk request from one state to the next, once: False when it is no longer in `before`."""
    if after not in BULK_MOVES.get(before, frozenset()):
        raise ValueError(f"there is no move from {before} to {after}")
    values: dict[str, object] = {"state": after.value, "version": bulks.c.version + 1}
    if plans_hash:
        values["hash"] = plans_hash
    parts: dict[str, object] = {"decision": decision, "stopped_by": stopped_by, "outcome": outcome}
    values |= {name: dump(value) for name, value in parts.items() if value is not None}
    change = update(bulks).where(bulks.c.id == bulk_id, bulks.c.state == before.value)
    return connection.execute(change.values(values)).rowcount == 1


def release(connection: Connection, bulk: Bulk, members: int) -> bool:
    """Count so many more members as let go, once: False when somebody has done so meanwhile."""
    change = update(bulks).where(bulks.c.id == bulk.id, bulks.c.released == bulk.released)
    values = {"released": bulk.released + members, "version": bulks.c.version + 1, "outcome": dump(Outcome())}
    return connection.execute(change.values(values)).rowcount == 1


def note_outcome(connection: Connection, bulk: Bulk, outcome: Outcome) -> None:
    """Say what it waits for; nothing is written, and nothing shown anew, where that is said already."""
    if outcome != bulk.outcome:
        values = {"outcome": dump(outcome), "version": bulks.c.version + 1}
        connection.execute(update(bulks).where(bulks.c.id == bulk.id).values(values))


def read_stale_messages(connection: Connection, *, now: datetime, every: timedelta) -> tuple[Bulk, ...]:
    """Those whose message shows an older version, or which have none yet but should.

    While one runs, its message is left as it is for `every`; a new state of its own is shown at once.
    """
    due = or_(
        bulks.c.shown_at.is_(None), bulks.c.shown_at <= now - every, bulks.c.shown_state != bulks.c.state
    )
    query = select(bulks).where(
        bulks.c.shown_version != bulks.c.version, bulks.c.state != BulkState.PREPARING.value, due
    )
    return _all(connection.execute(query))


def claim_message(connection: Connection, bulk_id: BulkId, *, now: datetime) -> bool:
    """Take it on to show a bulk request; False when somebody else is at it."""
    return SHOWING.take(connection, bulk_id, now=now)


def release_message(connection: Connection, bulk_id: BulkId) -> None:
    """Let a message that could not be shown be tried again."""
    SHOWING.release(connection, bulk_id)


def place_message(connection: Connection, shown: Bulk, at: MessageRef | None, *, now: datetime) -> None:
    """Remember where the message stands and what it shows; None where there is no message to show."""
    SHOWING.place(
        connection, shown.id, at, shown_version=shown.version, shown_state=shown.state.value, shown_at=now
    )


def read_shown_state(connection: Connection, bulk_id: BulkId) -> str:
    """The state that its message last showed; empty before the first."""
    found = connection.execute(select(bulks.c.shown_state).where(bulks.c.id == bulk_id)).scalar()
    return str(found or "")


def _all(rows: Iterable[Row[tuple[object, ...]]]) -> tuple[Bulk, ...]:
    return tuple(_bulk(row) for row in rows)


def _bulk(row: Row[tuple[object, ...]]) -> Bulk:
    return Bulk(
        id=BulkId(row.id),
        requester=load(Person, row.requester),
        reason=row.reason,
        mode=Mode(row.mode),
        state=BulkState(row.state),
        wave_size=row.wave_size,
        created_at=row.created_at,
        expires_at=row.expires_at,
        released=row.released,
        hash=row.hash,
        decision=None if row.decision is None else load(Approval, row.decision),
        stopped_by=None if row.stopped_by is None else load(Person, row.stopped_by),
        outcome=load(Outcome, row.outcome),
        message=MessageRef(row.channel, row.ts) if row.channel and row.ts else None,
        origin=MessageRef(row.origin_channel, ""),
        version=row.version,
    )
