"""What is measured in the database: a few indexed queries, each cheap with 100,000 accounts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, column, func, inspect, select, table

from bot.domain.bulk import BulkState
from bot.domain.finding import Summary, Verdict, summary_of
from bot.domain.request import RequestId, RequestKind
from bot.domain.waiver import WAIVABLE, WaiverState
from bot.store import operations, scans
from bot.store.bulks import AT_WORK
from bot.store.requests import ALONE, OPEN, count_changes
from bot.store.tables import accounts, audit_events, audit_head, bulks, findings, outbox, requests, waivers

BULK = "bulk"
WAIVER = "waiver"
PENDING = "pending"
"""How fixes, undos, bulk requests and waivers alike call it that a person's decision is waited for."""
UNTAKEN = ("ENQUEUED", "DELAYED")
"""The durable engine's words for a workflow that no worker has taken up."""

OpenRequests = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class ScanMeasures:
    finished_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Backlog:
    count: int
    oldest: timedelta
    """For how long the oldest has waited; zero when nothing waits."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers alone: no account's name or id, and nobody's."""

    accounts_in_scope: int
    """Those that were never read, too."""
    summary: Summary
    """Of the accounts that were ever read, as they are shown: with a waiver in force, FAIL and WEAK are
    WAIVED."""
    last_scan: ScanMeasures | None
    """The newest scan of all accounts that ended well."""
    open_requests: OpenRequests
    """Kind, state and how many, zeros too. Accounts of a bulk request are not counted one by one."""
    undecided: Backlog
    """What waits for a person's decision."""
    outbox: Backlog
    """Audit messages that Slack has not taken yet."""
    chain_length: int
    workers: int
    workers_without_aws: int
    is_paused: bool
    waivers_in_force: int
    changes_last_hour: int
    """As the limit on changes counts them."""
    queues: tuple[tuple[str, int], ...]
    """Queue, and how many workflows in it no worker has taken up; empty ones are left out."""


def read_measures(connection: Connection, *, now: datetime, alive_since: datetime) -> Measures:
    """Everything that is measured. Workers count that have beaten since `alive_since`, by their own clock."""
    workers = operations.read_alive(connection, since=alive_since)
    hour = timedelta(hours=1)
    return Measures(
        accounts_in_scope=_count(connection, select(func.count()).where(accounts.c.in_scope)),
        summary=_read_summary(connection, now),
        last_scan=_read_last_scan(connection),
        open_requests=_read_open(connection),
        undecided=_read_undecided(connection, now),
        outbox=_read_outbox(connection, now),
        chain_length=_count(connection, select(audit_head.c.seq)),
        workers=len(workers),
        workers_without_aws=sum(bool(worker.problem) for worker in workers),
        is_paused=operations.is_paused(connection),
        waivers_in_force=_count(connection, select(func.count()).where(_in_force(now))),
        changes_last_hour=count_changes(connection, since=now - hour, besides=RequestId("")),
        queues=_read_queues(connection),
    )


def _read_summary(connection: Connection, now: datetime) -> Summary:
    """What `findings.count_verdicts` counts, with waivers, and without a look at each account's row.

    All findings are counted in an index, and those of accounts that left the scope, which are few, taken off.
    """
    every = select(findings.c.verdict, func.count().label("accounts")).group_by(findings.c.verdict)
    outside = select(accounts.c.id).where(~accounts.c.in_scope)
    counts = _by_verdict(connection, every)
    counts.subtract(_by_verdict(connection, every.where(findings.c.account_id.in_(outside))))
    waived = _by_verdict(connection, _waived(now))
    counts.subtract(waived)
    counts[Verdict.WAIVED] += waived.total()
    return summary_of(counts)


