"""How verdicts changed, what was asked for, by whom, and done, and how long fixes of ours stood."""

from collections.abc import Collection

from sqlalchemy import Connection, Table, func, select

from bot.domain.account import AccountId
from bot.domain.finding import Verdict
from bot.domain.history import Deed, FixInPlace, VerdictChange
from bot.domain.home import Asked, asked_at, requester_of
from bot.domain.request import Person, RequestKind, RequestState
from bot.store.bulks import read_report
from bot.store.requests import ALONE, CHANGED, read_request
from bot.store.tables import Utc, accounts, bulks, finding_changes, requests, waivers
from bot.store.waivers import read_waiver


def read_changes(connection: Connection, *, account_id: str = "", limit: int) -> tuple[VerdictChange, ...]:
    """The last changes of one account's verdict, its first check among them; or those of all accounts.

    Of all accounts without their first checks, which are no change. Accounts that have left the scope stay.
    """
    query = (
        select(finding_changes, accounts.c.body.label("body"))
        .outerjoin(accounts, accounts.c.id == finding_changes.c.account_id)
        .order_by(finding_changes.c.at.desc(), finding_changes.c.id.desc())
        .limit(limit)
    )
    if account_id:
        query = query.where(finding_changes.c.account_id == account_id)
    else:
        query = query.where(finding_changes.c.before.is_not(None))
    return tuple(
        VerdictChange(
            account_id=AccountId(row.account_id),
            account_name=(row.body or {}).get("name", ""),
            before=None if row.before is None else Verdict(row.before),
            after=Verdict(row.after),
            at=row.at,
        )
        for row in connection.execute(query)
    )


def read_fixes_in_place(connection: Connection, account_ids: Collection[str]) -> tuple[FixInPlace, ...]:
    """Every fix that changed one of these accounts, undone ones with the time of their undo."""
    fixes = requests.alias("fixes")
    undos = requests.alias("undos")
    is_its_undo = (undos.c.undoes == fixes.c.id) & (undos.c.state == RequestState.UNDONE.value)
    query = (
        select(fixes.c.account_id, fixes.c.ended_at, undos.c.ended_at.label("undone_at"))
        .outerjoin(undos, is_its_undo)
        .where(
            fixes.c.kind == RequestKind.FIX.value,
            fixes.c.state.in_([state.value for state in CHANGED]),
            fixes.c.ended_at.is_not(None),
            fixes.c.account_id.in_(sorted(set(account_ids))),
        )
    )
    rows = connection.execute(query)
    return tuple(FixInPlace(AccountId(row.account_id), row.ended_at, row.undone_at) for row in rows)


def read_deeds(connection: Connection, *, account_id: str = "", limit: int) -> tuple[Deed, ...]:
    """Everything that was asked for an account, or what changed any account; the newest first."""
    at = func.coalesce(requests.c.ended_at, requests.c.created_at, type_=Utc).label("at")
    query = select(requests.c.id, at).order_by(at.desc(), requests.c.id.desc()).limit(limit)
    if account_id:
        query = query.where(requests.c.account_id == account_id)
    else:
        query = query.where(requests.c.state.in_([state.value for state in CHANGED]))
    found = [(read_request(connection, row.id), row.at) for row in connection.execute(query).all()]
    return tuple(Deed(request, at) for request, at in found if request is not None)


def read_asked_by(connection: Connection, person: Person, *, limit: int) -> tuple[Asked, ...]:
    """What somebody asked for last, of every kind, the newest first; a bulk request is one of them."""
    alone = _newest_of(connection, requests, person, limit, alone=True)
    found = [
        *(read_request(connection, each) for each in alone),
        *(read_report(connection, each) for each in _newest_of(connection, bulks, person, limit)),
        *(read_waiver(connection, each) for each in _newest_of(connection, waivers, person, limit)),
    ]
    known = [each for each in found if each is not None and requester_of(each).is_same_as(person)]
    return tuple(sorted(known, key=asked_at, reverse=True)[:limit])


def _newest_of(
    connection: Connection, table: Table, person: Person, limit: int, *, alone: bool = False
) -> list[str]:
    query = (
        select(table.c.id)
        .where(table.c.requester["user_id"].as_string() == person.user_id)
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(limit)
    )
    return list(connection.execute(query.where(ALONE) if alone else query).scalars())
