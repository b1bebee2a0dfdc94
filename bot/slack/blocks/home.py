"""The App Home: how things stand, what waits for a decision, and what can be typed."""

from collections.abc import Sequence

from bot.domain.bulk import Bulk
from bot.domain.request import RemediationRequest, RequestKind
from bot.domain.status import Status
from bot.domain.waiver import Waiver
from bot.slack.blocks import kit
from bot.slack.blocks.help import help_blocks
from bot.slack.blocks.kit import Block, View
from bot.slack.blocks.mrkdwn import Mrkdwn, join, md, mention, moment
from bot.slack.blocks.pause import pause_line
from bot.slack.blocks.status import headline
from bot.slack.blocks.words import MODES, ago, counted
from bot.slack.ids import COMMAND

WAITING_SHOWN = 10


def home(
    status: Status,
    waiting: Sequence[RemediationRequest] = (),
    waivers_waiting: Sequence[Waiver] = (),
    bulks_waiting: Sequence[Bulk] = (),
) -> View:
    """The home tab; all that is waiting is undecided, soonest to expire first."""
    return kit.home(
        [
            kit.header(headline(status)),
            kit.context(_read(status), md("{mode}", mode=MODES[status.mode])),
            kit.section(pause_line(status.pause)) if status.pause else None,
            *_waiting([*_bulk_lines(bulks_waiting), *_lines(waiting)]),
            *_waivers(status, waivers_waiting),
            kit.divider(),
            *help_blocks(),
        ],
    )


def _read(status: Status) -> Mrkdwn:
    if status.last_scan_at is None:
        return md("Type `{command} status` to check all accounts.", command=COMMAND)
    age = ago(status.last_scan_at, status.now)
    return md(
        "Read {when} ({age}). Type `{command} status` for the list.",
        when=moment(status.last_scan_at),
        age=age,
        command=COMMAND,
    )


def _bulk_lines(waiting: Sequence[Bulk]) -> list[Mrkdwn]:
    return [
        md(
            "Many accounts at once, asked by {who}, until {when}",
            who=mention(bulk.requester.user_id),
            when=moment(bulk.expires_at),
        )
        for bulk in waiting
    ]


def _lines(waiting: Sequence[RemediationRequest]) -> list[Mrkdwn]:
    return [
        md(
            "{what}, asked by {who}, until {when}",
            what=f"Undo of the fix of {request.label}" if request.kind is RequestKind.UNDO else request.label,
            who=mention(request.requester.user_id),
            when=moment(request.expires_at),
        )
        for request in waiting
    ]


def _waiting(lines: Sequence[Mrkdwn]) -> list[Block]:
    if not lines:
        return []
    total = counted(len(lines), "request")
    verb = "waits" if len(lines) == 1 else "wait"
    title = md("*{total} {verb} for a decision in the approval channel*", total=total, verb=verb)
    return [kit.section(join("\n", [title, *lines[:WAITING_SHOWN]]))]


def _waivers(status: Status, waiting: Sequence[Waiver]) -> list[Block]:
    parts = [
        f"{counted(len(status.waived), 'account')} waived" if status.waived else "",
        f"{counted(len(waiting), 'waiver')} waiting for a decision in the approval channel"
        if waiting
        else "",
    ]
    said = " · ".join(part for part in parts if part)
    return [kit.context(md("{said}: `{command} waivers`", said=said, command=COMMAND))] if said else []
