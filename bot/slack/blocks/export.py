"""What stands above an exported file: how old its findings are, and how much they cover."""

from datetime import datetime

from bot.domain.export import Export
from bot.slack.blocks.mrkdwn import Mrkdwn, code, join, md, utc
from bot.slack.blocks.words import ago, counted, counts


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
