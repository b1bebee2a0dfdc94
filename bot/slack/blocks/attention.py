"""The table of what needs attention, in the three forms that workspaces take."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.finding import Finding, Verdict
from bot.domain.status import NEEDS_ATTENTION, KnownFinding
from bot.slack.blocks import kit, tables
from bot.slack.blocks.kit import Block, Form
from bot.slack.blocks.mrkdwn import Mrkdwn, escape, is_user_id, join, md, mention, one_line
from bot.slack.blocks.words import MARKS, counted, marked, reason, span
from bot.slack.ids import COMMAND

HEAD = ("Verdict", "Account", "Owner", "Since (UTC)", "Why", "Next step")
TABLE_CHARACTERS = 8_500
"""Leaves room for the rest of a message; Slack's own limit for a table is 10,000."""
ROW_LIMITS = (99, 60, 40, 25, 15, 8)
"""Tried in turn until the rows fit."""
PLAIN_ROWS = 20
PAGE = 10
MANY_UNREAD = 5
"""More accounts than this that could not be read are counted by reason, and stand behind those that fail: of
hundreds, ten would fill the first page and hide what can be mended."""
CODES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Attention:
    """The blocks that show findings, and how many of each verdict did not fit."""

    blocks: tuple[Block, ...]
    shown: int
    hidden: int


def attention(
    items: Sequence[KnownFinding], *, now: datetime, form: Form, quiet: bool, caption: str
) -> Attention:
    """Show as many findings as fit, some of each verdict; `quiet` keeps owners from being notified."""
    if not items:
        return Attention((), 0, 0)
    limits = [limit for limit in ROW_LIMITS if form is not Form.PLAIN or limit <= PLAIN_ROWS]
    for limit in limits:
        chosen = share(items, limit)
        blocks = _blocks(arranged(chosen), now=now, form=form, quiet=quiet, caption=caption)
        if kit.characters(blocks) <= TABLE_CHARACTERS:
            break
    unread = unread_line(items)
    counted_first = (kit.section(unread),) if unread else ()
    return Attention((*counted_first, *blocks), len(chosen), len(items) - len(chosen))


def arranged(items: Sequence[KnownFinding]) -> list[KnownFinding]:
    """UNKNOWN first, in the order given; many of them last."""
    unread, others = _unread(items), [i for i in items if i.finding.verdict is not Verdict.UNKNOWN]
    return [*others, *unread] if len(unread) > MANY_UNREAD else list(items)


def unread_line(items: Sequence[KnownFinding]) -> Mrkdwn:
    """`420 could not be read (access denied: 417 · throttled: 3).`, where they are many; else empty."""
    unread = _unread(items)
    if len(unread) <= MANY_UNREAD:
        return Mrkdwn()
    said = md(
        "{mark} *{n} could not be read* ({codes}).",
        mark=MARKS[Verdict.UNKNOWN],
        n=counted(len(unread), "account"),
        codes=codes_of(unread),
    )
    return join(" ", [said, md("They are listed last.") if len(unread) < len(items) else Mrkdwn()])


def codes_of(unread: Sequence[KnownFinding]) -> str:
    """`access denied: 417 · throttled: 3`: the first reason of each, the commonest first."""
    reasons = [item.finding.reasons for item in unread]
    codes = Counter(found[0].code if found else "no reason" for found in reasons).most_common()
    shown = [f"{code.replace('-', ' ')}: {count:,}" for code, count in codes[:CODES_SHOWN]]
    rest = sum(count for _, count in codes[CODES_SHOWN:])
    return " · ".join([*shown, *([f"other reasons: {rest:,}"] if rest else [])])


def _unread(items: Sequence[KnownFinding]) -> list[KnownFinding]:
    return [item for item in items if item.finding.verdict is Verdict.UNKNOWN]


