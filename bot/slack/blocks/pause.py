"""That fixes are paused: a line for every message that promises a decision, and the answer."""

from bot.domain.pause import Pause
from bot.slack.blocks import kit
from bot.slack.blocks.kit import Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, escape, join, md, mention, moment, one_line
from bot.slack.blocks.words import counted
from bot.slack.ids import COMMAND

REASON_SHOWN = 300
MARK = "\N{DOUBLE VERTICAL BAR}"


def pause_line(pause: Pause, *, quiet: bool = False) -> Mrkdwn:
    """By whom and since when; `quiet` writes the id, so that a new message does not notify them."""
    return md(
        "{mark} *Fixes and undos are paused* by {who} since {when}.{reason} Nothing is approved or written "
        "until an administrator types {command}.",
        mark=MARK,
        who=code(pause.by) if quiet else mention(pause.by),
        when=moment(pause.since),
        reason=_reason(pause),
        command=code(f"{COMMAND} resume"),
    )


def paused_message(pause: Pause, *, is_new: bool, pending: int) -> Message:
    """Tell whoever paused how things stand."""
    title = "Fixes and undos are paused" if is_new else "Fixes and undos were paused already"
    waiting = f"{counted(pending, 'request')} cannot be approved meanwhile." if pending else ""
    return _message(title, pause_line(pause), md("{waiting}", waiting=waiting) if waiting else Mrkdwn())


def resumed_message(*, is_new: bool, pending: int) -> Message:
    """Tell whoever resumed how things stand."""
    title = "Fixes and undos go on" if is_new else "Fixes and undos were not paused"
    waiting = f"{counted(pending, 'request')} can be decided in the approval channel." if pending else ""
    return _message(title, md("{waiting}", waiting=waiting) if waiting else Mrkdwn())


def _message(title: str, *lines: Mrkdwn) -> Message:
    said = join("\n", [md("*{title}*", title=title), *lines])
    return kit.message(said, [kit.section(said)])


def _reason(pause: Pause) -> Mrkdwn:
    if not pause.reason:
        return Mrkdwn()
    reason = one_line(pause.reason, REASON_SHOWN)
    stop = "" if reason.endswith((".", "!", "?", "…")) else "."
    return md(" Why: {reason}{stop}", reason=escape(reason), stop=stop)
