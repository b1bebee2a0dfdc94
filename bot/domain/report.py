"""Findings as data: the JSON of `check --format json`, JSON Lines, CSV, and the form the store keeps."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from bot.domain.account import AccountId
from bot.domain.canonical import Json
from bot.domain.control import CONTROL
from bot.domain.explanation import Explanation, explanation_json
from bot.domain.finding import Finding, Reason, Summary, Verdict, summarize

SCHEMA = "support-role/check/1"

Explanations = Mapping[AccountId, Explanation]
"""Of the accounts that were looked into deeper."""
NOT_EXPLAINED: Explanations = MappingProxyType({})


def report(findings: Sequence[Finding], *, started_at: datetime, finished_at: datetime) -> dict[str, Json]:
    """The whole report, as `check --format json` prints it. Times are UTC, to the second."""
    head = _head(summarize(tuple(findings)), started_at=started_at, finished_at=finished_at)
    return {**head, "findings": [finding_json(finding) for finding in findings]}


def report_chunks(
    findings: Iterable[Finding],
    *,
    summary: Summary,
    started_at: datetime,
    finished_at: datetime,
    explanations: Explanations = NOT_EXPLAINED,
) -> Iterator[str]:
    """The same report as pieces of text, a finding a line, so that no more than one finding is held.

    The counts stand before the findings, so they must be known beforehand, and must be of these findings.
    """
    head = json.dumps(_head(summary, started_at=started_at, finished_at=finished_at))
    yield head.removesuffix("}") + ', "findings": ['
    comma = "\n"
    for finding in findings:
        yield comma + json.dumps(finding_json(finding, explanations.get(finding.account.id)))
        comma = ",\n"
    yield "\n]}\n"


def jsonl_lines(findings: Iterable[Finding], explanations: Explanations = NOT_EXPLAINED) -> Iterator[str]:
    """One finding a line, in the shape of the report's findings."""
    for finding in findings:
        yield json.dumps(finding_json(finding, explanations.get(finding.account.id))) + "\n"


def _head(summary: Summary, *, started_at: datetime, finished_at: datetime) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "control": CONTROL.as_json(),
        "started_at": _utc(started_at),
        "finished_at": _utc(finished_at),
        "coverage": {
            "in_scope": summary.in_scope,
            "checked": summary.checked,
            "unknown": summary.unknown,
            "skipped": summary.skipped,
        },
        "summary": {verdict.value: summary.count(verdict) for verdict in Verdict},
    }


def finding_json(finding: Finding, explanation: Explanation | None = None) -> dict[str, Json]:
    """One finding in its public shape, with `explanation` where it was looked into deeper.

    How the account is reached is no part of it.
    """
    account = finding.account
    added: dict[str, Json] = {"explanation": explanation_json(explanation)} if explanation else {}
    return {
        "account": {
            "id": account.id,
            "name": account.name,
            "owner": account.owner,
            "partition": account.partition,
            "ou": account.ou,
        },
        "verdict": finding.verdict.value,
        "meets_benchmark": finding.meets_benchmark,
        "reasons": _reasons(finding.reasons),
        "notes": _reasons(finding.notes),
        "roles": [
            {
                "arn": role.arn,
                "sound": role.sound,
                "reasons": _reasons(role.reasons),
                "notes": _reasons(role.notes),
                "trusts": list(role.trusts),
            }
            for role in finding.roles
        ],
        "next_step": finding.next_step,
        "checked_at": _utc(finding.checked_at),
        **added,
    }


def _reasons(reasons: Iterable[Reason]) -> list[Json]:
    return [{"code": reason.code, "text": reason.text} for reason in reasons]


def _utc(moment: datetime, timespec: str = "seconds") -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without a zone says no moment")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


CSV_COLUMNS = (
    "account_id",
    "account_name",
    "owner",
    "partition",
    "ou",
    "verdict",
    "meets_benchmark",
    "severity",
    "reasons",
    "why",
    "notes",
    "roles",
    "next_step",
    "checked_at",
)


def csv_row(finding: Finding) -> tuple[str, ...]:
    """One row under `CSV_COLUMNS`; lists are joined with `; `, an unknown benchmark is empty.

    A cell that a spreadsheet would run as a formula is defused by an apostrophe before it.
    """
    account = finding.account
    meets = "" if finding.meets_benchmark is None else str(finding.meets_benchmark).lower()
    cells = (
        account.id,
        account.name,
        account.owner,
        account.partition,
        account.ou,
        finding.verdict.value,
        meets,
        finding.severity.value,
        "; ".join(reason.code for reason in finding.reasons),
        " ".join(reason.text for reason in finding.reasons),
        "; ".join(note.code for note in finding.notes),
        "; ".join(role.arn for role in finding.roles),
        finding.next_step,
        _utc(finding.checked_at),
    )
    return tuple(defuse(cell) for cell in cells)


def csv_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """The header and a line for each finding, each ended by CR LF (RFC 4180)."""
    yield _csv_line(CSV_COLUMNS)
    for finding in findings:
        yield _csv_line(csv_row(finding))


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def defuse(cell: str) -> str:
    """The cell with an apostrophe before it, where a spreadsheet would run it as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
