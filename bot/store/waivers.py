"""Waivers. Every move of their states is one conditional write here, and so is every word that goes out."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Row, Select, and_, insert, or_, select, update

from bot.domain.account import AccountId
from bot.domain.request import MessageRef, Person
from bot.domain.waiver import (
    ENDS_SOON,
    MOVES,
    Told,
    Waiver,
    WaiverDecision,
    WaiverId,
    WaiverState,
)
from bot.store.claims import Claims
from bot.store.codec import dump, load
from bot.store.tables import waivers

# What Slack refused is tried again once the claim has run out.
SHOWING = Claims(waivers, waivers.c.showing_at)
"""Who is at a waiver's message."""
TELLING = Claims(waivers, waivers.c.telling_at)
"""Who is at the next word about it."""


def add_waiver(connection: Connection, waiver: Waiver) -> None:
    connection.execute(
        insert(waivers).values(
            id=waiver.id,
            account_id=waiver.account_id,
            account_name=waiver.account_name,
            requester=dump(waiver.requester),
            owner=waiver.owner,
            reason=waiver.reason,
            until=waiver.until,
            ends_at=waiver.ends_at,
            state=waiver.state.value,
            created_at=waiver.created_at,
            decide_by=waiver.decide_by,
            origin_channel=waiver.origin.channel if waiver.origin else "",
            shown_state="",
            told=Told.NOTHING.value,
        ),
    )


def read_waiver(connection: Connection, waiver_id: str) -> Waiver | None:
    row = connection.execute(select(waivers).where(waivers.c.id == waiver_id)).first()
    return None if row is None else _waiver(row)


def move(
    connection: Connection,
    waiver_id: WaiverId,
    *,
    before: WaiverState,
    after: WaiverState,
    decision: WaiverDecision | None = None,
    revocation: WaiverDecision | None = None,
) -> bool:
    """Move a waiver from one state to the next, once: False when it is no longer in `before`."""
    if after not in MOVES.get(before, frozenset()):
        raise ValueError(f"there is no move from {before} to {after}")
    values: dict[str, object] = {"state": after.value}
    for name, value in (("decision", decision), ("revocation", revocation)):
        if value is not None:
            values[name] = dump(value)
    change = update(waivers).where(waivers.c.id == waiver_id, waivers.c.state == before.value)
    return connection.execute(change.values(values)).rowcount == 1


def read_in_force(connection: Connection, *, now: datetime) -> dict[AccountId, Waiver]:
    """The waivers in force, by account; soonest to end first."""
    found = _all(connection, _in_force(now).order_by(waivers.c.ends_at, waivers.c.account_id))
    return {waiver.account_id: waiver for waiver in found}


def read_in_force_for(connection: Connection, account_id: AccountId, *, now: datetime) -> Waiver | None:
    row = connection.execute(_in_force(now).where(waivers.c.account_id == account_id).limit(1)).first()
    return None if row is None else _waiver(row)


def _in_force(now: datetime) -> Select[tuple[object, ...]]:
    return select(waivers).where(waivers.c.state == WaiverState.GRANTED.value, waivers.c.ends_at > now)


def read_pending(connection: Connection) -> tuple[Waiver, ...]:
    """Waivers that wait for a decision, those with the least time left first."""
    query = select(waivers).where(waivers.c.state == WaiverState.PENDING.value)
    return _all(connection, query.order_by(waivers.c.decide_by, waivers.c.id))


def read_pending_for(connection: Connection, account_id: AccountId) -> Waiver | None:
    query = select(waivers).where(
        waivers.c.account_id == account_id,
        waivers.c.state == WaiverState.PENDING.value,
    )
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _waiver(row)


def read_all_for(connection: Connection, account_id: str) -> tuple[Waiver, ...]:
    """Every waiver that was ever asked for an account, the newest first."""
    query = select(waivers).where(waivers.c.account_id == account_id)
    return _all(connection, query.order_by(waivers.c.created_at.desc(), waivers.c.id))


