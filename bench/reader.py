"""How fast accounts are read: the fast reader beside two ways of using boto3, in one run against one fake
AWS.

    python bench/reader.py --accounts 2000 --latency-ms 20

Each way runs in a process of its own, so that CPU time and memory are its own. The ways with boto3 get fewer
accounts: they are slow, and their rate does not depend on the count. Trust the ratios, not the absolute
figures.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
THREADS = 32
FIRST_ACCOUNT = 100_000_000_000
POLICY = "arn:aws:iam::aws:policy/AWSSupportAccess"


@dataclass(frozen=True)
class Measured:
    way: str
    accounts: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    @property
    def per_second(self) -> float:
        return self.accounts / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds * 1000 / self.accounts


def fast_reader(count: int, sts_calls_per_second: float) -> Callable[[], None]:
    from bot.aws.reader import Reader, ReaderLimits  # noqa: PLC0415 - each way loads its own libraries alone
    from bot.aws.sessions import AwsConfig  # noqa: PLC0415 - likewise
    from bot.domain.account import Access, Account, AccountId  # noqa: PLC0415 - likewise
    from bot.domain.rule import providers_needed  # noqa: PLC0415 - likewise

    access = Access(scan_role="SupportRoleScanner")
    accounts = (Account(AccountId(str(FIRST_ACCOUNT + number)), access=access) for number in range(count))
    limits = ReaderLimits(sts_calls_per_second=sts_calls_per_second)

    async def read() -> None:
        async with Reader(AwsConfig(), providers_needed, limits) as reader:
            found = [facts.account.id async for facts in reader.read_accounts(accounts)]
        assert len(found) == count

    return lambda: asyncio.run(read())


def unpaced(count: int, _: float) -> Callable[[], None]:
    """What the reader could do if STS let it."""
    return fast_reader(count, 100_000)


def one_session(count: int, _: float) -> Callable[[], None]:
    """One Session for all threads, and clients from it for each account."""
    import boto3  # noqa: PLC0415 - each way loads its own libraries alone

    session = boto3.session.Session()
    sts = session.client("sts")
    return lambda: in_threads(lambda account: read_with(sts, session.client, account), count)


def plain_boto3(count: int, _: float) -> Callable[[], None]:
    """What a script does: a client of STS, and a Session with what it gave, for each account."""
    import boto3  # noqa: PLC0415 - each way loads its own libraries alone

    def client(service: str, **keys: str) -> Any:
        return boto3.session.Session(**keys).client(service)

    return lambda: in_threads(lambda account: read_with(client("sts"), client, account), count)


def in_threads(read: Callable[[str], None], count: int) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for done in pool.map(read, (str(FIRST_ACCOUNT + number) for number in range(count))):
            assert done is None


def read_with(sts: Any, client: Callable[..., Any], account: str) -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - each way loads its own libraries alone

    arn = f"arn:aws:iam::{account}:role/SupportRoleScanner"
    try:
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="bench")["Credentials"]
        iam = client(
            "iam",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        for page in iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=POLICY):
            for role in page["PolicyRoles"]:
                iam.get_role(RoleName=role["RoleName"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise


PLAIN = "plain boto3: a Session each"
WAYS = {
    "bot.aws.reader": fast_reader,
    "bot.aws.reader, STS unpaced": unpaced,
    "boto3: one Session": one_session,
    PLAIN: plain_boto3,
}


def measure_here(way: str, count: int, sts_calls_per_second: float) -> Measured:
    read = WAYS[way](count, sts_calls_per_second)
    started, cpu = time.perf_counter(), time.process_time()
    read()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    return Measured(way, count, seconds, cpu_seconds, peak / (1024**2 if sys.platform == "darwin" else 1))


@contextmanager
def fake_aws(accounts: int, latency_ms: float) -> Iterator[str]:
    script = Path(__file__).with_name("fake_aws.py")
    options = ["--port", "0", "--accounts", str(accounts), "--latency-ms", str(latency_ms)]
    command = [sys.executable, str(script), "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()
            process.communicate()


def measure(way: str, count: int, options: argparse.Namespace, url: str) -> Measured:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIAFAKE",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, __file__, "--only", way, "--accounts", str(count)]
    command += ["--sts-per-second", str(options.sts_per_second)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout))


def table_of(results: list[Measured], latency_ms: float) -> Table:
    (plain,) = [each for each in results if each.way == PLAIN]
    table = Table(title=f"{latency_ms:g} ms a call; boto3 in {THREADS} threads")
    table.add_column("how an account is read")
    for heading in ("accounts", "a second", "x plain", "CPU ms", "plain / x", "peak MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in results:
        table.add_row(
            each.way,
            f"{each.accounts:,}",
            f"{each.per_second:,.1f}",
            f"{each.per_second / plain.per_second:,.0f}",
            f"{each.cpu_ms:,.2f}",
            f"{plain.cpu_ms / each.cpu_ms:,.0f}",
            f"{each.peak_mb:,.0f}",
        )
    return table


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--accounts", type=int, default=2000)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--sts-per-second", type=float, default=550.0, help="the fast reader's pace of STS")
    parser.add_argument("--only", choices=WAYS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    if options.only:
        print(json.dumps(asdict(measure_here(options.only, options.accounts, options.sts_per_second))))
        return
    fewer = {"one_session": max(64, options.accounts // 8), "plain_boto3": max(32, options.accounts // 60)}
    with fake_aws(options.accounts, options.latency_ms) as url:
        results = [
            measure(way, fewer.get(read.__name__, options.accounts), options, url)
            for way, read in WAYS.items()
        ]
    Console().print(table_of(results, options.latency_ms))


if __name__ == "__main__":
    main()
