"""The worker's half of a scan: accounts in batches, each finding stored as soon as its batch is read.

plan_scan → many scan_batch → the one that ends last closes the scan
"""

import logging
from collections.abc import Sequence

from dbos import DBOS
from sqlalchemy import Connection

from bot.domain.account import Account, AccountId
from bot.domain.audit import AuditEvent
from bot.domain.errors import AwsError
from bot.domain.rule import evaluate
from bot.domain.scope import Scope, parse_scope, words_of
from bot.domain.waiver import waive_verdicts
from bot.flows.engine import SCANS, step
from bot.flows.parts import Parts
from bot.store import accounts, audit, findings, scans, waivers

log = logging.getLogger(__name__)

BATCH = 100
"""Accounts in a workflow: one each cost the engine 10 to 20 ms, a hundred cost 0.2 ms an account."""


class Scanner:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._desk = parts.desk
        self._scope_of: tuple[str, frozenset[AccountId]] = ("", frozenset())

    def register(self) -> None:
        @DBOS.workflow(name="plan_scan")
        def plan_scan(scan_id: str) -> None:
            DBOS.run_step(step("plan"), self.plan, scan_id)

        @DBOS.workflow(name="scan_batch")
        def scan_batch(scan_id: str, number: int) -> None:
            DBOS.run_step(step("read"), self.read, scan_id, number)

    def plan(self, scan_id: str) -> None:
        """Find out what is in scope and enqueue its batches; a problem ends the scan, and is shown."""
        with self._desk.engine.connect() as connection:
            scan = scans.read_scan(connection, scan_id)
        if scan is None or scan.total is not None or scan.finished_at is not None:
            return
        try:
            found = self._parts.aws.read_inventory()
        except AwsError as fault:
            self._give_up(scan_id, str(fault))
            return
        with self._desk.engine.begin() as connection:
            if not accounts.are_in_scope(connection, found):
                accounts.save_accounts(connection, found, now=self._desk.clock())
            chosen = self._choose(connection, scan.scope, found)
            batches = [chosen[start : start + BATCH] for start in range(0, len(chosen), BATCH)]
            if not scans.plan_batches(connection, scan_id, batches):
                return
            for number in range(len(batches)):
                self._enqueue_batch(connection, scan_id, number)
            if not batches:
                self._close(connection, scan_id, problem="No account is in this scope.")

    def _choose(self, connection: Connection, words: str, found: Sequence[Account]) -> list[AccountId]:
        scope = parse_scope(words_of(words))
        in_force = waivers.read_in_force(connection, now=self._desk.clock())
        verdicts = waive_verdicts(findings.read_verdicts(connection), in_force)
        if not isinstance(scope, Scope):
            return []
        return [account.id for account in found if scope.matches(account, verdicts.get(account.id))]

    def _enqueue_batch(self, connection: Connection, scan_id: str, number: int) -> None:
        key = f"batch:{scan_id}:{number}"
        self._desk.enqueue(connection, "scan_batch", scan_id, number, queue=SCANS, key=key)

    def read(self, scan_id: str, number: int) -> None:
        """Read one batch and store what was found; the batch that ends last closes its scan."""
        engine, desk = self._desk.engine, self._desk
        with engine.connect() as connection:
            ids = scans.read_batch(connection, scan_id, number)
            if ids is None:
                return
            known = accounts.read_some(connection, ids)
            in_scope = self._ids_in_scope(connection, scan_id)
        try:
            targets = [self._parts.aws.reach(account) for account in known]
            found = [evaluate(facts, in_scope=in_scope) for facts in self._parts.aws.read_accounts(targets)]
        except AwsError as fault:
            # Not one account's fault, which would be in its facts: no batch can be read.
            self._give_up(scan_id, str(fault))
            return
        with engine.begin() as connection:
            findings.save_findings(connection, found, scan_id=scan_id)
            if scans.finish_batch(connection, scan_id, number, now=desk.clock()):
                self._record_end(connection, scan_id)

    def _ids_in_scope(self, connection: Connection, scan_id: str) -> frozenset[AccountId]:
        # Read once a scan, not once a batch: with 10,000 accounts that would be a million rows.
        last_id, ids = self._scope_of
        if last_id != scan_id:
            ids = accounts.read_account_ids(connection)
            self._scope_of = (scan_id, ids)
        return ids

    def _give_up(self, scan_id: str, problem: str) -> None:
        with self._desk.engine.begin() as connection:
            self._close(connection, scan_id, problem=problem)

    def _close(self, connection: Connection, scan_id: str, *, problem: str) -> None:
        if scans.finish_scan(connection, scan_id, now=self._desk.clock(), problem=problem):
            self._record_end(connection, scan_id)

    def _record_end(self, connection: Connection, scan_id: str) -> None:
        scan = scans.read_scan(connection, scan_id)
        if scan is None:
            return
        summary = findings.count_verdicts(connection, scan_id=scan_id)
        counts = tuple((verdict.value, str(count)) for verdict, count in summary.counts)
        log.info("scan finished", extra={"scan": scan_id, "total": scan.total, "problem": scan.problem})
        audit.record(
            connection,
            AuditEvent(
                kind="scan.finished",
                at=self._desk.clock(),
                actor="support-role-bot",
                outcome=scan.problem or f"Accounts checked: {scan.total:,}.",
                detail=(("scan", scan_id), ("scope", scan.scope), *counts),
            ),
        )
