"""What scripts may rely on: the report's JSON to the letter, JSON Lines, CSV, and the store's round trip."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from building.strategies import FINDINGS
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Access, Account, AccountId
from bot.domain.control import CONTROL
from bot.domain.finding import Finding, Reason, RoleFinding, Severity, Verdict, summarize
from bot.domain.report import (
    CSV_COLUMNS,
    csv_lines,
    csv_row,
    finding_json,
    jsonl_lines,
    report,
    report_chunks,
)

START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
END = datetime(2026, 3, 4, 7, 6, 8, 999_000, tzinfo=timezone(timedelta(hours=2)))
ACCOUNT = Account(
    AccountId("111122223333"),
    name="payments",
    owner="U0123ABCD",
    ou="Workloads/Prod",
    tags=(("team", "core"),),
    is_management=True,
    access=Access(scan_role="Scanner", external_id="s3cret"),
)
WEAK = Finding(
    ACCOUNT,
    Verdict.WEAK,
    meets_benchmark=True,
    checked_at=START,
    reasons=(Reason("denied", "Role support: a Deny takes all back."),),
    notes=(Reason("mfa", "It asks for multi-factor authentication."),),
    roles=(
        RoleFinding(
            "arn:aws:iam::111122223333:role/support",
            sound=False,
            reasons=(Reason("denied", "A Deny takes all back."),),
            notes=(Reason("mfa", "It asks for multi-factor authentication."),),
            trusts=("arn:aws:iam::111122223333:role/Oncall",),
        ),
    ),
    next_step="Take the Deny out.",
    severity=Severity.MEDIUM,
)


def a_finding(verdict: Verdict = Verdict.PASS, **more: Any):
    return Finding(
        **({"account": ACCOUNT, "meets_benchmark": True, "checked_at": START} | more), verdict=verdict
    )


def test_the_report_has_the_promised_shape_to_the_letter():
    findings = [WEAK, a_finding(Verdict.UNKNOWN), a_finding(Verdict.SKIPPED), a_finding(Verdict.FAIL)]

    told = report(findings, started_at=START, finished_at=END)

    assert [*told] == ["schema", "control", "started_at", "finished_at", "coverage", "summary", "findings"]
    assert told["schema"] == "support-role/check/1"
    assert told["control"] == CONTROL.as_json()
    assert (told["started_at"], told["finished_at"]) == ("2026-03-04T05:06:07Z", "2026-03-04T05:06:08Z")
    assert told["coverage"] == {"in_scope": 4, "checked": 2, "unknown": 1, "skipped": 1}
    assert told["summary"] == {"PASS": 0, "WEAK": 1, "FAIL": 1, "UNKNOWN": 1, "WAIVED": 0, "SKIPPED": 1}
    assert told["findings"] == [finding_json(finding) for finding in findings]


def test_a_finding_has_the_promised_shape_to_the_letter():
    assert finding_json(WEAK) == {
        "account": {
            "id": "111122223333",
            "name": "payments",
            "owner": "U0123ABCD",
            "partition": "aws",
            "ou": "Workloads/Prod",
        },
        "verdict": "WEAK",
        "meets_benchmark": True,
        "reasons": [{"code": "denied", "text": "Role support: a Deny takes all back."}],
        "notes": [{"code": "mfa", "text": "It asks for multi-factor authentication."}],
        "roles": [
            {
                "arn": "arn:aws:iam::111122223333:role/support",
                "sound": False,
                "reasons": [{"code": "denied", "text": "A Deny takes all back."}],
                "notes": [{"code": "mfa", "text": "It asks for multi-factor authentication."}],
                "trusts": ["arn:aws:iam::111122223333:role/Oncall"],
            },
        ],
        "next_step": "Take the Deny out.",
        "checked_at": "2026-03-04T05:06:07Z",
    }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_streamed_report_is_the_same_report(count: int):
    findings = [WEAK] * count

    chunks = report_chunks(iter(findings), summary=summarize(findings), started_at=START, finished_at=END)

    assert json.loads("".join(chunks)) == report(findings, started_at=START, finished_at=END)


def test_the_streamed_report_holds_one_finding_at_a_time():
    taken: list[int] = []

    def findings():
        for number in range(1000):
            taken.append(number)
            yield WEAK

    chunks = report_chunks(findings(), summary=summarize([]), started_at=START, finished_at=END)
    next(chunks)
    next(chunks)

    assert taken == [0]


def test_json_lines_are_the_reports_findings_one_a_line():
    lines = list(jsonl_lines([WEAK, a_finding()]))

    assert [json.loads(line) for line in lines] == [finding_json(WEAK), finding_json(a_finding())]
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        finding_json(a_finding(checked_at=START.replace(tzinfo=None)))


def test_how_an_account_is_reached_is_no_part_of_it():
    text = json.dumps(finding_json(WEAK))

    assert "s3cret" not in text
    assert "Scanner" not in text


def test_a_csv_row_tells_the_finding():
    row = dict(zip(CSV_COLUMNS, csv_row(WEAK), strict=True))

    assert row == {
        "account_id": "111122223333",
        "account_name": "payments",
        "owner": "U0123ABCD",
        "partition": "aws",
        "ou": "Workloads/Prod",
        "verdict": "WEAK",
        "meets_benchmark": "true",
        "severity": "medium",
        "reasons": "denied",
        "why": "Role support: a Deny takes all back.",
        "notes": "mfa",
        "roles": "arn:aws:iam::111122223333:role/support",
        "next_step": "Take the Deny out.",
        "checked_at": "2026-03-04T05:06:07Z",
    }


def test_an_unknown_benchmark_is_an_empty_cell():
    unknown = a_finding(Verdict.UNKNOWN, meets_benchmark=None)

    assert dict(zip(CSV_COLUMNS, csv_row(unknown), strict=True))["meets_benchmark"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(start: str):
    named = a_finding(account=Account(AccountId("111122223333"), name=f"{start}cmd|'/c calc'!A1"))

    assert csv_row(named)[1] == f"'{start}cmd|'/c calc'!A1"


@given(st.lists(FINDINGS, max_size=3))
def test_csv_can_be_read_back_and_no_cell_starts_a_formula(findings: list[Finding]):
    text = "".join(csv_lines(findings))

    rows = list(csv.reader(io.StringIO(text, newline="")))

    assert rows == [list(CSV_COLUMNS), *(list(csv_row(finding)) for finding in findings)]
    assert not any(cell.startswith(tuple("=+-@\t\r")) for row in rows for cell in row)
