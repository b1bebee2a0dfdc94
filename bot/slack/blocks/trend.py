"""The last 30 days: a chart where Slack draws one, else a line of small bars; coverage beside it."""

from collections.abc import Sequence

from bot.domain.digest import TrendPoint
from bot.slack.blocks import kit, tables
from bot.slack.blocks.kit import Block, Form
from bot.slack.blocks.mrkdwn import Mrkdwn, md

MOST_POINTS = 15
"""Slack takes 20; a multiple of the 30 days keeps the steps even."""
FEWEST_POINTS = 2
"""One day is no trend."""
BARS = "▁▂▃▄▅▆▇█"
OF_WHAT = "Compliance: accounts that pass, of those that were checked. Coverage: those that could be read."


def trend_block(trend: Sequence[TrendPoint], form: Form) -> list[Block]:
    """The trend, and what its figures are of; nothing before there are two days of it."""
    if len(trend) < FEWEST_POINTS:
        return []
    shown = _chart(_thinned(trend)) if form is Form.NATIVE else kit.context(trend_line(trend))
    return [shown, kit.context(md(OF_WHAT))]


def trend_line(trend: Sequence[TrendPoint]) -> Mrkdwn:
    """The bars run from the lowest to the highest day: the figures say how far that is."""
    if len(trend) < FEWEST_POINTS:
        return Mrkdwn()
    passing = [point.summary.compliance_percent for point in trend]
    first, last = trend[0], trend[-1]
    return md(
        "Since {day}: {bars} compliance {before} % → {now} % · coverage {covered} % → {covers} %",
        day=f"{first.day.day} {first.day:%B}",
        bars=_bars(passing),
        before=passing[0],
        now=passing[-1],
        covered=first.summary.coverage_percent,
        covers=last.summary.coverage_percent,
    )


def _bars(values: Sequence[int]) -> str:
    low, span = min(values), max(values) - min(values)
    if span == 0:
        return BARS[len(BARS) // 2] * len(values)
    return "".join(BARS[(value - low) * (len(BARS) - 1) // span] for value in values)


def _chart(points: Sequence[TrendPoint]) -> Block:
    return tables.line_chart(
        "Compliance and coverage in %, the last 30 days",
        [f"{point.day.day} {point.day:%b}" for point in points],
        [
            ("Compliance", [point.summary.compliance_percent for point in points]),
            ("Coverage", [point.summary.coverage_percent for point in points]),
        ],
    )


def _thinned(trend: Sequence[TrendPoint]) -> list[TrendPoint]:
    """Evenly spaced, with the first and the last day always among them."""
    if len(trend) <= MOST_POINTS:
        return list(trend)
    step = (len(trend) - 1) / (MOST_POINTS - 1)
    return [trend[round(number * step)] for number in range(MOST_POINTS)]
