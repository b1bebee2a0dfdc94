"""A check from the command line, kept as a scan is: status, digest, history and evidence then go by it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.account import Account
from bot.domain.audit import AuditEvent
from bot.domain.errors import StoreError
from bot.domain.finding import Finding, summarize
from bot.store import accounts, audit, findings, scans

ROWS = 500
"""Findings in a statement: databases limit how many values one may hold."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found; `problem` says why not all of it."""

    in_scope: Sequence[Account]
    """Every account of the inventory, checked or not."""
    findings: Sequence[Finding]
    scope: str
    """SCOPE as it was typed; empty for all."""
    started_at: datetime
    problem: str = ""


def save_check(engine: Engine, checked: Checked, *, now: datetime) -> str:
    """Keep it in one transaction, with an event in the audit chain, and return the scan's id. StoreError.

    A finding that is older than the one that is kept is left out.
    """
    scan_id = f"scan-{token_hex(8)}"
    with _told(engine), engine.begin() as connection:
        if not accounts.are_in_scope(connection, checked.in_scope):
            accounts.save_accounts(connection, checked.in_scope, now=now)
        scans.start_scan(
            connection, scan_id, scope=checked.scope, reason="command line", now=checked.started_at
        )
        ids = [each.account.id for each in checked.findings]
        scans.plan_batches(connection, scan_id, [ids])
        for start in range(0, len(ids), ROWS):
            findings.save_findings(connection, checked.findings[start : start + ROWS], scan_id=scan_id)
        scans.finish_scan(connection, scan_id, now=now, problem=checked.problem)
        _record(connection, scan_id, checked, now)
    return scan_id


def _record(connection: Connection, scan_id: str, checked: Checked, now: datetime) -> None:
    summary = summarize(checked.findings)
    counts = tuple((verdict.value, str(count)) for verdict, count in summary.counts)
    audit.record(
        connection,
        AuditEvent(
            kind="scan.finished",
            at=now,
            actor="support-role-bot",
            outcome=checked.problem or f"Accounts checked: {len(checked.findings):,}.",
            detail=(("scan", scan_id), ("scope", checked.scope), ("by", "command line"), *counts),
        ),
    )


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as fault:
        at = engine.url.render_as_string(hide_password=True)
        raise StoreError(
            f"The findings could not be kept in {at}: {type(fault).__name__}. "
            "Check store.url in settings, and run the check again."
        ) from fault
