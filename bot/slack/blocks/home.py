"""The App Home: how things stand, what waits for whoever looks, what they asked for, and what can be done."""

from bot.domain.finding import Summary, Verdict
from bot.domain.home import DueDigest, HomePage
from bot.domain.status import Status
from bot.domain.subscription_words import spelled_schedule
from bot.slack.blocks import kit
from bot.slack.blocks.attention import codes_of
from bot.slack.blocks.help import help_blocks
from bot.slack.blocks.home_asked import for_others, own_requests, to_decide
from bot.slack.blocks.kit import Block, Form, View
from bot.slack.blocks.mrkdwn import Mrkdwn, channel, code, join, md, moment
from bot.slack.blocks.pause import pause_line
from bot.slack.blocks.status import (
    explain_button,
    export_button,
    fix_button,
    headline,
    problem_line,
    progress_line,
)
from bot.slack.blocks.trend import FEWEST_POINTS, trend_block
from bot.slack.blocks.waivers import ending_lines
from bot.slack.blocks.words import MARKS, MODES, ago, counted
from bot.slack.ids import COMMAND, ActionId

DIGESTS_SHOWN = 8


def home(page: HomePage, *, form: Form = Form.NATIVE) -> View:
    """The home tab of one person."""
    status = page.status
    return kit.home(
        [
            kit.header(headline(status)),
            *_score(status),
            kit.section(pause_line(status.pause)) if status.pause else None,
            problem_line(status),
            progress_line(status),
            kit.context(_read(status), md("{mode}", mode=MODES[status.mode])),
            _buttons(status),
            *to_decide(page),
            *_ruled(for_others(page)),
            *_ruled(own_requests(page)),
            *_ruled(_trend(page, form)),
            *_ruled(_waivers(page)),
            *_ruled(_digests(page)),
            kit.divider(),
            *help_blocks(md("*What can be typed, in any channel*")),
        ],
    )


def closed_home(why: str) -> View:
    """The tab of somebody who is shown nothing: why, and the way to look again."""
    return kit.home(
        [
            kit.header("Nothing is shown here"),
            kit.section(md("{why}", why=why)),
            kit.actions(kit.button("Refresh", ActionId.HOME_REFRESH)),
        ]
    )


def _ruled(blocks: list[Block]) -> list[Block]:
    return [kit.divider(), *blocks] if blocks else []


def _score(status: Status) -> list[Block]:
    """What could not be read first, for a score says nothing about it; then compliance, then coverage."""
    summary = status.summary
    if not summary.in_scope:
        return []
    unread = [kit.section(_unread(status))] if summary.unknown else []
    return [*unread, kit.fields([("Compliance", _compliance(summary)), ("Coverage", _coverage(summary))])]


def _unread(status: Status) -> Mrkdwn:
    unread = [item for item in status.attention if item.finding.verdict is Verdict.UNKNOWN]
    n = counted(status.summary.unknown, "account")
    text = "{mark} *{n} could not be read* ({codes}), and {count} as neither good nor bad."
    count = "counts" if status.summary.unknown == 1 else "count"
    return md(text, mark=MARKS[Verdict.UNKNOWN], n=n, codes=codes_of(unread), count=count)


def _compliance(summary: Summary) -> Mrkdwn:
    """Of what was checked alone; a waived account is checked, and not compliant."""
    if not summary.checked:
        return md("no account could be judged yet")
    passing = summary.count(Verdict.PASS)
    is_capped = summary.unknown > 0 and passing == summary.checked
    return md(
        "{percent} %: {passing} of {checked} that were checked{note}",
        percent=summary.compliance_percent,
        passing=f"{passing:,}",
        checked=f"{summary.checked:,}",
        note="; never 100 % while an account is unread" if is_capped else "",
    )


def _coverage(summary: Summary) -> Mrkdwn:
    return md(
        "{percent} %: {checked} of {readable} could be read",
        percent=summary.coverage_percent,
        checked=f"{summary.checked:,}",
        readable=f"{summary.in_scope - summary.skipped:,}",
    )


def _read(status: Status) -> Mrkdwn:
    return join(" ", [_age(status), _what_next(status)])


def _age(status: Status) -> Mrkdwn:
    if status.last_scan_at is None:
        return Mrkdwn()
    age = ago(status.last_scan_at, status.now)
    return md("Read {when} ({age}).", when=moment(status.last_scan_at), age=age)


def _what_next(status: Status) -> Mrkdwn:
    if status.progress is not None:
        return md("A check runs: *Refresh* shows how far it is.")
    if status.last_scan_at is None:
        return md("Press *Check now*, or type `{command} status`, to check all accounts.", command=COMMAND)
    return md("`{command} status` lists what needs attention.", command=COMMAND)


def _buttons(status: Status) -> Block | None:
    return kit.actions(
        _check_button(status),
        fix_button(status),
        explain_button(status),
        export_button(status),
        kit.button("Refresh", ActionId.HOME_REFRESH),
    )


def _check_button(status: Status) -> Block | None:
    if status.progress is not None:
        return None
    style = "primary" if status.last_scan_at is None else ""
    return kit.button("Check now", ActionId.HOME_CHECK, style=style)


def _trend(page: HomePage, form: Form) -> list[Block]:
    if page.status.last_scan_at is None or len(page.trend) >= FEWEST_POINTS:
        return trend_block(page.trend, form)
    words = "A trend stands here once there are digests of two days: `{command} digest` in a channel."
    return [kit.context(md(words, command=COMMAND))]


def _waivers(page: HomePage) -> list[Block]:
    ending = ending_lines(page.ending, page.status.now)
    waived = len(page.status.waived)
    line = md("{n} waived: `{command} waivers`", n=counted(waived, "account"), command=COMMAND)
    return [*([kit.section(ending)] if ending else []), *([kit.context(line)] if waived else [])]


def _digests(page: HomePage) -> list[Block]:
    title = md("*Daily digests*")
    how = md(
        "To have or to change one: {what} in its channel. To end it there: {off}.",
        what=code(f"{COMMAND} digest 09:00 Europe/Berlin weekdays"),
        off=code(f"{COMMAND} digest off"),
    )
    lines = [_digest_line(each) for each in page.digests[:DIGESTS_SHOWN]] or [md("No channel gets one.")]
    hidden = len(page.digests) - DIGESTS_SHOWN
    more = [md("… and {n} more", n=f"{hidden:,}")] if hidden > 0 else []
    return [kit.section(join("\n", [title, *lines, *more])), kit.context(how)]


def _digest_line(each: DueDigest) -> Mrkdwn:
    found = each.subscription
    next_one = Mrkdwn()
    if each.next_at is not None:
        local = each.next_at.astimezone(found.schedule.zone)
        next_one = md(" · next {day}", day=f"{local:%A}, {local.day} {local:%B} at {local:%H:%M}")
    problem = md(" · \N{WARNING SIGN} the last one was not posted") if found.problem else Mrkdwn()
    when = spelled_schedule(found.schedule)
    return md(
        "{channel} {when}{next}{problem}",
        channel=channel(found.channel),
        when=when,
        next=next_one,
        problem=problem,
    )
