"""What stands above an exported file: how old its findings are, and how much they cover."""

from datetime import datetime

from bot.domain.export import Export
from bot.domain.exports.pack import PackFacts
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, utc
from bot.slack.blocks.words import ago, counted, counts


def evidence_comment(facts: PackFacts) -> Mrkdwn:
    """What is in the pack, how much it covers, and how it can be checked."""
    oldest, newest = facts.read_between
    chain = counted(facts.chain_length, "event")
    state = (
        md("*The audit chain is broken.* {why}", why=facts.chain_problem)
        if facts.chain_problem
        else md("Audit chain: {n}, intact, head {head}", n=chain, head=code(facts.chain_head))
    )
    unread = (
        md("{n} in scope not checked yet; coverage.json names them.", n=f"{facts.unchecked:,} more")
        if facts.unchecked
        else Mrkdwn()
    )
    return join(
        "\n",
        [
            md(
                "*Evidence pack*: {findings}, read {first} to {last}.",
                findings=counted(facts.summary.in_scope, "finding"),
                first=utc(oldest),
                last=utc(newest),
            ),
            md("{counts}", counts=counts(facts.summary)),
            unread,
            state,
            md("README.txt in it says what is what, and how it can be checked without this bot."),
        ],
    )


def export_comment(export: Export, *, now: datetime) -> Mrkdwn:
    """Never reads as if all were there: what was not read, and what could not be, is said."""
    oldest, newest = export.read_between
    findings = counted(len(export.findings), "finding")
    age = (
        md("read {at} ({age})", at=utc(newest), age=ago(newest, now))
        if oldest == newest
        else md(
            "read {first} to {last} (the oldest {age})",
            first=utc(oldest),
            last=utc(newest),
            age=ago(oldest, now),
        )
    )
    unread = (
        md("{n} in scope not checked yet, and not in the file.", n=f"{export.unread:,} more")
        if export.unread
        else Mrkdwn()
    )
    return join(
        "\n",
        [
            md("{findings}, {age}.", findings=findings, age=age),
            md("Only {scope}", scope=code(export.scope)) if export.scope else Mrkdwn(),
            md("{counts} · coverage {n} %", counts=counts(export.summary), n=export.coverage_percent),
            unread,
        ],
    )
