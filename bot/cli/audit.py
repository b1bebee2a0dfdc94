"""`support-role audit verify` and `audit export`: the chain, checked and taken out."""

import csv
import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from bot.cli.common import Invocation, door
from bot.domain.audit import ChainBroken, ChainedEvent
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
def command() -> None:
    """The audit chain: every event bears the hash of the one before."""


@command.command("verify")
@door()
def verify(invocation: Invocation) -> int:
    """Check every event; exit code 1, and the first bad event named, when the chain is broken.

    A chain that was rewritten as a whole is found by comparing its head with those that the daily digests
    posted in Slack.
    """
    from bot.store import audit  # noqa: PLC0415 - SQLAlchemy takes its time
    from bot.wiring.desk import open_store  # noqa: PLC0415 - likewise

    engine = open_store(invocation.settings())
    with engine.connect() as connection:
        result = audit.verify(connection)
    if isinstance(result, ChainBroken):
        click.echo(f"The audit chain is broken at event {result.seq}: {result.reason}.", err=True)
        return EXIT_BROKEN
    click.echo(f"The audit chain is intact: {result.length} events, head {result.head}")
    return 0


@command.command("export")
@click.option("--format", "form", type=click.Choice(("jsonl", "csv")), default="jsonl", show_default=True)
@door()
def export(invocation: Invocation, form: str) -> None:
    """Print every event in order, with its place in the chain."""
    from bot.store import audit  # noqa: PLC0415 - SQLAlchemy takes its time
    from bot.wiring.desk import open_store  # noqa: PLC0415 - likewise

    engine = open_store(invocation.settings())
    with engine.connect() as connection:
        events = audit.read_events(connection)
        if form == "csv":
            _write_csv(events)
        else:
            for event in events:
                click.echo(json.dumps(_row(event), ensure_ascii=False))


def _row(event: ChainedEvent) -> dict[str, Any]:
    body = json.loads(event.body)["event"]
    return {"seq": event.seq, **body, "prev_hash": event.prev_hash, "hash": event.hash}


def _write_csv(events: Iterable[ChainedEvent]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for event in events:
        row = _row(event)
        writer.writerow(_cell(row[name]) for name in COLUMNS)


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return defuse(text)
