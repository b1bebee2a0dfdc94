"""`support-role doctor`: each thing that must be right, what is wrong, and how to mend it."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from bot import __version__
from bot.cli.common import Invocation, door
from bot.domain.doctor import CHECKS, Diagnosis, Report, group, skipped, wrong
from bot.domain.errors import SettingsError
from bot.settings import Settings

DEFAULT_ACCOUNTS = 50


@click.command("doctor", short_help="Look at each thing that must be right, and say how to mend what is not.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="How the report is printed.",
)
@click.option("--aws", "aws_alone", is_flag=True, help="Look at AWS alone; needs no Slack settings.")
@click.option(
    "--accounts",
    type=click.IntRange(min=0),
    default=DEFAULT_ACCOUNTS,
    show_default=True,
    help="How many accounts are tried at most, spread over all of them.",
)
@door()
def command(invocation: Invocation, form: str, aws_alone: bool, accounts: int) -> int:  # noqa: FBT001 - an option
    """Look at settings, database, Slack and AWS, and say what is wrong and how to mend it.

    Nothing is written anywhere: that the database can be written to is tried and rolled back, and the role
    that fixes is assumed for sessions that may do nothing.

    Exit codes: 0 nothing is wrong (there may be warnings), 1 something is, 2 usage or configuration.
    """
    report = _report(invocation, accounts, aws_alone=aws_alone)
    if form == "json":
        sys.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        from bot.cli.doctor_table import print_report  # noqa: PLC0415 - rich is for tables alone

        print_report(report)
    return report.exit_code


def _report(invocation: Invocation, accounts: int, *, aws_alone: bool) -> Report:
    try:
        settings = invocation.settings()
    except SettingsError as error:
        found = group(_unreadable(error))
    else:
        found = _look(settings, accounts, aws_alone=aws_alone)
    return Report(__version__, datetime.now(UTC), found)


def _look(settings: Settings, accounts: int, *, aws_alone: bool) -> tuple[Diagnosis, ...]:
    from bot.flows.probing import run_probes  # noqa: PLC0415 - `--help` does without
    from bot.wiring.doctor import aws_probes_alone, every_probe  # noqa: PLC0415 - likewise

    probes = (aws_probes_alone if aws_alone else every_probe)(settings, most_accounts=accounts)
    with _looking_on_terminal() as on_progress:
        return run_probes(probes, on_progress=on_progress)


@contextmanager
def _looking_on_terminal() -> Iterator[Callable[[int, int], None]]:
    """A line on stderr that says how far it is; nothing at all when that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _ended, _known: None
        return
    from rich.console import Console  # noqa: PLC0415 - pipelines have no such line

    with Console(stderr=True).status("Looking …") as line:
        yield lambda ended, known: line.update(f"Looking … {ended} of {known}")


def _unreadable(error: SettingsError) -> list[Diagnosis]:
    """Each problem of the settings, and that nothing else could be looked at."""
    lines = [line.strip().removeprefix("- ") for line in str(error).splitlines()]
    told = lines[1:] or lines
    step = "Correct it where it is said to come from."
    unseen = [skipped(check, "Not looked at, since settings.read comes first.") for check in CHECKS]
    return [*(wrong("settings.read", f"{line}.", step) for line in told), *unseen[1:]]