def share(items: Sequence[KnownFinding], limit: int) -> list[KnownFinding]:
    """At most `limit`, in the order given; a verdict with many never crowds out the others."""
    if len(items) <= limit:
        return list(items)
    by_verdict = {v: [i for i in items if i.finding.verdict is v] for v in NEEDS_ATTENTION}
    quota = dict.fromkeys(by_verdict, 0)
    left = limit
    while left > 0:
        for verdict, found in by_verdict.items():
            if left > 0 and quota[verdict] < len(found):
                quota[verdict] += 1
                left -= 1
    return [item for verdict, found in by_verdict.items() for item in found[: quota[verdict]]]


def _blocks(
    items: Sequence[KnownFinding], *, now: datetime, form: Form, quiet: bool, caption: str
) -> tuple[Block, ...]:
    if form is Form.PLAIN:
        return tuple(kit.section(line(item, now=now, quiet=quiet)) for item in items)
    rows = [_row(item, now=now, quiet=quiet) for item in items]
    if form is Form.TABLE:
        return (tables.table(HEAD, rows),)
    return (tables.data_table(caption, HEAD, rows, page=PAGE),)


def _row(item: KnownFinding, *, now: datetime, quiet: bool) -> list[Block]:
    finding = item.finding
    owner = finding.account.owner
    return [
        tables.cell(marked(finding.verdict), 20),
        tables.cell(finding.account.label, 80),
        tables.cell(owner, 40) if quiet or not is_user_id(owner) else tables.person_cell(owner),
        tables.cell(_since(item, now), 40),
        tables.cell(reason(finding), 160),
        tables.cell(_step(finding), 160),
    ]


def _step(finding: Finding) -> str:
    """Without the command it ends with, which a narrow cell would break: the buttons below do the same."""
    step, command, _ = finding.next_step.partition(f": {COMMAND} fix ")
    return f"{step}." if command else step


def _since(item: KnownFinding, now: datetime) -> str:
    """The date first, so that sorting the column as text sorts by time."""
    day = item.changed_at.astimezone(UTC).date().isoformat()
    length = now - item.changed_at
    return day if length < timedelta(days=1) else f"{day}, {span(length)}"


def line(item: KnownFinding, *, now: datetime, quiet: bool) -> Mrkdwn:
    """One finding in words, up to three lines."""
    finding = item.finding
    owner = finding.account.owner
    head = md(
        "*{verdict}* {account} · for {span}",
        verdict=marked(finding.verdict),
        account=one_line(finding.account.label, 80),
        span=span(now - item.changed_at),
    )
    asked = (
        md("owner {owner}", owner=escape(one_line(owner, 40)) if quiet else mention(owner))
        if owner
        else Mrkdwn()
    )
    why = md("{why}", why=one_line(reason(finding), 160))
    step = md("_Next:_ {step}", step=one_line(finding.next_step, 160)) if finding.next_step else Mrkdwn()
    return join("\n", [join(" · ", [head, asked]), why, step])


def plain_lines(items: Sequence[KnownFinding], limit: int) -> Mrkdwn:
    """The same for a notification or a screen reader: a line each, and how many more there are."""
    chosen = share(items, limit)
    lines = [unread_line(items), *(_plain_line(item) for item in arranged(chosen))]
    if len(items) > len(chosen):
        lines.append(md("and {n} more", n=f"{len(items) - len(chosen):,}"))
    return join("\n", lines)


def _plain_line(item: KnownFinding) -> Mrkdwn:
    finding = item.finding
    return md(
        "{verdict} {account}: {why} {step}",
        verdict=finding.verdict.value,
        account=one_line(finding.account.label, 80),
        why=one_line(reason(finding), 100),
        step=f"Next: {one_line(finding.next_step, 80)}" if finding.next_step else "",
    )


def verdicts_in(items: Sequence[KnownFinding]) -> list[Verdict]:
    return [verdict for verdict in NEEDS_ATTENTION if any(i.finding.verdict is verdict for i in items)]
