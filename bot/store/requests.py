"""Remediation requests. Every move of the state machine is one conditional write here."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from bot.domain.account import AccountId
from bot.domain.digest import OurFix
from bot.domain.plan import Plan, TargetFacts
from bot.domain.request import (
    MOVES,
    Approval,
    Ending,
    MessageRef,
    Mode,
    Outcome,
    Person,
    RemediationRequest,
    RequestId,
    RequestKind,
    RequestState,
)
from bot.domain.undo import Remains, Removal
from bot.store.claims import Claims
from bot.store.codec import dump, load
from bot.store.progress import is_owed
from bot.store.tables import bulks, requests

OPEN = (RequestState.PREPARING, RequestState.PENDING, RequestState.APPROVED, RequestState.APPLYING)
CHANGED = (RequestState.APPLIED, RequestState.APPLIED_UNVERIFIED, RequestState.UNDONE)

POSTING = Claims(requests, requests.c.claimed_at)
"""Who posts a request's first message."""


ALONE = requests.c.bulk_id == ""
"""Not part of a bulk request, which is shown, decided and ended as one."""

UNDOING = tuple((before, RequestState.UNDONE) for before in CHANGED if before is not RequestState.UNDONE)
"""How a fix moves when it is undone."""


def add_request(connection: Connection, request: RemediationRequest) -> None:
    connection.execute(
        insert(requests).values(
            id=request.id,
            account_id=request.account_id,
            account_name=request.account_name,
            requester=dump(request.requester),
            reason=request.reason,
            mode=request.mode.value,
            state=request.state.value,
            created_at=request.created_at,
            expires_at=request.expires_at,
            outcome=dump(request.outcome),
            origin_channel=request.origin.channel if request.origin else "",
            shown_state="",
            kind=request.kind.value,
            undoes=request.undoes,
            bulk_id=request.bulk_id,
        ),
    )


def read_request(connection: Connection, request_id: str) -> RemediationRequest | None:
    row = connection.execute(select(requests).where(requests.c.id == request_id)).first()
    return None if row is None else _request(row)


def read_target(connection: Connection, request_id: str) -> TargetFacts | None:
    """The facts that the request's plan was made from."""
    body = connection.execute(select(requests.c.target).where(requests.c.id == request_id)).scalar()
    return None if body is None else load(TargetFacts, body)


def read_remains(connection: Connection, request_id: str) -> Remains | None:
    """What was there of the fix when this undo was prepared."""
    body = connection.execute(select(requests.c.remains).where(requests.c.id == request_id)).scalar()
    return None if body is None else load(Remains, body)


def read_undos(connection: Connection, fix_id: str) -> tuple[RemediationRequest, ...]:
    """Every undo that was ever asked for of a fix, the oldest first."""
    query = select(requests).where(requests.c.undoes == fix_id).order_by(requests.c.created_at)
    return _all(connection.execute(query))


def move(
    connection: Connection,
    request_id: RequestId,
    *,
    before: RequestState,
    after: RequestState,
    now: datetime,
    plan: Plan | None = None,
    target: TargetFacts | None = None,
    decision: Approval | None = None,
    outcome: Outcome | None = None,
    removal: Removal | None = None,
    remains: Remains | None = None,
    is_decided: bool = False,
) -> bool:
    """Move a request from one state to the next, once: False when it is no longer in `before`.

    One whose ending is decided moves only for whoever knows that (`is_decided`), and no other does for them.
    """
    if after not in MOVES.get(before, frozenset()):
        raise ValueError(f"there is no move from {before} to {after}")
    values: dict[str, object] = {"state": after.value}
    # A fix that is undone keeps the time at which it changed AWS: its undo has one of its own.
    if (after not in MOVES or after in CHANGED) and (before, after) not in UNDOING:
        values["ended_at"] = now
    parts: dict[str, object] = {"plan": plan, "target": target, "decision": decision, "outcome": outcome}
    parts |= {"removal": removal, "remains": remains}
    values |= {name: dump(value) for name, value in parts.items() if value is not None}
    if decision is not None:
        values["decided_at"] = decision.at
    _touch_bulk(connection, request_id)
    decided = requests.c.ending.is_not(None) if is_decided else requests.c.ending.is_(None)
    change = update(requests).where(requests.c.id == request_id, requests.c.state == before.value, decided)
    return connection.execute(change.values(values)).rowcount == 1


