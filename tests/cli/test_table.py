import io
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from bot.cli.headline import headline
from bot.cli.output import Results
from bot.cli.progress import progress_on_terminal
from bot.cli.table import MOST_ROWS, print_table, table_text
from bot.domain.account import Account, AccountId
from bot.domain.finding import Finding, Reason, Summary, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZWSP_AND_BIDI = "pay\u202ements\x1b]0;x\x07\u200b[red]"


def a_finding(verdict: Verdict = Verdict.FAIL, account_id: str = "111122223333", **given: Any) -> Finding:
    values = {
        "account": Account(AccountId(account_id), name=given.pop("name", "payments")),
        "verdict": verdict,
        "meets_benchmark": None,
        "checked_at": NOW,
        "reasons": (Reason("code", "Why it is so."),),
        "next_step": "What to do.",
    }
    return Finding(**(values | given))


def results_of(*findings: Finding) -> Results:
    return Results(findings, NOW, NOW)


def plain(text: str) -> str:
    """Without the codes for bold and the like, which NO_COLOR leaves in."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a terminal of so many columns shows; 0 columns: a pipe."""

    def show(results: Results, columns: int = 0, **environment: str) -> str:
        out = Terminal() if columns else io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setenv("TERM", "xterm-256color")
        if columns:
            monkeypatch.setenv("COLUMNS", str(columns))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        print_table(results)
        return out.getvalue()

    return show


def counted(**counts: int) -> Summary:
    tally = tuple((verdict, counts.get(verdict.value, 0)) for verdict in Verdict)
    return Summary(in_scope=sum(counts.values()), counts=tally)


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (
            counted(PASS=402, FAIL=7, UNKNOWN=3),
            "7 of 412 accounts have no support role · 3 could not be read · coverage 99 %",
        ),
        (counted(PASS=1, FAIL=1), "1 of 2 accounts has no support role · coverage 100 %"),
        (counted(FAIL=1, WAIVED=2), "1 of 3 accounts has no support role · 2 waived · coverage 100 %"),
        (counted(PASS=12), "All 12 accounts have a sound support role · coverage 100 %"),
        (counted(PASS=1), "1 of 1 account has a sound support role · coverage 100 %"),
        (
            counted(PASS=4, WEAK=1, SKIPPED=2),
            "4 of 7 accounts have a sound support role · 1 has only a weak one · 2 skipped · coverage 100 %",
        ),
        (
            counted(PASS=9999, UNKNOWN=1),
            "9999 of 10000 accounts have a sound support role · 1 could not be read · coverage 99 %",
        ),
        (counted(UNKNOWN=1), "0 of 1 account has a sound support role · 1 could not be read · coverage 0 %"),
    ],
)
def test_the_headline_says_it_in_one_line_and_never_more_than_is_known(summary: Summary, line: str) -> None:
    assert headline(summary) == line


@pytest.mark.parametrize("columns", [0, 20, 40, 80, 99, 100, 120, 200])
def test_an_account_id_is_whole_and_nothing_is_left_out_at_any_width(
    shown: Callable[..., str], columns: int
) -> None:
    finding = a_finding(
        next_step="Deploy the role SupportRoleScanner there, or exclude the account in settings."
    )

    text = plain(shown(results_of(finding), columns, NO_COLOR="1"))

    assert "111122223333" in text
    words = finding.next_step.split()
    assert all(word in text.replace("\n", "").replace(" ", "") for word in words)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(shown: Callable[..., str], columns: int) -> None:
    long = "A sentence that goes on, " * 10

    text = plain(shown(results_of(a_finding(next_step=long, name="n" * 90)), columns))

    assert max(len(line) for line in text.splitlines()) <= columns


@pytest.mark.parametrize("columns", [0, 60, 140])
def test_names_from_aws_are_plain_text_with_what_does_not_print_escaped(
    shown: Callable[..., str], columns: int
) -> None:
    finding = a_finding(
        name=ZWSP_AND_BIDI, reasons=(Reason("x", f"In {ZWSP_AND_BIDI}"),), next_step=f"See {ZWSP_AND_BIDI}"
    )

    text = shown(results_of(finding), columns, NO_COLOR="1")

    assert "[red]" in text.replace("\n", "").replace(" ", "")
    assert "\\u202e" in text
    assert not {"\u202e", "\u200b", "\x07"} & set(text)
    assert "\x1b]" not in text


def test_colour_is_for_terminals_that_want_it(shown: Callable[..., str]) -> None:
    results = results_of(a_finding())

    assert "\x1b[" in shown(results, 120)
    assert "\x1b[" not in shown(results, 0)
    assert "\x1b[3" not in shown(results, 120, NO_COLOR="1")


def test_unknown_stands_before_fail_before_weak() -> None:
    verdicts = [Verdict.PASS, Verdict.SKIPPED, Verdict.WEAK, Verdict.FAIL, Verdict.WAIVED, Verdict.UNKNOWN]

    text = table_text(results_of(*(a_finding(each) for each in verdicts)))

    shown = [line.split(maxsplit=1)[0] for line in text.splitlines() if line[:1].isupper()]
    assert shown == ["UNKNOWN", "FAIL", "WEAK", "WAIVED", "SKIPPED", "PASS"]


def test_a_very_long_list_ends_with_how_to_see_the_rest() -> None:
    many = [a_finding(account_id=f"{number:012}") for number in range(MOST_ROWS + 7)]

    text = table_text(results_of(*many))

    assert f"FAIL  {MOST_ROWS + 7} accounts" in text
    assert "… and 7 more; --format csv lists them all." in text


def test_notes_are_told_apart_from_reasons() -> None:
    text = table_text(results_of(a_finding(notes=(Reason("user-attached", "Users carry it: ann."),))))

    assert "      Why it is so.\n      Note: Users carry it: ann.\n" in text


def test_the_progress_bar_is_for_terminals_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> None:
        with progress_on_terminal() as progress:
            progress.start(1)
            progress.advance(Verdict.PASS)

    run()
    assert capsys.readouterr() == ("", "")

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    run()
    assert "1/1" in Console(file=io.StringIO()).render_str(terminal.getvalue()).plain
    assert capsys.readouterr().out == ""
