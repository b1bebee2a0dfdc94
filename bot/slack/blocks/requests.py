"""Everything that waits for somebody or is under way, for one reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.bulk import BulkReport, BulkState
from bot.domain.request import MessageRef, Mode, Person, RemediationRequest, RequestKind, RequestState
from bot.domain.waiver import Waiver
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, channel, code, join, md, mention, one_line
from bot.slack.blocks.words import ago, counted, span
from bot.slack.ids import COMMAND

SHOWN = 20
LABEL_LIMIT = 80
NAMED = 3
"""Accounts of a bulk request that are named."""

TITLES = {
    RequestKind.FIX: "Support role for {label}",
    RequestKind.UNDO: "Removal of the support role of {label}",
}
UNDER_WAY = {
    RequestState.PREPARING: "being prepared",
    RequestState.APPROVED: "approved, starts in a moment",
    RequestState.APPLYING: "under way",
    BulkState.PREPARING: "being prepared",
    BulkState.RUNNING: "under way",
    BulkState.STOPPING: "being stopped",
}
"""States that wait for nobody."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What is shown of a request of any kind."""

    title: Mrkdwn
    id: str
    requester: Person
    created_at: datetime
    expires_at: datetime
    message: MessageRef | None
    under_way: str = ""
    """Empty while it waits for a decision."""


def requests(
    alone: Sequence[RemediationRequest],
    together: Sequence[BulkReport],
    waivers: Sequence[Waiver],
    *,
    now: datetime,
) -> Message:
    """What waits for a decision, soonest to expire first; then what is under way.

    `alone` and `together` are open ones, `waivers` those that nobody has decided about.
    """
    everything = [*map(_of_request, alone), *map(_of_bulk, together), *map(_of_waiver, waivers)]
    waiting = sorted((each for each in everything if not each.under_way), key=lambda each: each.expires_at)
    running = sorted((each for each in everything if each.under_way), key=lambda each: each.created_at)
    lines = [_line(each, now) for each in (*waiting, *running)[:SHOWN]]
    more = _more(len(everything)) if len(everything) > SHOWN else Mrkdwn()
    headline = _headline(len(waiting), len(running))
    blocks: list[Block | None] = [
        kit.header(headline),
        *[kit.section(line) for line in lines or [_nothing()]],
        kit.context(more) if more else None,
    ]
    spoken = [md("{headline}.", headline=headline), *(lines or [_nothing()]), more]
    return kit.message(join("\n", spoken), blocks)


def _headline(waiting: int, running: int) -> str:
    if not waiting and not running:
        return "No request is open"
    waits = f"{counted(waiting, 'request')} {'waits' if waiting == 1 else 'wait'} for a decision"
    runs = f"{running:,} {'is' if running == 1 else 'are'} under way"
    return " · ".join([*([waits] if waiting else []), *([runs] if running else [])])


def _nothing() -> Mrkdwn:
    return md(
        "Nobody waits for a decision. `{command} fix ACCOUNT` asks for a support role, `{command} waive "
        "ACCOUNT` for a waiver; `{command} history` shows what was done before.",
        command=COMMAND,
    )


def _more(total: int) -> Mrkdwn:
    return md(
        "Showing {shown} of {total}, those that expire first. For one account: `{command} history ACCOUNT`",
        shown=SHOWN,
        total=f"{total:,}",
        command=COMMAND,
    )


def _of_request(request: RemediationRequest) -> _Open:
    title = md(TITLES[request.kind], label=one_line(request.label, LABEL_LIMIT))
    return _Open(
        _in_mode(title, request.mode),
        request.id,
        request.requester,
        request.created_at,
        request.expires_at,
        request.message,
        UNDER_WAY.get(request.state, ""),
    )


def _of_bulk(report: BulkReport) -> _Open:
    bulk, members = report.bulk, report.planned or report.members
    named = ", ".join(one_line(member.account_name or member.account_id, 30) for member in members[:NAMED])
    dots = ", …" if len(members) > NAMED else ""
    accounts = counted(len(members), "account")
    title = md("Support roles for {n}: {named}{dots}", n=accounts, named=named, dots=dots)
    return _Open(
        _in_mode(title, bulk.mode),
        bulk.id,
        bulk.requester,
        bulk.created_at,
        bulk.expires_at,
        bulk.message,
        UNDER_WAY.get(bulk.state, ""),
    )


def _of_waiver(waiver: Waiver) -> _Open:
    title = md("Waiver for {label}", label=one_line(waiver.label, LABEL_LIMIT))
    return _Open(title, waiver.id, waiver.requester, waiver.created_at, waiver.decide_by, waiver.message)


def _in_mode(title: Mrkdwn, mode: Mode) -> Mrkdwn:
    return md("{title} (dry run)", title=title) if mode is Mode.DRY_RUN else title


def _line(each: _Open, now: datetime) -> Mrkdwn:
    where = md(" · in {channel}", channel=channel(each.message.channel)) if each.message else Mrkdwn()
    return md(
        "*{title}*\n{state} · asked by {who} {age}{where} · {id}",
        title=each.title,
        state=each.under_way or _time_left(each.expires_at, now),
        who=mention(each.requester.user_id),
        age=ago(each.created_at, now),
        where=where,
        id=code(each.id),
    )


def _time_left(expires_at: datetime, now: datetime) -> str:
    left = f"expires in {span(expires_at - now)}" if expires_at > now else "its time is over"
    return f"waits for a decision, {left}"
