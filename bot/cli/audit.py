"""`support-role audit verify` and `audit export`: the chain, checked and taken out."""

import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from bot.cli.common import Invocation, common_options, door, remember
from bot.domain.audit import ChainBroken, ChainedEvent, ChainIntact
from bot.domain.exports.trail import trail_json, verify_trail
from bot.domain.report import defuse

COLUMNS = (
    "seq",
    "at",
    "kind",
    "actor",
    "account_id",
    "request_id",
    "plan_hash",
    "outcome",
    "aws_request_ids",
    "detail",
    "prev_hash",
    "hash",
)
EXIT_BROKEN = 1


@click.group("audit", short_help="Verify or export the audit chain.")
@common_options
@click.pass_context
def command(ctx: click.Context, /, **common: str | None) -> None:
    """The audit chain: every event bears the hash of the one before."""
    remember(ctx, common)


@command.command("verify", short_help="Check every event, of the database or of an exported file.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@door()
def verify(invocation: Invocation, file: Path | None) -> int:
    """Check every event, and name the first that is missing, moved or edited.

    FILE is a chain that was exported as JSON Lines, audit.jsonl of an evidence pack for one: it is checked by
    itself, without settings or a database. Without FILE the database is checked.

    A chain that was rewritten as a whole is found by comparing its head with those that the daily digests
    posted in Slack.

    Exit codes: 0 the chain is intact, 1 it is broken, 2 it could not be read.
    """
    result = _verify_store(invocation) if file is None else _verify_file(file)
    if isinstance(result, ChainBroken):
        click.echo(f"The audit chain is broken at event {result.seq}: {result.reason}.", err=True)
        return EXIT_BROKEN
    events = "1 event" if result.length == 1 else f"{result.length} events"
    click.echo(f"The audit chain is intact: {events}, head {result.head}")
    return 0


def _verify_store(invocation: Invocation) -> ChainIntact | ChainBroken:
    from bot.store import audit  # noqa: PLC0415 - SQLAlchemy takes its time
    from bot.wiring.desk import open_store_to_read  # noqa: PLC0415 - likewise

    with open_store_to_read(invocation.stored_settings()).connect() as connection:
        return audit.verify(connection)


def _verify_file(file: Path) -> ChainIntact | ChainBroken:
    with file.open(encoding="utf-8", errors="replace") as lines:
        return verify_trail(lines)


@command.command("export", short_help="Print every event, with its place in the chain.")
@click.option("--format", "form", type=click.Choice(("jsonl", "csv")), default="jsonl", show_default=True)
@door()
def export(invocation: Invocation, form: str) -> None:
    """Print every event in order, with its place in the chain."""
    from bot.store import audit  # noqa: PLC0415 - SQLAlchemy takes its time
    from bot.wiring.desk import open_store_to_read  # noqa: PLC0415 - likewise

    engine = open_store_to_read(invocation.stored_settings())
    with engine.connect() as connection:
        events = audit.read_events(connection)
        if form == "csv":
            _write_csv(events)
        else:
            for event in events:
                click.echo(json.dumps(trail_json(event), ensure_ascii=False))


def _write_csv(events: Iterable[ChainedEvent]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for event in events:
        row = trail_json(event)
        writer.writerow(_cell(row[name]) for name in COLUMNS)


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return defuse(text)
