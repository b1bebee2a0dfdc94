"""Two workers on PostgreSQL: how much faster than one, and what becomes of a batch whose worker is killed.

    python bench/two_workers.py

Each worker is `support-role worker` as it is shipped, a process of its own. Here they share a machine with
the database and the stand-in for AWS: so calls are slow and few accounts are read at once, and a worker is
held by its own limit and not by the machine, as it would be on one of its own.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from dbos import DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine, Select, func, select
from stage import Rows, calls_of, fake_aws, parser, postgres, settings, show, told_wrong, wait_for_end

from bot.flows import scan
from bot.flows.desk import Desk
from bot.flows.scanner import BATCH
from bot.store import operations
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.store.tables import Utc, audit_events, finding_changes, scan_batches
from bot.wiring.desk import build_desk

SILENT = timedelta(seconds=10)
PAGE = 20
"""Accounts that Organizations lists in an answer."""
CONFIG = """
[aws.organization]
enabled = true
[check]
concurrency = {concurrency}
[remediation]
mode = "off"
[slack]
bot_token = "xoxb-nobody"
team_ids = ["T0NOBODY"]
[store]
url = "{database}"
"""


def main() -> None:
    made = parser(__doc__, accounts=3_000, concurrency=32)
    made.set_defaults(latency_ms=80.0)
    chosen = made.parse_args()
    with (
        postgres() as database,
        TemporaryDirectory() as folder,
        fake_aws(accounts=chosen.accounts, latency_ms=chosen.latency_ms, rate_sts=600) as url,
    ):
        config = Path(folder) / "support-role.toml"
        config.write_text(CONFIG.format(concurrency=chosen.concurrency, database=database), "utf-8")
        engine = build_engine(database)
        migrate(engine)
        desk = build_desk(settings(database, concurrency=chosen.concurrency), engine)
        measured = measure(Bench(chosen.accounts, desk, config, url))
        engine.dispose()
    title = (
        f"{chosen.accounts:,} accounts, {chosen.latency_ms:g} ms a call, PostgreSQL, "
        f"{chosen.concurrency} accounts at once in each worker"
    )
    show(title, measured)


@dataclass(frozen=True, slots=True)
class Bench:
    accounts: int
    desk: Desk
    config: Path
    aws: str

    @property
    def engine(self) -> Engine:
        return self.desk.engine


def measure(bench: Bench) -> Rows:
    with workers(bench, "first"):
        one, _ = scan_all(bench)
    with workers(bench, "second", "third"):
        two, wrong = scan_all(bench)
    with workers(bench, "fourth", "fifth") as (fourth, _):
        after_kill = kill_in_the_middle(bench, fourth, "fourth")
    return [
        ("one worker", f"{one:.1f} s"),
        ("two workers", f"{two:.1f} s, {one / two:.2f} times as fast"),
        ("accounts not read by the two, or judged wrongly", str(wrong)),
        *after_kill,
    ]


@contextmanager
def workers(bench: Bench, *names: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Workers that are alive, and have the list of accounts already: that takes longer than these scans."""
    pages = calls_of(bench.aws).get("ListAccounts", 0) + len(names) * -(-bench.accounts // PAGE)
    with ExitStack() as closing:
        processes = [closing.enter_context(worker(bench, name)) for name in names]
        until(lambda: calls_of(bench.aws).get("ListAccounts", 0) >= pages and set(names) <= alive(bench))
        time.sleep(1)
        yield processes


@contextmanager
def worker(bench: Bench, name: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bot", "worker", "--executor-id", name, "--config", str(bench.config)]
    with subprocess.Popen([*command, "--log-level", "error"]) as process:
        try:
            yield process
        finally:
            process.terminate()


def alive(bench: Bench) -> set[str]:
    with bench.engine.connect() as connection:
        return {each.id for each in operations.read_alive(connection, since=bench.desk.pulse() - SILENT)}


def start_scan(bench: Bench) -> str:
    with bench.engine.begin() as connection:
        return scan.start(bench.desk, connection, scope="", reason="bench")


def scan_all(bench: Bench) -> tuple[float, int]:
    """Seconds, and how many accounts came out wrong."""
    began, start = bench.desk.clock(), time.perf_counter()
    wait_for_end(bench.engine, start_scan(bench), 300)
    return time.perf_counter() - start, told_wrong(bench.engine, bench.accounts, began)


def kill_in_the_middle(bench: Bench, victim: subprocess.Popen[bytes], name: str) -> Rows:
    """Kill a worker in the middle of a scan, and look what becomes of what it had begun."""
    before, began = calls_of(bench.aws)["AssumeRole"], bench.desk.clock()
    scan_id = start_scan(bench)
    until(lambda: count(bench, done(scan_id)) >= bench.accounts // BATCH // 4)
    until(lambda: bool(begun_by(bench, name)))
    victim.kill()
    victim.wait()
    killed_at = bench.desk.clock()
    left = begun_by(bench, name)
    wait_for_end(bench.engine, scan_id, 120)
    with bench.engine.connect() as connection:
        last = select(func.max(scan_batches.c.done_at, type_=Utc)).where(
            scan_batches.c.scan_id == scan_id, scan_batches.c.number.in_(left)
        )
        resumed = (connection.execute(last).scalar_one() - killed_at).total_seconds()
    again = calls_of(bench.aws)["AssumeRole"] - before - bench.accounts
    twice = count(bench, ends()) - 3 + count(bench, changes()) - bench.accounts
    return [
        (f"a worker is killed: its {len(left)} batches are done after", f"{resumed:.1f} s"),
        ("accounts lost by it, or judged wrongly", str(told_wrong(bench.engine, bench.accounts, began))),
        ("changes and ends that were recorded twice", str(twice)),
        ("accounts read again, of those it had begun", str(again)),
    ]


def begun_by(bench: Bench, name: str) -> list[int]:
    """The numbers of the batches that a worker has begun and not ended."""
    client = DBOSClient(
        system_database_engine=bench.engine, serializer=DBOSPortableJSONSerializer(), lazy=True
    )
    found = client.list_workflows(status="PENDING", executor_id=name, name="scan_batch")
    return [int(each.workflow_id.rpartition(":")[2]) for each in found]


def done(scan_id: str) -> Select[tuple[int]]:
    query = select(func.count()).select_from(scan_batches)
    return query.where(scan_batches.c.scan_id == scan_id, scan_batches.c.done_at.is_not(None))


def ends() -> Select[tuple[int]]:
    return select(func.count()).select_from(audit_events).where(audit_events.c.kind == "scan.finished")


def changes() -> Select[tuple[int]]:
    """Each account's first verdict is one; none has another later."""
    return select(func.count()).select_from(finding_changes)


def count(bench: Bench, query: Select[tuple[int]]) -> int:
    with bench.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def until(is_so: Callable[[], bool], seconds: float = 180) -> None:
    late = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > late:
            raise SystemExit("A worker did not come to work in time.")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
