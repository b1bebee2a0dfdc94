"""What an evidence pack is made of, read row by row: however much there is, little of it is held at once."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.domain.account import Account
from bot.domain.finding import Finding, Verdict
from bot.domain.request import RemediationRequest
from bot.domain.waiver import Waiver
from bot.store.codec import load
from bot.store.requests import read_request
from bot.store.tables import Utc, accounts, findings, requests, waivers
from bot.store.waivers import read_waiver

AT_ONCE = 500
"""Rows that are fetched together."""


def stream_findings(connection: Connection, *verdicts: Verdict) -> Iterator[Finding]:
    """The findings of the accounts in scope, by account id; all, or those found to be one of `verdicts`."""
    query = select(findings.c.body).join(accounts, accounts.c.id == findings.c.account_id)
    query = query.where(accounts.c.in_scope).order_by(findings.c.account_id)
    if verdicts:
        query = query.where(findings.c.verdict.in_([verdict.value for verdict in verdicts]))
    with connection.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for body in rows.scalars():
            yield load(Finding, body)


def read_between(connection: Connection) -> tuple[datetime, datetime] | None:
    """When the oldest and when the newest finding in scope was read; None when there is none."""
    at = findings.c.checked_at
    query = select(func.min(at, type_=Utc).label("oldest"), func.max(at, type_=Utc).label("newest"))
    query = query.join(accounts, accounts.c.id == findings.c.account_id).where(accounts.c.in_scope)
    row = connection.execute(query).one()
    return None if row.oldest is None else (row.oldest, row.newest)


def stream_unchecked(connection: Connection) -> Iterator[Account]:
    """The accounts in scope that were never checked, by id."""
    query = select(accounts.c.body).outerjoin(findings, accounts.c.id == findings.c.account_id)
    query = query.where(accounts.c.in_scope, findings.c.account_id.is_(None)).order_by(accounts.c.id)
    with connection.execute(query.execution_options(yield_per=AT_ONCE)) as rows:
        for body in rows.scalars():
            yield load(Account, body)


def count_unchecked(connection: Connection) -> int:
    """How many accounts in scope were never checked."""
    query = (
        select(func.count()).select_from(accounts).outerjoin(findings, accounts.c.id == findings.c.account_id)
    )
    query = query.where(accounts.c.in_scope, findings.c.account_id.is_(None))
    return int(connection.execute(query).scalar() or 0)


def stream_waivers(connection: Connection) -> Iterator[Waiver]:
    """Every waiver that was ever asked for, the oldest first."""
    query = select(waivers.c.id).order_by(waivers.c.created_at, waivers.c.id)
    for waiver_id in list(connection.execute(query).scalars()):
        found = read_waiver(connection, waiver_id)
        if found is not None:
            yield found


def stream_requests(connection: Connection) -> Iterator[tuple[RemediationRequest, datetime | None]]:
    """Every fix and undo that was ever asked for, the oldest first, with when it ended."""
    query = select(requests.c.id, requests.c.ended_at).order_by(requests.c.created_at, requests.c.id)
    for row in connection.execute(query).all():
        found = read_request(connection, row.id)
        if found is not None:
            yield found, row.ended_at
