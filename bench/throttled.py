"""A scan that AWS holds back: is an account lost, and how much longer does it take than the limits dictate?

    python bench/throttled.py

Each row is a scan of one worker on a fresh SQLite, in a process of its own. "Others" are who else uses the
calling account's allowance at STS, so that the worker must find out by itself what is left for it.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from scan import measure
from stage import calls_of, fake_aws, parser


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    accounts: int
    rate_sts: float
    """Calls a second that STS takes."""
    rate_account: float
    """Calls a second that IAM takes in each account."""
    pace: float = 550
    """Calls a second that the worker asks of STS at most."""
    burst: float = 1
    """Seconds of a limit that can be used up at once."""

    @property
    def dictated(self) -> float:
        """Seconds that the limits make the scan take at least, at STS and then in one account."""
        sts = self.accounts / self.rate_sts - self.burst
        # The most that an account here needs: who carries the policy, and three roles.
        account = 4 / self.rate_account - max(self.burst, 1 / self.rate_account)
        return max(sts, 0) + max(account, 0)


CASES = (
    Case("AWS's own: STS 600/s, IAM 40/s", 5_000, 600, 40),
    Case("others leave 100/s at STS", 2_000, 100, 40),
    Case("others leave 100/s, nobody paces", 2_000, 100, 40, pace=5000),
    Case("IAM 2/s in each account", 2_000, 600, 2),
)


@dataclass(frozen=True, slots=True)
class Seen:
    seconds: float
    throttled: int
    wrong: int


def main() -> None:
    made = parser(__doc__, accounts=0)
    made.add_argument("--only", type=int, choices=range(len(CASES)), help=argparse.SUPPRESS)
    chosen = made.parse_args()
    if chosen.only is not None:
        print(json.dumps(asdict(see(CASES[chosen.only], chosen))))
        return
    table = Table(title=f"Scans under throttling, {chosen.latency_ms:g} ms a call")
    table.add_column("limits")
    for heading in ("accounts", "dictated s", "seen s", "x", "throttled calls", "lost or wrong"):
        table.add_column(heading, justify="right")
    for number, case in enumerate(CASES):
        seen = in_a_process(number)
        ratio = f"{seen.seconds / case.dictated:.2f}"
        table.add_row(
            case.name,
            f"{case.accounts:,}",
            f"{case.dictated:.1f}",
            f"{seen.seconds:.1f}",
            ratio,
            f"{seen.throttled:,}",
            str(seen.wrong),
        )
    Console().print(table)


def in_a_process(number: int) -> Seen:
    """The durable engine is one a process."""
    command = [sys.executable, __file__, "--only", str(number), *sys.argv[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Seen(**json.loads(done.stdout))


def see(case: Case, chosen: argparse.Namespace) -> Seen:
    chosen.accounts, chosen.pace = case.accounts, case.pace
    limits = {"rate_sts": case.rate_sts, "rate_account": case.rate_account, "burst": case.burst}
    with (
        fake_aws(accounts=case.accounts, latency_ms=chosen.latency_ms, **limits) as url,
        TemporaryDirectory() as folder,
    ):
        measured = measure(chosen, f"sqlite:///{Path(folder) / 'bench.db'}")
        return Seen(measured.seconds, calls_of(url)["throttled"], measured.wrong)


if __name__ == "__main__":
    main()
