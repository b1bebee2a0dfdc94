"""The whole scan, engine and store included: accounts a second, CPU and memory of one worker.

    python bench/scan.py --accounts 10000 --latency-ms 20

Runs bench/fake_aws.py as a process of its own, and one worker on a fresh SQLite. STS is held at AWS's limit.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.domain.finding import Verdict
from bot.flows import scan
from bot.flows.engine import new_executor_id
from bot.flows.parts import Parts
from bot.flows.ports import Messenger
from bot.flows.worker import Worker
from bot.settings import Settings
from bot.settings.models import AwsSettings, CheckSettings, OrganizationSettings, StoreSettings
from bot.store import findings, scans
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.wiring.desk import build_desk
from bot.wiring.worker_side import build_aws

FAKE = Path(__file__).with_name("fake_aws.py")


class Silent:
    """A messenger that nobody hears; a scan posts nothing that nobody asked for."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=float, default=20)
    parser.add_argument("--rate-sts", type=float, default=600)
    parser.add_argument("--concurrency", type=int, default=96)
    options = parser.parse_args()
    server = subprocess.Popen(
        [
            sys.executable,
            FAKE,
            "serve",
            "--port",
            "0",
            "--accounts",
            str(options.accounts),
            "--latency-ms",
            str(options.latency_ms),
            "--rate-sts",
            str(options.rate_sts),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = server.stdout.readline().split()[1]
        os.environ |= {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "AKIAFAKE",
            "AWS_SECRET_ACCESS_KEY": "fake",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with tempfile.TemporaryDirectory() as folder:
            report(options, *measure(options, Path(folder)))
    finally:
        server.terminate()
        server.wait(10)


def measure(options: argparse.Namespace, folder: Path) -> tuple[float, float, dict[Verdict, int]]:
    settings = Settings(
        aws=AwsSettings(organization=OrganizationSettings(enabled=True)),
        check=CheckSettings(concurrency=options.concurrency),
        store=StoreSettings(url=f"sqlite:///{folder / 'bench.db'}"),
    )
    engine = build_engine(settings.store.url.get_secret_value())
    migrate(engine)
    desk = build_desk(settings, engine)
    messenger: Messenger = Silent()
    aws = build_aws(settings)
    worker = Worker(Parts(desk, messenger, aws), new_executor_id())
    worker.start()
    # A worker lists its accounts beside whatever it does: how long Organizations takes is not measured.
    aws.read_inventory()
    cpu, start = time.process_time(), time.perf_counter()
    with engine.begin() as connection:
        scan_id = scan.start(desk, connection, scope="", reason="bench")
    while True:
        with engine.connect() as connection:
            found = scans.read_scan(connection, scan_id)
        if found is not None and found.finished_at is not None:
            break
        time.sleep(0.05)
    took, used = time.perf_counter() - start, time.process_time() - cpu
    if found.problem:
        raise SystemExit(found.problem)
    with engine.connect() as connection:
        counts = dict(findings.count_verdicts(connection).counts)
    worker.stop()
    engine.dispose()
    return took, used, counts


def report(options: argparse.Namespace, took: float, used: float, counts: dict[Verdict, int]) -> None:
    total = sum(counts.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ideal = options.accounts / options.rate_sts if options.rate_sts else 0
    table = Table(
        title=f"{options.accounts:,} accounts, {options.latency_ms:g} ms a call, one worker, SQLite"
    )
    table.add_column("what")
    table.add_column("seen", justify="right")
    table.add_row("accounts read", f"{total:,}")
    table.add_row("seconds", f"{took:.1f}")
    table.add_row("accounts a second", f"{total / took:.0f}")
    table.add_row("of what STS allows at all", f"{took / ideal:.2f} x" if ideal else "no limit")
    table.add_row("CPU ms an account", f"{used / total * 1000:.2f}")
    table.add_row("peak memory, MB", f"{peak:.0f}")
    table.add_row("verdicts", ", ".join(f"{v.value} {n}" for v, n in counts.items() if n))
    Console().print(table)


if __name__ == "__main__":
    main()
