"""The status message: the whole state in one line, then what needs attention."""

from datetime import timedelta

from bot.domain.finding import Verdict
from bot.domain.request import Mode
from bot.domain.status import ScanProgress, Status
from bot.slack.blocks import kit
from bot.slack.blocks.attention import Attention, attention, plain_lines, verdicts_in
from bot.slack.blocks.kit import Block, Form, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, moment, one_line, sentence, utc
from bot.slack.blocks.pause import pause_line
from bot.slack.blocks.waivers import waived_lines
from bot.slack.blocks.words import MODES, ago, counted, counts, meanings, posture, span
from bot.slack.ids import COMMAND, ActionId

STALE = timedelta(hours=24)
FIXABLE = frozenset({Verdict.FAIL, Verdict.WEAK})
BAR_CELLS = 20
LONG_SCOPE = 300
"""Each button that bears a scope takes its length from the characters that a message may have."""
SPOKEN_ROWS = 12


def status(status: Status, *, form: Form = Form.NATIVE, quiet: bool = False) -> Message:
    """Show a status; `quiet` writes owners as ids, so that a new message notifies none of them."""
    found = attention(
        status.attention, now=status.now, form=form, quiet=quiet, caption="Accounts that need attention"
    )
    blocks = [
        kit.header(headline(status)),
        kit.context(md("Only {scope}", scope=code(status.scope))) if status.scope else None,
        progress_line(status),
        problem_line(status),
        _advice(status),
        *found.blocks,
        _more(found),
        _waived(status, quiet=quiet),
        _meanings(status),
        kit.context(_age(status), md("{counts}", counts=counts(status.summary)))
        if _was_read(status)
        else None,
        kit.context(md("{mode}", mode=MODES[status.mode])),
        kit.section(pause_line(status.pause, quiet=quiet)) if status.pause else None,
        _buttons(status),
    ]
    return kit.message(_spoken(status), blocks)


def headline(status: Status) -> str:
    """The state in one line."""
    if status.summary.in_scope:
        return posture(status.summary)
    if status.progress is not None and status.last_scan_at is None:
        return "First check is running"
    if status.last_scan_at is None:
        return "Nothing has been checked yet"
    return "No account is in this scope"


def _was_read(status: Status) -> bool:
    return status.last_scan_at is not None


def progress_line(status: Status) -> Block | None:
    """How far the running check is, if one runs."""
    if status.progress is None:
        return None
    return kit.section(md("{bar}\n{words}", bar=bar(status.progress), words=_progress_words(status)))


def bar(progress: ScanProgress) -> str:
    """Twenty cells; full only when all is done."""
    filled = BAR_CELLS * progress.done // progress.total if progress.total else 0
    filled = max(0, min(filled, BAR_CELLS))
    return "█" * filled + "░" * (BAR_CELLS - filled)


def _progress_words(status: Status) -> str:
    progress = status.progress
    if progress is None or progress.total == 0:
        return "Checking now: finding out which accounts there are"
    words = f"Checking now: {progress.done:,} of {counted(progress.total, 'account')}"
    left = progress.seconds_left(status.now)
    if left is None:
        return words
    return f"{words} · {progress.rate(status.now):.1f} a second · about {span(timedelta(seconds=left))} left"


def problem_line(status: Status) -> Block | None:
    if not status.problem:
        return None
    return kit.section(
        md("\N{WARNING SIGN} *This check did not end well.* {why}", why=sentence(status.problem))
    )


def _waived(status: Status, *, quiet: bool) -> Block | None:
    """Apart from what needs attention, and never out of sight."""
    return kit.context(waived_lines(status.waived, quiet=quiet)) if status.waived else None


def _more(found: Attention) -> Block | None:
    if not found.hidden:
        return None
    return kit.context(
        md(
            "Showing {shown} of {total}. "
            "For fewer: `{command} status ou:NAME`, `tag:KEY=VALUE` or `verdict:fail`. "
            "For all of them, as a file: `{command} export csv`",
            shown=f"{found.shown:,}",
            total=f"{found.shown + found.hidden:,}",
            command=COMMAND,
        ),
    )


def _meanings(status: Status) -> Block | None:
    present = verdicts_in(status.attention)
    return kit.context(meanings(present)) if present else None


def _age(status: Status) -> Mrkdwn:
    if status.last_scan_at is None:
        return Mrkdwn()
    age = ago(status.last_scan_at, status.now)
    read = md("Read {when} ({age})", when=moment(status.last_scan_at), age=age)
    if status.now - status.last_scan_at < STALE:
        return read
    return md("\N{WARNING SIGN} *Old:* {read}. Press Re-check.", read=read)


def _buttons(status: Status) -> Block | None:
    # A scope that no button can carry would come back as another scope: better no button.
    if len(status.scope) > kit.BUTTON_VALUE:
        return None
    return kit.actions(
        fix_button(status), explain_button(status), export_button(status), _recheck_button(status)
    )


def explain_button(status: Status) -> Block | None:
    if not status.attention or len(status.scope) > LONG_SCOPE:
        return None
    return kit.button("Explain…", ActionId.STATUS_EXPLAIN, value=status.scope)


def export_button(status: Status) -> Block | None:
    if not status.summary.in_scope or len(status.scope) > LONG_SCOPE:
        return None
    return kit.button("Export…", ActionId.STATUS_EXPORT, value=status.scope)


def fix_button(status: Status) -> Block | None:
    fixable = [item for item in status.attention if item.finding.verdict in FIXABLE]
    if not fixable or status.mode is Mode.OFF:
        return None
    only_weak = all(item.finding.verdict is Verdict.WEAK for item in fixable)
    several = "weak" if only_weak else "failing"
    name = one_line(fixable[0].finding.account.label, 68) if len(fixable) == 1 else several
    return kit.button(f"Fix {name}…", ActionId.STATUS_FIX, value=status.scope, style="primary")


def _recheck_button(status: Status) -> Block | None:
    if status.progress is not None:
        return None
    return kit.button("Re-check", ActionId.STATUS_RECHECK, value=status.scope)


def _spoken(status: Status) -> Mrkdwn:
    age = (
        f"Read {utc(status.last_scan_at)}, {ago(status.last_scan_at, status.now)}."
        if status.last_scan_at
        else ""
    )
    parts = [
        md("{headline}", headline=headline(status)),
        md("Only {scope}.", scope=status.scope) if status.scope else Mrkdwn(),
        md("{words}.", words=_progress_words(status)) if status.progress else Mrkdwn(),
        sentence(status.problem),
        plain_lines(status.attention, SPOKEN_ROWS),
        waived_lines(status.waived, quiet=True) if status.waived else Mrkdwn(),
        join(" ", [md("{age}", age=age), md("{mode}", mode=MODES[status.mode])]),
        pause_line(status.pause, quiet=True) if status.pause else Mrkdwn(),
        _what_next(status),
    ]
    return join("\n", parts)


def _what_next(status: Status) -> Mrkdwn:
    if status.summary.in_scope or status.progress is not None:
        return Mrkdwn()
    if status.last_scan_at is None:
        return md("Press Re-check, or type `{command} status`, to check all accounts now.", command=COMMAND)
    return md("Check the spelling, or type `{command} status` for all accounts.", command=COMMAND)


def _advice(status: Status) -> Block | None:
    words = _what_next(status)
    return kit.section(words) if words else None
