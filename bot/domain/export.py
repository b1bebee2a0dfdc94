"""An export: findings as they are shown, and the file that is made of them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.exports.asff import asff_chunks
from bot.domain.exports.markdown import markdown_lines
from bot.domain.exports.ocsf import ocsf_lines
from bot.domain.finding import Finding, Summary, summarize
from bot.domain.report import csv_lines, jsonl_lines, report_chunks


@dataclass(frozen=True, slots=True)
class Export:
    findings: tuple[Finding, ...]
    """At least one, as they are shown: with the waivers in force."""
    scope: str = ""
    """The scope's words; empty for all accounts."""
    unread: int = 0
    """Accounts of the scope that were never checked, and so have no finding."""

    @property
    def summary(self) -> Summary:
        return summarize(self.findings)

    @property
    def read_between(self) -> tuple[datetime, datetime]:
        """When the oldest and when the newest of the findings was read."""
        times = [finding.checked_at for finding in self.findings]
        return min(times), max(times)

    @property
    def coverage_percent(self) -> int:
        """As a summary's, with the accounts that were never checked counted in; rounded down."""
        readable = self.summary.in_scope - self.summary.skipped + self.unread
        return 100 if readable == 0 else self.summary.checked * 100 // readable


Write = Callable[[Export], Iterator[str]]


def _json(export: Export) -> Iterator[str]:
    oldest, newest = export.read_between
    return report_chunks(export.findings, summary=export.summary, started_at=oldest, finished_at=newest)


def _markdown(export: Export) -> Iterator[str]:
    oldest, newest = export.read_between
    return markdown_lines(export.findings, summary=export.summary, started_at=oldest, finished_at=newest)


FORMS: Mapping[str, tuple[str, Write]] = {
    "csv": ("csv", lambda export: csv_lines(export.findings)),
    "json": ("json", _json),
    "ocsf": ("ocsf.jsonl", lambda export: ocsf_lines(export.findings)),
    "asff": ("asff.json", lambda export: asff_chunks(export.findings)),
    "jsonl": ("jsonl", lambda export: jsonl_lines(export.findings)),
    "markdown": ("md", _markdown),
}
"""Each form with how its files' names end, and how it is written."""


def file_of(export: Export, form: str, *, now: datetime) -> tuple[str, bytes]:
    """The file's name and content; `form` is one of `FORMS`. How accounts are reached is no part of it."""
    ending, write = FORMS[form]
    text = "".join(write(export))
    # A lone surrogate, which JSON from AWS can bear, is no UTF-8.
    return f"support-roles-{now:%Y-%m-%d-%H%M}.{ending}", text.encode("utf-8", "replace")
