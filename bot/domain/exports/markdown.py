"""Findings as a Markdown document: the counts, what each verdict got, and a table of all accounts."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bot.domain.control import CONTROL
from bot.domain.finding import Finding, Summary, Verdict

COLUMNS = ("Verdict", "Account", "Id", "Owner", "OU", "Why", "Roles", "Next step")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
"""All that Markdown, or HTML could take for more than a letter."""


def markdown_lines(
    findings: Iterable[Finding], *, summary: Summary, started_at: datetime, finished_at: datetime
) -> Iterator[str]:
    """The document, line by line; the counts must be those of these findings."""
    yield f"# {CONTROL.title}\n\n"
    yield f"{CONTROL.cis_in_words()}; Security Hub {CONTROL.security_hub}; Datadog {CONTROL.datadog}.\n\n"
    yield f"Read {_utc(started_at)} to {_utc(finished_at)}. {_coverage(summary)}\n\n"
    yield _row([verdict.value for verdict in Verdict])
    yield _row(["---:"] * len(Verdict))
    yield _row([str(summary.count(verdict)) for verdict in Verdict])
    yield "\n"
    yield _row(COLUMNS)
    yield _row(["---"] * len(COLUMNS))
    for finding in findings:
        yield _row(_cells(finding))


def _coverage(summary: Summary) -> str:
    return (
        f"{summary.in_scope} in scope, {summary.checked} checked, {summary.unknown} could not be read, "
        f"{summary.skipped} skipped: coverage {summary.coverage_percent} %."
    )


def _cells(finding: Finding) -> list[str]:
    account = finding.account
    cells = (
        account.name,
        account.id,
        account.owner,
        account.ou,
        " ".join(reason.text for reason in finding.reasons),
        "; ".join(role.arn for role in finding.roles),
        finding.next_step,
    )
    return [f"**{finding.verdict.value}**", *map(escape, cells)]


def escape(text: str) -> str:
    """Text in a cell: one line, and nothing in it is markup."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return _SPECIAL.sub(r"\\\1", " ".join(printable.split()))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