def decide_ending(connection: Connection, request_id: RequestId, ending: Ending) -> bool:
    """Decide how a running fix ends, once: False when it has ended, or somebody has decided already."""
    change = update(requests).where(requests.c.id == request_id, _is_open())
    return connection.execute(change.values(ending=dump(ending))).rowcount == 1


def _is_open() -> ColumnElement[bool]:
    """Running, and nobody has decided how it ends."""
    return and_(requests.c.state == RequestState.APPLYING.value, requests.c.ending.is_(None))


def _touch_bulk(connection: Connection, request_id: RequestId) -> None:
    """Have the message of the bulk request that it is part of brought up to date, if there is one.

    Before the request's own row: whoever moves many takes the same locks in the same order.
    """
    part_of = select(requests.c.bulk_id).where(requests.c.id == request_id).scalar_subquery()
    change = update(bulks).where(bulks.c.id == part_of)
    connection.execute(change.values(version=bulks.c.version + 1))


def read_members(connection: Connection, bulk_id: str) -> tuple[RemediationRequest, ...]:
    """The requests that a bulk request is made of, in their order: the canary first."""
    query = select(requests).where(requests.c.bulk_id == bulk_id).order_by(requests.c.id)
    return _all(connection.execute(query))


def note_outcome(connection: Connection, request_id: RequestId, outcome: Outcome) -> bool:
    """Keep what a running fix has done so far, in its state; False, and nothing is kept, when it has ended
    or its ending is decided.
    """
    change = update(requests).where(requests.c.id == request_id, _is_open())
    return connection.execute(change.values(outcome=dump(outcome))).rowcount == 1


def is_running(connection: Connection, request_id: RequestId) -> bool:
    """Whether a fix may go on: it has not ended, and nobody has decided how it does.

    Holds for as long as the caller's transaction lasts, if that has locked the chain.
    """
    query = select(requests.c.id).where(requests.c.id == request_id, _is_open())
    return connection.execute(query).first() is not None


def claim_message(connection: Connection, request_id: RequestId, *, now: datetime) -> bool:
    """Take it on to post the request's first message; False when that is done, or somebody is at it."""
    return POSTING.take(connection, request_id, requests.c.ts.is_(None), now=now)


def release_message(connection: Connection, request_id: RequestId) -> None:
    """Let a message that could not be posted be tried again at once."""
    POSTING.release(connection, request_id)


def place_message(connection: Connection, request_id: RequestId, at: MessageRef, **shown: object) -> None:
    """Remember where the request's message stands and what it shows: see `progress.after_showing`."""
    POSTING.place(connection, request_id, at, **shown)


def read_open_for(connection: Connection, account_id: AccountId) -> RemediationRequest | None:
    """An undecided or running request for an account, if there is one."""
    query = select(requests).where(
        requests.c.account_id == account_id,
        requests.c.state.in_([state.value for state in OPEN]),
    )
    row = connection.execute(query.order_by(requests.c.created_at.desc()).limit(1)).first()
    return None if row is None else _request(row)


def show_pending_anew(connection: Connection) -> None:
    """Have the messages that wait for a decision brought up to date: what they say besides has changed."""
    waits = bulks.c.state == RequestState.PENDING.value
    connection.execute(update(bulks).where(waits).values(version=bulks.c.version + 1))
    change = update(requests).where(requests.c.state == RequestState.PENDING.value)
    connection.execute(change.values(shown_state=""))


def read_overdue(
    connection: Connection, *, now: datetime, state: RequestState = RequestState.PENDING
) -> tuple[RemediationRequest, ...]:
    """Requests that nobody decided in time; or nobody has prepared, where `state` asks for these."""
    query = select(requests).where(ALONE, requests.c.state == state.value, requests.c.expires_at <= now)
    return _all(connection.execute(query))


def read_stale_messages(connection: Connection, *, now: datetime) -> tuple[RemediationRequest, ...]:
    """Requests whose message shows another state than theirs, or which have none yet but should.

    Not those whose first message somebody is just posting: it would stand there twice.
    """
    query = select(requests).where(
        ALONE,
        is_owed(now),
        requests.c.plan.is_not(None),
        requests.c.state.not_in([RequestState.PREPARING.value, RequestState.APPLYING.value]),
        or_(requests.c.ts.is_not(None), POSTING.is_free(now)),
    )
    return tuple(request for request in _all(connection.execute(query)) if request.plan is not None)


