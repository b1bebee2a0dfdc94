"""The last events of the audit chain, for one reader; and how to be sure that none was changed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.audit import ChainedEvent
from bot.slack.blocks import kit
from bot.slack.blocks.audit import told_briefly
from bot.slack.blocks.kit import Block, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, cut_mrkdwn, join, md, moment
from bot.slack.blocks.words import counted
from bot.slack.ids import COMMAND

SHOWN = 10
LINE_LIMIT = 700
HASH_SHOWN = 16


def audit_log(
    events: Sequence[ChainedEvent], *, total: int, length: int, head: str, about: str = ""
) -> Message:
    """The newest events first, of `total` that there are; `length` and `head` are the whole chain's."""
    shown = events[:SHOWN]
    lines = [_line(event) for event in shown]
    headline = _headline(len(shown), total, about)
    blocks: list[Block | None] = [
        kit.header(headline),
        kit.context(md("Only about {about}", about=about)) if about else None,
        *[kit.section(line) for line in lines],
        kit.section(_nothing(about)) if not lines else None,
        kit.context(_more(len(shown), total), _chain(length, head)),
    ]
    spoken = [md("{headline}.", headline=headline), _nothing(about) if not lines else Mrkdwn(), *lines]
    return kit.message(join("\n", [*spoken, _chain(length, head)]), blocks)


def _headline(shown: int, total: int, about: str) -> str:
    if not total:
        return "The audit log has nothing about this" if about else "The audit log is empty"
    if shown == total:
        return f"Audit log: {counted(total, 'event')}"
    return f"Audit log: the last {shown} of {counted(total, 'event')}"


def _line(event: ChainedEvent) -> Mrkdwn:
    at = _at(event.body)
    line = md(
        "*{seq}* · {when} · {said} · hash {hash}",
        seq=event.seq,
        when=moment(at) if at else md("at an unknown time"),
        said=told_briefly(event),
        hash=code(event.hash[:HASH_SHOWN]),
    )
    return cut_mrkdwn(line, LINE_LIMIT)


def _at(body: str) -> datetime | None:
    """The body is text of our own making; a time that is not one is left out, never refused."""
    try:
        at = datetime.fromisoformat(json.loads(body)["event"]["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _nothing(about: str) -> Mrkdwn:
    if about:
        return md("Nobody has asked for anything there. All events: `{command} audit`", command=COMMAND)
    return md(
        "Nothing was asked for yet: the first request will stand here. `{command} fix ACCOUNT` makes one.",
        command=COMMAND,
    )


def _more(shown: int, total: int) -> Mrkdwn:
    if shown == total:
        return Mrkdwn()
    return md(
        "For an account or a request alone: `{command} audit ACCOUNT`, or its id instead. For all events: "
        "`support-role audit export` on the command line.",
        command=COMMAND,
    )


def _chain(length: int, head: str) -> Mrkdwn:
    return md(
        "The chain has {events}; the hash of the last is {head}. `support-role audit verify` on the command "
        "line checks all of them; the daily digests bear earlier heads to compare.",
        events=counted(length, "event"),
        head=code(head),
    )