def read_undecided(connection: Connection, *, now: datetime) -> tuple[Waiver, ...]:
    """Waivers that nobody decided about in time."""
    query = select(waivers).where(
        waivers.c.state == WaiverState.PENDING.value,
        waivers.c.decide_by <= now,
    )
    return _all(connection, query)


def read_over(connection: Connection, *, now: datetime) -> tuple[Waiver, ...]:
    """Granted waivers whose time is over, and whose state does not say so yet."""
    query = select(waivers).where(waivers.c.state == WaiverState.GRANTED.value, waivers.c.ends_at <= now)
    return _all(connection, query)


def read_stale_messages(connection: Connection) -> tuple[Waiver, ...]:
    """Waivers whose message shows another state than theirs, or which have none yet; the oldest first."""
    query = select(waivers).where(waivers.c.shown_state != waivers.c.state)
    return _all(connection, query.order_by(waivers.c.created_at, waivers.c.id))


def claim_message(connection: Connection, waiver: Waiver, *, now: datetime) -> bool:
    """Take a waiver's stale message in hand; False when another worker has it, or it is in line again."""
    is_stale = waivers.c.shown_state != waiver.state.value
    return SHOWING.take(connection, waiver.id, is_stale, now=now)


def place_message(connection: Connection, waiver: Waiver, at: MessageRef) -> None:
    """Remember where the waiver's message stands, and that it shows the state that `waiver` has."""
    SHOWING.place(connection, waiver.id, at, shown_state=waiver.state.value)


def read_untold(connection: Connection, *, now: datetime) -> tuple[Waiver, ...]:
    """Waivers about which a word may be due; whether one is, `word_due` says."""
    granted = waivers.c.state == WaiverState.GRANTED.value
    new_or_ending = or_(waivers.c.told == Told.NOTHING.value, waivers.c.ends_at <= now + ENDS_SOON)
    closed = waivers.c.state.not_in([WaiverState.PENDING.value, WaiverState.GRANTED.value])
    query = select(waivers).where(waivers.c.told != Told.END.value, or_(and_(granted, new_or_ending), closed))
    return _all(connection, query.order_by(waivers.c.ends_at, waivers.c.id))


def claim_word(connection: Connection, waiver: Waiver, *, now: datetime) -> bool:
    """Take the next word about a waiver in hand, in the state and after the word that `waiver` bears."""
    is_same = waivers.c.state == waiver.state.value, waivers.c.told == waiver.told.value
    return TELLING.take(connection, waiver.id, *is_same, now=now)


def mark_told(connection: Connection, waiver: Waiver, word: Told) -> bool:
    """Keep that a word went out; False when that was kept before."""
    change = update(waivers).where(waivers.c.id == waiver.id, waivers.c.told == waiver.told.value)
    return connection.execute(change.values(told=word.value, telling_at=None)).rowcount == 1


def _all(connection: Connection, query: Select[tuple[object, ...]]) -> tuple[Waiver, ...]:
    rows: Iterable[Row[tuple[object, ...]]] = connection.execute(query)
    return tuple(_waiver(row) for row in rows)


def _waiver(row: Row[tuple[object, ...]]) -> Waiver:
    return Waiver(
        id=WaiverId(row.id),
        account_id=AccountId(row.account_id),
        account_name=row.account_name,
        requester=load(Person, row.requester),
        owner=row.owner,
        reason=row.reason,
        until=row.until,
        ends_at=row.ends_at,
        state=WaiverState(row.state),
        created_at=row.created_at,
        decide_by=row.decide_by,
        decision=None if row.decision is None else load(WaiverDecision, row.decision),
        revocation=None if row.revocation is None else load(WaiverDecision, row.revocation),
        told=Told(row.told),
        message=MessageRef(row.channel, row.ts) if row.channel and row.ts else None,
        origin=MessageRef(row.origin_channel, ""),
    )
