"""The doctor's report for one administrator: what is wrong, each with its next step, and what is right."""

from collections.abc import Sequence

from bot.domain.doctor import AREAS, CHECKS, Area, Diagnosis, Report, State
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, join, md, moment, one_line
from bot.slack.blocks.words import counted

MARKS = {
    State.WRONG: "\N{CROSS MARK}",
    State.WARNING: "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}",
    State.OK: "\N{WHITE HEAVY CHECK MARK}",
    State.SKIPPED: "\N{WHITE QUESTION MARK ORNAMENT}",
}
MOST_PROBLEMS = 20
SENTENCE = 300
STEP = 200
AREA = 900
MOST_SKIPPED = 12
SPOKEN_PROBLEMS = 8
ELSEWHERE = "support-role doctor"


def begun() -> Message:
    """The first answer, while a worker looks."""
    said = md(
        "Looking at settings, database, Slack and AWS. What I find comes here, to you alone, within a minute "
        "or two."
    )
    return kit.message(said, [kit.section(said)])


def report(report: Report) -> Message:
    """The whole report. Problems that do not fit are counted, with the command that shows them all."""
    shown = report.problems[:MOST_PROBLEMS]
    left = len(report.problems) - len(shown)
    headline = md("{headline}", headline=report.headline)
    blocks = [
        kit.header(f"Doctor: {report.headline}"),
        *(kit.section(_problem(each)) for each in shown),
        kit.context(_left_out(left)) if left else None,
        kit.divider() if shown else None,
        *(_area(report, area) for area in Area),
        kit.context(
            md(
                "Version {version}, {when}. Only you can see this.",
                version=report.version,
                when=moment(report.at),
            ),
            md("All of it, as a table or JSON: {command}", command=code(ELSEWHERE)),
        ),
    ]
    spoken = [_problem(each) for each in shown[:SPOKEN_PROBLEMS]]
    more = len(report.problems) - len(spoken)
    return kit.message(
        join("\n", [headline, *spoken, _left_out(more) if more else Mrkdwn()]),
        blocks,
    )


def _problem(diagnosis: Diagnosis) -> Mrkdwn:
    said = md(
        "{mark} {text}  {check}",
        mark=MARKS[diagnosis.state],
        text=escape(one_line(diagnosis.sentence, SENTENCE)),
        check=code(diagnosis.id),
    )
    if not diagnosis.next_step:
        return said
    return md("{said}\n*Next:* {step}", said=said, step=escape(one_line(diagnosis.next_step, STEP)))


def _left_out(count: int) -> Mrkdwn:
    return md(
        "{problems} not shown here. All of them: {command}",
        problems=counted(count, "more problem is", "more problems are"),
        command=code(ELSEWHERE),
    )


def _area(report: Report, area: Area) -> Block | None:
    """What is right in an area, and what was not looked at, in small print."""
    found = report.of_area(area)
    right = _checks(found, State.OK)
    unseen = _checks(found, State.SKIPPED)
    lines = [
        _small(State.OK, "; ".join(CHECKS[check] for check in right)) if right else Mrkdwn(),
        _small(State.SKIPPED, f"Not looked at: {_listed(unseen)}") if unseen else Mrkdwn(),
    ]
    said = join("\n", [md("*{area}*", area=AREAS[area]), *lines])
    return kit.context(said) if right or unseen else None


def _small(state: State, text: str) -> Mrkdwn:
    return md("{mark} {text}", mark=MARKS[state], text=escape(one_line(text, AREA)))


def _checks(found: Sequence[Diagnosis], state: State) -> list[str]:
    """The checks of which nothing else was found."""
    others = {each.id for each in found if each.state is not state}
    return list(dict.fromkeys(each.id for each in found if each.state is state and each.id not in others))


def _listed(checks: Sequence[str]) -> str:
    more = len(checks) - MOST_SKIPPED
    return ", ".join(checks[:MOST_SKIPPED]) + (f" and {more} more" if more > 0 else "")