def read_pending(connection: Connection) -> tuple[RemediationRequest, ...]:
    """Requests that wait for a decision of their own, soonest to expire first."""
    query = select(requests).where(ALONE, requests.c.state == RequestState.PENDING.value)
    return _all(connection.execute(query.order_by(requests.c.expires_at)))


def read_open(connection: Connection) -> tuple[RemediationRequest, ...]:
    """Requests of their own that wait or are under way, soonest to expire first."""
    query = select(requests).where(ALONE, requests.c.state.in_([state.value for state in OPEN]))
    return _all(connection.execute(query.order_by(requests.c.expires_at, requests.c.id)))


def read_under_way(connection: Connection) -> tuple[RemediationRequest, ...]:
    """Requests that are approved and have not ended, parts of a bulk request too."""
    states = [RequestState.APPROVED.value, RequestState.APPLYING.value]
    return _all(connection.execute(select(requests).where(requests.c.state.in_(states))))


def count_pending(connection: Connection) -> int:
    """How many decisions are waited for: one for each request, one for all accounts of a bulk request."""
    alone = select(func.count()).where(ALONE, requests.c.state == RequestState.PENDING.value)
    together = select(func.count()).where(bulks.c.state == RequestState.PENDING.value)
    return int(connection.execute(alone).scalar() or 0) + int(connection.execute(together).scalar() or 0)


def count_changes(connection: Connection, *, since: datetime, besides: RequestId) -> int:
    """Accounts changed since then by other requests: undone ones too, and those with something left behind.

    Changes under way count, for they may yet succeed; not those that are approved and wait for their wave.
    """
    left_something = requests.c.outcome["left_behind"].as_string() != ""
    changed = or_(requests.c.state.in_([state.value for state in CHANGED]), left_something)
    query = select(func.count()).where(
        or_(
            and_(changed, requests.c.ended_at >= since),
            requests.c.state == RequestState.APPLYING.value,
            and_(ALONE, requests.c.state == RequestState.APPROVED.value),
        ),
        requests.c.mode == Mode.APPLY.value,
        requests.c.id != besides,
    )
    return int(connection.execute(query).scalar() or 0)


def read_our_fixes(connection: Connection) -> tuple[OurFix, ...]:
    """The newest applied fix of each account."""
    query = (
        select(requests)
        .where(
            requests.c.kind == RequestKind.FIX.value,
            requests.c.state.in_([RequestState.APPLIED.value, RequestState.APPLIED_UNVERIFIED.value]),
        )
        .order_by(requests.c.ended_at)
    )
    newest = {row.account_id: row for row in connection.execute(query)}
    return tuple(
        OurFix(row.account_id, load(Approval, row.decision).person.user_id, row.ended_at)
        for row in newest.values()
        if row.decision is not None
    )


def _all(rows: Iterable[Row[tuple[object, ...]]]) -> tuple[RemediationRequest, ...]:
    return tuple(_request(row) for row in rows)


def _request(row: Row[tuple[object, ...]]) -> RemediationRequest:
    return RemediationRequest(
        id=RequestId(row.id),
        account_id=AccountId(row.account_id),
        account_name=row.account_name,
        requester=load(Person, row.requester),
        reason=row.reason,
        mode=Mode(row.mode),
        state=RequestState(row.state),
        created_at=row.created_at,
        expires_at=row.expires_at,
        plan=None if row.plan is None else load(Plan, row.plan),
        decision=None if row.decision is None else load(Approval, row.decision),
        decided_at=row.decided_at,
        outcome=load(Outcome, row.outcome),
        message=MessageRef(row.channel, row.ts) if row.channel and row.ts else None,
        origin=MessageRef(row.origin_channel, ""),
        kind=RequestKind(row.kind),
        undoes=None if row.undoes is None else RequestId(row.undoes),
        removal=None if row.removal is None else load(Removal, row.removal),
        bulk_id=row.bulk_id,
        ending=None if row.ending is None else load(Ending, row.ending),
    )
