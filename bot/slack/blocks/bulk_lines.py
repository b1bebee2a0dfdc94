"""One line for each account of a bulk request, as many as fit where they are to stand."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.domain.bulk import BulkReport
from bot.domain.request import RemediationRequest, RequestState
from bot.slack.blocks import kit
from bot.slack.blocks.bulk_words import BADLY, EXPLAINED, MARKS, URGENCY, WORDS
from bot.slack.blocks.kit import Block
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, length, md, one_line
from bot.slack.blocks.words import counted

NAME_LIMIT = 40
WHY_LIMIT = 120
SECTION = 2_900


def label(member: RemediationRequest, limit: int = NAME_LIMIT) -> str:
    """The name is cut and the id never is."""
    name = one_line(member.account_name, limit)
    return f"{name} ({member.account_id})" if name else member.account_id


def line(member: RemediationRequest, *, is_canary: bool, name_limit: int = NAME_LIMIT) -> Mrkdwn:
    """One account in one line: where it stands, and why if it did not go well."""
    state = member.state
    why = one_line(member.outcome.text, WHY_LIMIT) if state in EXPLAINED else ""
    plan = md(" · plan {hash}", hash=code(member.plan.short_hash)) if member.plan else Mrkdwn()
    return md(
        "{mark} {label}{canary} · {words}{why}{plan}",
        mark=MARKS.get(state, BADLY),
        label=label(member, name_limit),
        canary=md(" · canary") if is_canary else "",
        words=WORDS.get(state, state.value),
        why=md(": {why}", why=why) if why else "",
        plan=plan if state is RequestState.PENDING else "",
    )


def lines_of(report: BulkReport, limit: int) -> list[Mrkdwn]:
    """One line for each account, in their order; where they do not fit, the most urgent, and a count."""
    canary = report.canary
    every = [(member, line(member, is_canary=member is canary)) for member in report.planned]
    if sum(length(said) + 1 for _, said in every) <= limit:
        return [said for _, said in every]
    urgent = sorted(every, key=lambda pair: (pair[0] is not canary, _urgency(pair[0])))
    kept = _fitting([said for _, said in urgent], limit)
    hidden = Counter(WORDS.get(m.state, m.state.value) for m, _ in urgent[len(kept) :])
    counts = ", ".join(f"{count:,} {words}" for words, count in hidden.items())
    return [
        *kept,
        md("… and {n} more: {counts}. *See the plans* lists all.", n=len(every) - len(kept), counts=counts),
    ]


def _urgency(member: RemediationRequest) -> int:
    return URGENCY.index(member.state) if member.state in URGENCY else len(URGENCY)


def _fitting(lines: Sequence[Mrkdwn], limit: int) -> list[Mrkdwn]:
    kept: list[Mrkdwn] = []
    used = 0
    for said in lines:
        used += length(said) + 1
        if used > limit:
            break
        kept.append(said)
    return kept


def sections(lines: Iterable[Mrkdwn]) -> list[Block]:
    """Lines in as few sections as hold them."""
    found: list[list[Mrkdwn]] = []
    used = SECTION
    for said in lines:
        used += length(said) + 1
        if used > SECTION:
            found.append([])
            used = length(said) + 1
        found[-1].append(said)
    return [kit.section(join("\n", part)) for part in found]


def left_out_summary(report: BulkReport, limit: int) -> list[Mrkdwn]:
    if not report.left_out:
        return []
    head = md("*Left out: {n}*", n=counted(len(report.left_out), "account"))
    every = [_left_out_line(member) for member in report.left_out]
    kept = _fitting(every, limit)
    more = len(every) - len(kept)
    return [head, *kept, *([md("… and {n} more", n=more)] if more else [])]


def _left_out_line(member: RemediationRequest) -> Mrkdwn:
    return md("{label}: {why}", label=label(member), why=one_line(member.outcome.text, WHY_LIMIT))


def left_out_lines(report: BulkReport) -> list[Mrkdwn]:
    return [_left_out_line(member) for member in report.left_out]
