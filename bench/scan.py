"""The whole scan, engine and store included: accounts a second, CPU and memory of one worker.

    python bench/scan.py --accounts 10000 --latency-ms 20
    python bench/scan.py --accounts 30000 --latency-ms 2 --rate-sts 0 --pace 5000    # what memory does

Runs bench/fake_aws.py as a process of its own, and one worker on a fresh SQLite. STS is held at AWS's limit.
"""

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from stage import Rows, fake_aws, parser, settings, show, told_wrong, wait_for_end

from bot.flows import scan
from bot.flows.desk import Desk
from bot.flows.engine import new_executor_id
from bot.flows.parts import Parts
from bot.flows.ports import Messenger
from bot.flows.worker import Worker
from bot.store import accounts
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.wiring.desk import build_desk
from bot.wiring.worker_side import build_aws


class Silent:
    """A messenger that nobody hears; a scan posts nothing that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    seconds: float
    cpu_seconds: float
    wrong: int
    before_mb: float
    """Most memory until the scan, with the accounts listed and stored."""
    peak_mb: float


def main() -> None:
    options = parser(__doc__, accounts=10_000)
    options.add_argument("--rate-sts", type=float, default=600, help="what STS takes a second; 0: any number")
    options.add_argument("--pace", type=float, default=550, help="what the worker asks of STS a second")
    chosen = options.parse_args()
    limits = {"latency_ms": chosen.latency_ms, "rate_sts": chosen.rate_sts}
    with fake_aws(accounts=chosen.accounts, **limits), tempfile.TemporaryDirectory() as folder:
        measured = measure(chosen, f"sqlite:///{Path(folder) / 'bench.db'}")
    title = f"{chosen.accounts:,} accounts, {chosen.latency_ms:g} ms a call, one worker, SQLite"
    show(title, rows(chosen, measured))


def measure(chosen: argparse.Namespace, database: str) -> Measured:
    made = settings(database, concurrency=chosen.concurrency, sts_rate=chosen.pace)
    engine = build_engine(database)
    migrate(engine)
    desk = build_desk(made, engine)
    messenger: Messenger = Silent()
    worker = Worker(Parts(desk, messenger, build_aws(made)), new_executor_id())
    worker.start()
    wait_for_accounts(engine, chosen.accounts)
    before, began = peak_mb(), desk.clock()
    seconds, cpu_seconds = scan_all(desk)
    # What follows reads all findings at once: how many are wrong is not a worker's question.
    peak = peak_mb()
    measured = Measured(seconds, cpu_seconds, told_wrong(engine, chosen.accounts, began), before, peak)
    worker.stop()
    engine.dispose()
    return measured


def wait_for_accounts(engine: Engine, count: int) -> None:
    """A worker lists its accounts beside whatever it does: how long Organizations takes is not measured."""
    while True:
        with engine.connect() as connection:
            if len(accounts.read_account_ids(connection)) == count:
                return
        time.sleep(0.2)


def scan_all(desk: Desk) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    cpu, start = time.process_time(), time.perf_counter()
    with desk.engine.begin() as connection:
        scan_id = scan.start(desk, connection, scope="", reason="bench")
    wait_for_end(desk.engine, scan_id)
    return time.perf_counter() - start, time.process_time() - cpu


def peak_mb() -> float:
    """The most memory that this process ever had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def rows(chosen: argparse.Namespace, measured: Measured) -> Rows:
    count = chosen.accounts
    ideal = count / chosen.rate_sts if chosen.rate_sts else 0
    return [
        ("seconds", f"{measured.seconds:.1f}"),
        ("accounts a second", f"{count / measured.seconds:.0f}"),
        ("of what STS allows at all", f"{measured.seconds / ideal:.2f} x" if ideal else "no limit"),
        ("CPU ms an account", f"{measured.cpu_seconds / count * 1000:.2f}"),
        ("peak memory, MB: before the scan, at its end", f"{measured.before_mb:.0f}, {measured.peak_mb:.0f}"),
        ("accounts not read, or judged wrongly", str(measured.wrong)),
    ]


if __name__ == "__main__":
    main()
