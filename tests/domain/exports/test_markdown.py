"""Markdown: a table that no name and no error text can break or reach out of."""

import re

import pytest
from building.strategies import FINDINGS
from building.values import EXTERNAL_ID, NOW, a_finding, an_account
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.exports.markdown import COLUMNS, escape, markdown_lines
from bot.domain.finding import Finding, Reason, Verdict, summarize


def document(*findings: Finding) -> list[str]:
    lines = markdown_lines(findings, summary=summarize(findings), started_at=NOW, finished_at=NOW)
    return "".join(lines).split("\n")


def cells(row: str) -> list[str]:
    """As a reader of GitHub's Markdown divides a row: at pipes that no backslash stands before."""
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", row.strip())[1:-1]]


def test_it_says_what_was_checked_when_and_how_much_of_it():
    shown = "\n".join(document(a_finding(Verdict.FAIL), a_finding(Verdict.UNKNOWN)))

    assert shown.startswith("# Support roles should be created to manage incidents with AWS Support\n")
    assert "Security Hub IAM.18" in shown
    assert "Read 2026-03-02 10:00 UTC to 2026-03-02 10:00 UTC." in shown
    assert "2 in scope, 1 checked, 1 could not be read, 0 skipped: coverage 50 %." in shown
    assert "| PASS | WEAK | FAIL | UNKNOWN | WAIVED | SKIPPED |" in shown
    assert "| 0 | 0 | 1 | 1 | 0 | 0 |" in shown


def test_an_account_is_one_row_with_its_reason_and_next_step():
    finding = a_finding(
        account=an_account(owner="U0OWNER"), reasons=(Reason("no-role", "No role."),), next_step="Fix it."
    )

    row = document(finding)[-2]

    assert cells(row) == ["**FAIL**", "payments", "111122223333", "U0OWNER", "", "No role.", "", "Fix it."]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("two\nlines\r\n\u2028more", "two lines more"),
        ("`code`", r"\`code\`"),
        ("[x](https://example.com)", r"\[x\]\(https://example.com\)"),
        ("<img src=x>", r"\<img src=x\>"),
        ("back\\|slash", r"back\\\|slash"),
        ("**bold** ~~gone~~ &amp; $x$", r"\*\*bold\*\* \~\~gone\~\~ \&amp; \$x\$"),
        ("arn:aws:iam::111122223333:role/a-b", "arn:aws:iam::111122223333:role/a-b"),
    ],
)
def test_nothing_in_a_cell_is_markup(text: str, shown: str):
    assert escape(text) == shown


@given(FINDINGS, st.text())
def test_whatever_things_are_called_a_row_has_its_cells(finding: Finding, text: str):
    named = a_finding(account=an_account(name=text, owner=text), next_step=text)

    for row in (document(finding)[-2], document(named)[-2]):
        assert len(cells(row)) == len(COLUMNS)


def test_how_an_account_is_reached_is_no_part_of_it():
    assert EXTERNAL_ID not in "\n".join(document(a_finding()))