def _waived(now: datetime) -> Select[Any]:
    """The accounts in scope that a waiver in force turns, by the verdict that was found."""
    return (
        select(findings.c.verdict, func.count(findings.c.account_id.distinct()).label("accounts"))
        .join(waivers, waivers.c.account_id == findings.c.account_id)
        .join(accounts, accounts.c.id == findings.c.account_id)
        .where(_in_force(now), accounts.c.in_scope, findings.c.verdict.in_([each.value for each in WAIVABLE]))
        .group_by(findings.c.verdict)
    )


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(waivers.c.state == WaiverState.GRANTED.value, waivers.c.ends_at > now)


def _by_verdict(connection: Connection, query: Select[Any]) -> Counter[Verdict]:
    return Counter({Verdict(row.verdict): row.accounts for row in connection.execute(query)})


def _read_last_scan(connection: Connection) -> ScanMeasures | None:
    scan = scans.read_last_scan(connection)
    if scan is None or scan.finished_at is None:
        return None
    return ScanMeasures(scan.finished_at, scan.finished_at - scan.started_at)


def _read_open(connection: Connection) -> OpenRequests:
    alone = select(requests.c.kind, requests.c.state, func.count().label("number")).where(
        ALONE, requests.c.state.in_([state.value for state in OPEN])
    )
    found = {
        (row.kind, row.state): row.number
        for row in connection.execute(alone.group_by(requests.c.kind, requests.c.state))
    }
    found |= _counted(connection, BULK, bulks.c.state, (*AT_WORK, BulkState.PENDING))
    found |= _counted(connection, WAIVER, waivers.c.state, (WaiverState.PENDING,))
    every = dict.fromkeys(product(RequestKind, OPEN), 0) | found
    return tuple((str(kind), str(state), number) for (kind, state), number in every.items())


def _counted(
    connection: Connection, kind: str, state: ColumnElement[str], states: Iterable[str]
) -> dict[tuple[str, str], int]:
    """How many of a kind are in each of the states, zeros too."""
    wanted = [str(each) for each in states]
    query = select(state.label("state"), func.count().label("number")).where(state.in_(wanted))
    found = {row.state: row.number for row in connection.execute(query.group_by(state))}
    return {(kind, each): found.get(each, 0) for each in wanted}


def _read_undecided(connection: Connection, now: datetime) -> Backlog:
    waiting = (
        (requests.c.created_at, and_(ALONE, requests.c.state == PENDING)),
        (bulks.c.created_at, bulks.c.state == PENDING),
        (waivers.c.created_at, waivers.c.state == PENDING),
    )
    number, oldest = 0, now
    for created_at, is_waiting in waiting:
        row = connection.execute(
            select(
                func.count().label("number"), func.min(created_at, type_=created_at.type).label("oldest")
            ).where(is_waiting)
        ).one()
        number, oldest = number + row.number, min(oldest, row.oldest or now)
    return Backlog(number, now - oldest)


def _read_outbox(connection: Connection, now: datetime) -> Backlog:
    unposted = select(func.count().label("number"), func.min(outbox.c.seq).label("seq"))
    row = connection.execute(unposted.where(outbox.c.posted_at.is_(None))).one()
    at = connection.execute(select(audit_events.c.at).where(audit_events.c.seq == row.seq)).scalar()
    return Backlog(row.number, timedelta(0) if at is None else max(timedelta(0), now - _moment(at)))


def _moment(text: str) -> datetime:
    """Of the audit's own spelling, `2026-01-31T09:00:00.000000Z`."""
    return datetime.fromisoformat(text)


def _read_queues(connection: Connection) -> tuple[tuple[str, int], ...]:
    """From a table of the durable engine, which the first worker makes; it has an index for just this."""
    schema = "dbos" if connection.dialect.name == "postgresql" else None
    workflows = table("workflow_status", column("queue_name"), column("status"), schema=schema)
    if not inspect(connection).has_table(workflows.name, schema=schema):
        return ()
    query = select(workflows.c.queue_name, func.count().label("number")).where(
        workflows.c.status.in_(UNTAKEN), workflows.c.queue_name.is_not(None)
    )
    rows = connection.execute(query.group_by(workflows.c.queue_name).order_by(workflows.c.queue_name))
    return tuple((row.queue_name, row.number) for row in rows)


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar() or 0)
