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
    kept = "" if is_new else f"This changed nothing. For another reason: {COMMAND} resume, then pause again."
    return _message(title, pause_line(pause), md("{waiting}", waiting=waiting), md("{kept}", kept=kept))


def resumed_message(ended: Pause | None, *, pending: int) -> Message:
    """Tell whoever resumed what has ended, what waits, and what to do; None when nothing was paused."""
    title = "Fixes and undos go on" if ended else "Fixes and undos were not paused"
    return _message(title, _ended(ended) if ended else Mrkdwn(), _waiting(pending), _next(ended, pending))


def _ended(pause: Pause) -> Mrkdwn:
    return md(
        "They had been paused by {who} since {when}.{reason}",
        who=mention(pause.by),
        when=moment(pause.since),
        reason=_reason(pause),
    )


def _waiting(pending: int) -> Mrkdwn:
    if not pending:
        return md("No request waits for a decision.")
    verb = "waits" if pending == 1 else "wait"
    return md("{n} {verb} for a decision.", n=counted(pending, "request"), verb=verb)


def _next(ended: Pause | None, pending: int) -> Mrkdwn:
    """What the pause refused stays refused."""
    decide = md("Approve or deny what waits; {list} says where it is.", list=code(f"{COMMAND} requests"))
    again = md("Ask again for what was refused meanwhile: {fix}", fix=code(f"{COMMAND} fix ACCOUNT"))
    steps = join(" ", [*([decide] if pending else []), *([again] if ended else [])])
    return md("*Next:* {steps}", steps=steps) if steps else Mrkdwn()


def _message(title: str, *lines: Mrkdwn) -> Message:
    said = join("\n", [md("*{title}*", title=title), *lines])
    return kit.message(said, [kit.section(said)])


def _reason(pause: Pause) -> Mrkdwn:
    if not pause.reason:
        return Mrkdwn()
    reason = one_line(pause.reason, REASON_SHOWN)
    stop = "" if reason.endswith((".", "!", "?", "…")) else "."
    return md(" Why: {reason}{stop}", reason=escape(reason), stop=stop)
