"""Findings for people: UNKNOWN first, then what fails; an account that passes takes no space.

Names come from AWS and from people: all are printed as plain text, never as markup, and what does not print
is shown escaped.
"""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.cli.evidence_lines import control_line, evidence_lines
from bot.cli.headline import headline
from bot.cli.output import Results
from bot.cli.stdout import PIPE_WIDTH, build_stdout
from bot.domain.finding import Finding, Verdict
from bot.domain.report import Explanations
from bot.logs import escaped

ORDER = (Verdict.UNKNOWN, Verdict.FAIL, Verdict.WEAK, Verdict.WAIVED, Verdict.SKIPPED)
STYLES = {
    Verdict.UNKNOWN: "bold magenta",
    Verdict.FAIL: "bold red",
    Verdict.WEAK: "bold yellow",
    Verdict.WAIVED: "cyan",
    Verdict.SKIPPED: "dim",
    Verdict.PASS: "green",
}
SENTENCES = {
    Verdict.UNKNOWN: "could not be read",
    Verdict.FAIL: "no role carries AWSSupportAccess",
    Verdict.WEAK: "a role carries it, but not a sound one",
    Verdict.WAIVED: "a waiver is in force",
    Verdict.SKIPPED: "not active",
    Verdict.PASS: "a named person can assume a role that carries it",
}
WIDE = 100
"""Columns: below, a finding is a paragraph, since four columns would be one word wide."""
FEW = 10
"""Up to so many accounts in scope, those that pass are listed too."""
MOST_ROWS = 200
"""Of one verdict: nobody reads more in a terminal, and the other formats have them all."""


def print_table(results: Results) -> None:
    """Print to stdout, as wide as the terminal; a pipe gets long lines, so that nothing is cut in two."""
    console = build_stdout()
    _print(results, console, wide=console.is_terminal and console.width >= WIDE)


def table_text(results: Results) -> str:
    """The same without colour, for a file."""
    text = io.StringIO()
    console = Console(
        file=text, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH, color_system=None
    )
    _print(results, console, wide=False)
    return text.getvalue()


def _print(results: Results, console: Console, *, wide: bool) -> None:
    long_lines = not console.is_terminal
    console.print(Text(headline(results.summary), style="bold"), soft_wrap=long_lines)
    with_pass = results.in_scope <= FEW or bool(results.explanations)
    for verdict in (*ORDER, *((Verdict.PASS,) if with_pass else ())):
        findings = [each for each in results.findings if each.verdict is verdict and not _is_unread(each)]
        if findings:
            console.print()
            console.print(_heading(verdict, len(findings)))
            shown = findings[:MOST_ROWS]
            as_table = wide and not results.explanations
            body = _as_table(shown) if as_table else _as_paragraphs(shown, console, results.explanations)
            console.print(body, soft_wrap=long_lines)
            _print_more(len(findings) - len(shown), console)
    passed = results.summary.count(Verdict.PASS)
    if passed and not with_pass:
        console.print()
        console.print(_heading(Verdict.PASS, passed))
    if results.explanations:
        console.print()
        console.print(Text(control_line(), style="dim"), soft_wrap=long_lines)
    if results.unread:
        console.print()
        console.print(Text(f"Interrupted: {results.unread} accounts were not read.", style="bold magenta"))


def _print_more(count: int, console: Console) -> None:
    if count > 0:
        console.print(Text(f"  … and {count} more; --format csv lists them all.", style="dim"))


def _is_unread(finding: Finding) -> bool:
    return any(reason.code == "interrupted" for reason in finding.reasons)


def _heading(verdict: Verdict, count: int) -> Text:
    accounts = "1 account" if count == 1 else f"{count} accounts"
    return Text.assemble((verdict.value, STYLES[verdict]), f"  {accounts}: {SENTENCES[verdict]}")


def _as_table(findings: Sequence[Finding]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
    table.add_column("Account", no_wrap=True, min_width=12)
    table.add_column("Name", overflow="fold", max_width=28)
    table.add_column("Why", overflow="fold", ratio=3)
    table.add_column("Next step", overflow="fold", ratio=2)
    for finding in findings:
        table.add_row(
            Text(finding.account.id),
            Text(escaped(finding.account.name)),
            Text("\n".join(_why(finding))),
            Text(escaped(finding.next_step)),
        )
    return Padding(table, (0, 0, 0, 2))


def _as_paragraphs(
    findings: Sequence[Finding], console: Console, explanations: Explanations
) -> RenderableType:
    """A finding in three lines or so, and its evidence; wrapped only where a terminal would do it worse."""
    paragraphs: list[RenderableType] = []
    for finding in findings:
        name = escaped(finding.account.name)
        paragraphs.append(Text(f"  {finding.account.id}{'  ' if name else ''}{name}"))
        explanation = explanations.get(finding.account.id)
        lines = [Text(line) for line in _why(finding, with_notes=explanation is None)]
        if finding.next_step:
            lines.append(Text(f"→ {escaped(finding.next_step)}", style="dim"))
        if explanation is not None:
            lines += evidence_lines(explanation)
        paragraphs += [
            Padding(line, (0, 0, 0, 6)) if console.is_terminal else _indented(line) for line in lines
        ]
    return Group(*paragraphs)


def _indented(line: Text) -> Text:
    return Text("      ") + line


def _why(finding: Finding, *, with_notes: bool = True) -> Iterator[str]:
    """Reasons, then notes: what to act on before what to know. Evidence says again what notes say."""
    for reason in finding.reasons:
        yield escaped(reason.text)
    for note in finding.notes if with_notes else ():
        yield f"Note: {escaped(note.text)}"
