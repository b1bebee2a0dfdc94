"""The daily digest: three lines on a quiet day, what changed on another; the details stand in its thread."""

from collections.abc import Callable, Sequence
from datetime import date

from bot.domain.digest import Change, Digest, oldest_open
from bot.domain.finding import Verdict
from bot.slack.blocks import kit
from bot.slack.blocks.attention import attention, plain_lines, verdicts_in
from bot.slack.blocks.kit import Block, Form, Message
from bot.slack.blocks.mrkdwn import Mrkdwn, code, is_user_id, join, md, mention, one_line
from bot.slack.blocks.trend import trend_block, trend_line
from bot.slack.blocks.waivers import ending_lines
from bot.slack.blocks.words import ago, counted, counts, marked, meanings, posture, reason, span
from bot.slack.ids import COMMAND

CHANGES_SHOWN = 10
SPOKEN_ROWS = 12
MISSED_SHOWN = 7


def digest(digest: Digest, *, form: Form = Form.NATIVE) -> Message:
    """What changed since the last digest and what still stands; says how to see more."""
    blocks = _quiet(digest) if digest.is_quiet else _eventful(digest, form)
    return kit.message(_spoken(digest), blocks)


def _quiet(digest: Digest) -> list[Block]:
    return [kit.section(join("\n", _three_lines(digest))), *_ending(digest), *_missed(digest)]


def _three_lines(digest: Digest) -> list[Mrkdwn]:
    return [
        md("*{what}* {posture}", what=_no_change(digest), posture=_posture(digest)),
        join(" · ", [_oldest(digest), _pending(digest), _age(digest)]),
        _chain(digest),
    ]


def _no_change(digest: Digest) -> str:
    if digest.previous_day is None:
        return f"{_day(digest.day)}: first digest."
    return f"{_day(digest.day)}: no change since {_day(digest.previous_day)}."


def _posture(digest: Digest) -> str:
    return f"{posture(digest.summary)}." if digest.summary.in_scope else "No account has been checked yet."


def _eventful(digest: Digest, form: Form) -> list[Block]:
    groups = [
        ("Broken again after our fix", digest.regressed, _bad_line),
        ("Newly failing", digest.newly_failing, _bad_line),
        ("Fixed", digest.fixed, _fixed_line),
    ]
    return [
        kit.header(headline(digest)),
        kit.section(md("{posture}", posture=_posture(digest))),
        *[_group(name, changes, line) for name, changes, line in groups if changes],
        *_ending(digest),
        *_missed(digest),
        *trend_block(digest.trend, form),
        kit.section(join("\n", [_oldest(digest), _pending(digest)])),
        kit.context(md("{counts}", counts=counts(digest.summary)), _age(digest)),
        kit.context(_chain(digest)),
    ]


def _ending(digest: Digest) -> list[Block]:
    lines = ending_lines(digest.ending_waivers, digest.now)
    return [kit.section(lines)] if lines else []


def _missed(digest: Digest) -> list[Block]:
    line = missed_line(digest.missed)
    return [kit.context(line)] if line else []


def missed_line(missed: Sequence[date]) -> Mrkdwn:
    """`2 digests were missed: 3 and 4 March.`; empty when none was."""
    if not missed:
        return Mrkdwn()
    verb = "was" if len(missed) == 1 else "were"
    total = counted(len(missed), "digest")
    if len(missed) > MISSED_SHOWN:
        first, last = _short(missed[0]), _short(missed[-1])
        return md("{n} {verb} missed, from {first} to {last}.", n=total, verb=verb, first=first, last=last)
    *others, end = [
        f"{day.day}" if after is not None and after.month == day.month else _short(day)
        for day, after in zip(missed, [*missed[1:], None], strict=True)
    ]
    days = f"{', '.join(others)} and {end}" if others else end
    return md("{n} {verb} missed: {days}.", n=total, verb=verb, days=days)


def _short(day: date) -> str:
    return f"{day.day} {day:%B}"


def headline(digest: Digest) -> str:
    """`31 January 2026: 2 newly failing · 1 fixed`."""
    parts = [
        f"{len(digest.regressed):,} broken again" if digest.regressed else "",
        f"{len(digest.newly_failing):,} newly failing" if digest.newly_failing else "",
        f"{len(digest.fixed):,} fixed" if digest.fixed else "",
    ]
    return f"{_day(digest.day)}: " + " · ".join(part for part in parts if part)


