"""Many waivers: the list that can be asked for, and the lines about them in status, digest and home."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.finding import Verdict
from bot.domain.waiver import Waiver, spelled
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, join, md, mention, moment, one_line
from bot.slack.blocks.waiver import label, revoke_button
from bot.slack.blocks.words import MARKS, counted, span
from bot.slack.ids import COMMAND

SHOWN = 8
"""With its button a waiver takes up to 900 of the 12,000 characters that a message may have."""
PENDING_SHOWN = 5
LINES = 5
MARK = MARKS[Verdict.WAIVED]


def waivers(
    in_force: Sequence[Waiver],
    pending: Sequence[Waiver],
    *,
    now: datetime,
    approval_channel: Mrkdwn,
    scope: str = "",
) -> Message:
    """Those in force, soonest to end first, each with a button; then those that wait for a decision."""
    blocks = [
        kit.header(_headline(in_force, pending)),
        kit.context(md("Only {scope}", scope=code(scope))) if scope else None,
        *_in_force(in_force, now),
        *_pending(pending, approval_channel),
        _more(in_force),
        kit.context(md("For a new one: `{command} waive ACCOUNT`", command=COMMAND)),
    ]
    return kit.message(_spoken(in_force, pending, now), blocks)


def _headline(in_force: Sequence[Waiver], pending: Sequence[Waiver]) -> str:
    if not in_force and not pending:
        return "No account is waived"
    waits = (
        f" · {len(pending):,} {'waits' if len(pending) == 1 else 'wait'} for a decision" if pending else ""
    )
    return f"{counted(len(in_force), 'waiver')} in force{waits}"


def _in_force(in_force: Sequence[Waiver], now: datetime) -> list[Block | None]:
    shown = in_force[:SHOWN]
    soon = [waiver for waiver in shown if waiver.ends_soon(now)]
    later = [waiver for waiver in shown if not waiver.ends_soon(now)]
    return [
        *_group("Ending within 14 days", soon, now),
        *_group("Later", later, now),
    ]


def _group(name: str, some: Sequence[Waiver], now: datetime) -> list[Block | None]:
    if not some:
        return []
    rows = [
        block
        for waiver in some
        for block in (kit.section(_line(waiver, now)), kit.actions(revoke_button(waiver)))
    ]
    return [kit.section(md("*{name}*", name=name)), *rows]


def _line(waiver: Waiver, now: datetime) -> Mrkdwn:
    by = (
        md(", approved by {who}", who=mention(waiver.decision.person.user_id))
        if waiver.decision
        else Mrkdwn()
    )
    return md(
        "{mark} {account} until {day}, {left} left\nOwner {owner}{by}\n{reason}",
        mark=MARK,
        account=label(waiver),
        day=spelled(waiver.until),
        left=span(waiver.ends_at - now),
        owner=mention(waiver.owner),
        by=by,
        reason=_reason(waiver, 200),
    )


def _pending(pending: Sequence[Waiver], approval_channel: Mrkdwn) -> list[Block | None]:
    if not pending:
        return []
    lines = [
        md(
            "{account} until {day}, owner {owner}, asked by {who}; decide before {when}",
            account=label(waiver),
            day=spelled(waiver.until),
            owner=mention(waiver.owner),
            who=mention(waiver.requester.user_id),
            when=moment(waiver.decide_by),
        )
        for waiver in pending[:PENDING_SHOWN]
    ]
    hidden = len(pending) - len(lines)
    more = md("… and {n} more", n=f"{hidden:,}") if hidden else Mrkdwn()
    title = md("*Waiting for a decision in {channel}*", channel=approval_channel)
    return [kit.section(join("\n", [title, *lines, more]))]


def _more(in_force: Sequence[Waiver]) -> Block | None:
    if len(in_force) <= SHOWN:
        return None
    return kit.context(
        md(
            "Showing {shown} of {total}, those that end first. For others: `{command} waivers SCOPE`, with "
            "an account's id or name, `ou:NAME` or `tag:KEY=VALUE`.",
            shown=SHOWN,
            total=f"{len(in_force):,}",
            command=COMMAND,
        ),
    )


def _spoken(in_force: Sequence[Waiver], pending: Sequence[Waiver], now: datetime) -> Mrkdwn:
    lines = [_short(waiver, now) for waiver in in_force[:SHOWN]]
    hidden = len(in_force) - len(lines)
    more = md("and {n} more", n=f"{hidden:,}") if hidden else Mrkdwn()
    return join("\n", [md("{headline}.", headline=_headline(in_force, pending)), *lines, more])


def _short(waiver: Waiver, now: datetime) -> Mrkdwn:
    day = spelled(waiver.until)
    return md(
        "{account} until {day}, {left} left", account=label(waiver), day=day, left=span(waiver.ends_at - now)
    )


def waived_lines(some: Sequence[Waiver], *, quiet: bool) -> Mrkdwn:
    """For a status: the accounts that are set aside, and why; `quiet` keeps owners from being notified."""
    lines = [
        md(
            "{mark} WAIVED {account} until {day}, owner {owner}: {reason}",
            mark=MARK,
            account=label(waiver),
            day=spelled(waiver.until),
            owner=escape(one_line(waiver.owner, 40)) if quiet else mention(waiver.owner),
            reason=_reason(waiver, 100),
        )
        for waiver in some[:LINES]
    ]
    return join("\n", [*lines, _others(some)])


def ending_lines(some: Sequence[Waiver], now: datetime) -> Mrkdwn:
    """For a digest: the waivers that end soon. Owners are reminded by themselves, and not named here."""
    if not some:
        return Mrkdwn()
    verb = "ends" if len(some) == 1 else "end"
    title = md("*{n} {verb} within 14 days*", n=counted(len(some), "waiver"), verb=verb)
    lines = [md("{mark} {line}", mark=MARK, line=_short(waiver, now)) for waiver in some[:LINES]]
    return join("\n", [title, *lines, _others(some)])


def _others(some: Sequence[Waiver]) -> Mrkdwn:
    hidden = len(some) - LINES
    return (
        md("… and {n} more: `{command} waivers`", n=f"{hidden:,}", command=COMMAND)
        if hidden > 0
        else Mrkdwn()
    )


def _reason(waiver: Waiver, limit: int) -> Mrkdwn:
    return escape(one_line(waiver.reason, limit))
