"""The doctor's report for people: problems first and whole, each with its next step, then all by area.

Names come from AWS, from Slack and from people: all are printed as plain text, and what does not print is
shown escaped.
"""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.cli.stdout import build_stdout
from bot.domain.doctor import AREAS, Area, Diagnosis, Report, State
from bot.logs import escaped

STYLES = {State.WRONG: "bold red", State.WARNING: "bold yellow", State.OK: "green", State.SKIPPED: "dim"}


def print_report(report: Report) -> None:
    """Print to stdout, as wide as the terminal; a pipe gets long lines, so that nothing is cut in two."""
    console = build_stdout()
    long_lines = not console.is_terminal
    console.print(Text(report.headline, style="bold"), soft_wrap=long_lines)
    for problem in report.problems:
        console.print()
        for line in _problem(problem, long_lines=long_lines):
            console.print(line, soft_wrap=long_lines)
    for area in Area:
        found = [each for each in report.of_area(area) if each not in report.problems]
        if found:
            console.print()
            console.print(Text(AREAS[area], style="bold"))
            console.print(_lines(found) if long_lines else _table(found), soft_wrap=long_lines)


def _problem(problem: Diagnosis, *, long_lines: bool) -> Iterator[RenderableType]:
    yield Text.assemble((f"{problem.state.value.upper()}  ", STYLES[problem.state]), problem.id)
    lines = [Text(escaped(problem.sentence))]
    if problem.next_step:
        lines.append(Text(f"→ {escaped(problem.next_step)}"))
    for line in lines:
        yield Text("    ") + line if long_lines else Padding(line, (0, 0, 0, 4))


def _lines(found: list[Diagnosis]) -> Text:
    return Text("\n".join(f"  {state.value:8}  {check:22}  {said}" for state, check, said in _rows(found)))


def _table(found: list[Diagnosis]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, width=8)
    table.add_column(no_wrap=True, min_width=22)
    table.add_column(overflow="fold")
    for state, check, said in _rows(found):
        table.add_row(Text(state.value, style=STYLES[state]), Text(check), Text(said))
    return Padding(table, (0, 0, 0, 2))


def _rows(found: list[Diagnosis]) -> Iterator[tuple[State, str, str]]:
    """State, check and text of each; checks that were not looked at for one reason share a row, the last."""
    unseen: dict[str, list[str]] = {}
    for each in found:
        if each.state is State.SKIPPED:
            unseen.setdefault(escaped(each.sentence), []).append(each.id)
        else:
            yield each.state, each.id, escaped(each.sentence)
    for said, checks in unseen.items():
        if len(checks) == 1:
            yield State.SKIPPED, checks[0], said
        else:
            names = ", ".join(check.partition(".")[2] for check in checks)
            yield State.SKIPPED, f"{len(checks)} checks", f"{said} ({names})"