def _group(name: str, changes: Sequence[Change], line: Callable[[Change], Mrkdwn]) -> Block:
    lines = [line(change) for change in changes[:CHANGES_SHOWN]]
    hidden = len(changes) - len(lines)
    if hidden:
        lines.append(md("… and {n} more: `{command} status`", n=f"{hidden:,}", command=COMMAND))
    return kit.section(join("\n", [md("*{name}*", name=name), *lines]))


def _bad_line(change: Change) -> Mrkdwn:
    """The owner is mentioned: that it broke is news to them."""
    finding = change.known.finding
    owner = finding.account.owner
    return md(
        "{verdict} {account}{owner}: {why}",
        verdict=marked(finding.verdict),
        account=one_line(finding.account.label, 80),
        owner=md(" {who}", who=mention(owner)) if is_user_id(owner) else "",
        why=one_line(reason(finding), 120),
    )


def _fixed_line(change: Change) -> Mrkdwn:
    account = one_line(change.known.finding.account.label, 80)
    line = md("{mark} {account}", mark=marked(Verdict.PASS), account=account)
    if not change.fixed_by:
        return md("{line}, outside this bot", line=line)
    return md("{line}, approved by {who}", line=line, who=mention(change.fixed_by))


def _oldest(digest: Digest) -> Mrkdwn:
    found = oldest_open(digest, digest.now)
    if found is None:
        return md("Nothing is open")
    item, age = found
    account = one_line(item.finding.account.label, 80)
    return md("Open longest: {account}, {age}", account=account, age=span(age))


def _pending(digest: Digest) -> Mrkdwn:
    if not digest.pending_requests:
        return Mrkdwn()
    verb = "waits" if digest.pending_requests == 1 else "wait"
    return md("{n} {verb} for approval", n=counted(digest.pending_requests, "request"), verb=verb)


def _age(digest: Digest) -> Mrkdwn:
    if digest.last_scan_at is None:
        return md("never checked: type `{command} status`", command=COMMAND)
    return md("read {age}", age=ago(digest.last_scan_at, digest.now))


def _chain(digest: Digest) -> Mrkdwn:
    """Slack is a witness outside the database: the whole head, so that it can be compared."""
    events = counted(digest.chain_length, "event")
    return md("Audit chain: {events}, head {head}", events=events, head=code(digest.chain_head))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _spoken(digest: Digest) -> Mrkdwn:
    if digest.is_quiet:
        more = [ending_lines(digest.ending_waivers, digest.now), missed_line(digest.missed)]
        return join("\n", [*_three_lines(digest), *more])
    changed = [*digest.regressed, *digest.newly_failing]
    return join(
        "\n",
        [
            md("{headline}. {posture}", headline=headline(digest), posture=_posture(digest)),
            *[_bad_line(change) for change in changed[:CHANGES_SHOWN]],
            *[_fixed_line(change) for change in digest.fixed[:CHANGES_SHOWN]],
            ending_lines(digest.ending_waivers, digest.now),
            missed_line(digest.missed),
            trend_line(digest.trend),
            join(" · ", [_oldest(digest), _pending(digest), _age(digest)]),
            _chain(digest),
        ],
    )


def details(digest: Digest, *, form: Form = Form.NATIVE, quiet: bool = False) -> Message | None:
    """Everything that is open, for the digest's thread; None when nothing is.

    `quiet` writes owners as ids, so that a new message notifies none of them.
    """
    if not digest.open_findings:
        return None
    found = attention(
        digest.open_findings, now=digest.now, form=form, quiet=quiet, caption="Accounts that need attention"
    )
    total = counted(len(digest.open_findings), "account")
    verb = "needs" if len(digest.open_findings) == 1 else "need"
    title = md("{total} {verb} attention", total=total, verb=verb)
    more = md(
        "Showing {shown} of {total}. For all of them, as a file: `{command} export csv`",
        shown=f"{found.shown:,}",
        total=f"{len(digest.open_findings):,}",
        command=COMMAND,
    )
    blocks = [
        kit.section(md("*{title}*", title=title)),
        *found.blocks,
        kit.context(more) if found.hidden else None,
        kit.context(meanings(verdicts_in(digest.open_findings))),
        kit.context(md("To fix one: `{command} fix ACCOUNT`", command=COMMAND)),
    ]
    return kit.message(join("\n", [title, plain_lines(digest.open_findings, SPOKEN_ROWS)]), blocks)
