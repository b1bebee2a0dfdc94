"""The current finding of each account, and when it appeared and changed."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, insert, select

from bot.domain.finding import Finding, Summary, Verdict, summary_of
from bot.domain.status import KnownFinding
from bot.store.codec import dump, load
from bot.store.rows import lock
from bot.store.tables import Utc, accounts, finding_changes, findings


def save_findings(connection: Connection, found: Sequence[Finding], *, scan_id: str) -> None:
    """Keep the newest finding of each account; running the same batch twice changes nothing twice.

    A finding older than the one that is kept (of a scan that was overtaken) is left out.
    """
    ids = [finding.account.id for finding in found]
    lock(connection, findings)
    query = select(findings).where(findings.c.account_id.in_(ids))
    before = {row.account_id: row for row in connection.execute(query)}
    newer = [f for f in found if _is_newer(f, before.get(f.account.id))]
    changed = [f for f in newer if _verdict_of(before.get(f.account.id)) != f.verdict]
    rows = [_row(f, before.get(f.account.id), scan_id) for f in newer]
    if not rows:
        return
    connection.execute(delete(findings).where(findings.c.account_id.in_([row["account_id"] for row in rows])))
    connection.execute(insert(findings), rows)
    if changed:
        connection.execute(
            insert(finding_changes),
            [
                {
                    "account_id": f.account.id,
                    "before": _verdict_of(before.get(f.account.id)),
                    "after": f.verdict.value,
                    "at": f.checked_at,
                    "scan_id": scan_id,
                }
                for f in changed
            ],
        )


def read_findings(connection: Connection, verdicts: Collection[Verdict] = ()) -> list[KnownFinding]:
    """The findings of the accounts in scope that were ever read, or those with one of `verdicts`."""
    query = select(findings).join(accounts, accounts.c.id == findings.c.account_id).where(accounts.c.in_scope)
    if verdicts:
        query = query.where(findings.c.verdict.in_([verdict.value for verdict in verdicts]))
    return [_known(row) for row in connection.execute(query)]


def read_verdicts(connection: Connection) -> dict[str, Verdict]:
    """The verdict of each account in scope, by account id."""
    query = select(findings.c.account_id, findings.c.verdict)
    query = query.join(accounts, accounts.c.id == findings.c.account_id).where(accounts.c.in_scope)
    return {row.account_id: Verdict(row.verdict) for row in connection.execute(query)}


def count_verdicts(connection: Connection, *, scan_id: str = "") -> Summary:
    """How many accounts in scope have each verdict; of one scan, those that no later scan has read again."""
    query = select(findings.c.verdict, func.count().label("accounts"))
    query = query.join(accounts, accounts.c.id == findings.c.account_id).where(accounts.c.in_scope)
    if scan_id:
        query = query.where(findings.c.scan_id == scan_id)
    rows = connection.execute(query.group_by(findings.c.verdict))
    return summary_of({Verdict(row.verdict): row.accounts for row in rows})


def read_newest_check(connection: Connection) -> datetime | None:
    """When any account was last read."""
    newest: datetime | None = connection.execute(select(func.max(findings.c.checked_at, type_=Utc))).scalar()
    return newest


def read_finding(connection: Connection, account_id: str) -> KnownFinding | None:
    row = connection.execute(select(findings).where(findings.c.account_id == account_id)).first()
    return None if row is None else _known(row)


def _known(row: Row[tuple[object, ...]]) -> KnownFinding:
    return KnownFinding(load(Finding, row.body), first_seen=row.first_seen, changed_at=row.changed_at)


def _is_newer(finding: Finding, before: Row[tuple[object, ...]] | None) -> bool:
    return before is None or bool(finding.checked_at > before.checked_at)


def _verdict_of(row: Row[tuple[object, ...]] | None) -> Verdict | None:
    return None if row is None else Verdict(row.verdict)


def _row(finding: Finding, before: Row[tuple[object, ...]] | None, scan_id: str) -> dict[str, object]:
    same = before is not None and before.verdict == finding.verdict
    return {
        "account_id": finding.account.id,
        "verdict": finding.verdict.value,
        "body": dump(finding),
        "first_seen": finding.checked_at if before is None else before.first_seen,
        "changed_at": before.changed_at if before is not None and same else finding.checked_at,
        "checked_at": finding.checked_at,
        "scan_id": scan_id,
    }
