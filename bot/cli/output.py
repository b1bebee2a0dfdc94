"""Where findings go: stdout, or a file that is there whole or not at all."""

import errno
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from bot.domain.exports.asff import asff_chunks
from bot.domain.exports.markdown import markdown_lines
from bot.domain.exports.ocsf import ocsf_lines
from bot.domain.finding import Finding, Summary, summarize
from bot.domain.report import Explanations, csv_lines, jsonl_lines, report_chunks

EXPLAINED_FORMS = frozenset({"table", "json", "jsonl"})
"""Forms that have a place for evidence."""


@dataclass(frozen=True, slots=True)
class Results:
    """What one check found."""

    findings: tuple[Finding, ...]
    started_at: datetime
    finished_at: datetime
    unread: int = 0
    """Accounts that were not read because the check was interrupted; they are among the findings."""
    left_out: int = 0
    """Accounts that could not be read and are not among the findings, since a verdict was asked for."""
    explanations: Explanations = field(default_factory=dict)
    """Of the accounts that were looked into deeper; their findings are those of the explanations."""

    @property
    def summary(self) -> Summary:
        return summarize(self.findings)

    @property
    def in_scope(self) -> int:
        return len(self.findings)


def require_writable(output: Path | None) -> None:
    """Refuse at once what could not be written after minutes of reading; leaves nothing behind."""
    if output is None:
        return
    try:
        if output.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not _is_no_file(output):
            descriptor, name = _make_part(output.resolve())
            os.close(descriptor)
            Path(name).unlink()
    except OSError as fault:
        why = f"{output} cannot be written there: {fault.strerror}"
        raise click.BadParameter(why, param_hint="--output") from fault


def _is_no_file(output: Path) -> bool:
    """Whether it is a device or a pipe, /dev/null for one: to be written into, and never to be replaced."""
    return output.exists() and not output.is_file()


def _make_part(output: Path) -> tuple[int, str]:
    return tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.", suffix=".part")


def write(results: Results, form: str, output: Path | None, *, region: str = "") -> None:
    """Print the findings in a form; with `output`, into that file instead. `region` is for asff."""
    if form == "table":
        from bot.cli.table import print_table, table_text  # noqa: PLC0415 - rich is for tables alone

        if output is None:
            print_table(results)
            return
        pieces: Iterator[str] = iter([table_text(results)])
    else:
        pieces = _pieces(results, form, region)
    if output is None:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    else:
        _write_file(output, pieces)


def _pieces(results: Results, form: str, region: str) -> Iterator[str]:
    if form == "json":
        return report_chunks(
            results.findings,
            summary=results.summary,
            started_at=results.started_at,
            finished_at=results.finished_at,
            explanations=results.explanations,
        )
    if form == "markdown":
        return markdown_lines(
            results.findings,
            summary=results.summary,
            started_at=results.started_at,
            finished_at=results.finished_at,
        )
    if form == "jsonl":
        return jsonl_lines(results.findings, results.explanations)
    if form == "asff":
        return asff_chunks(results.findings, region=region)
    return csv_lines(results.findings) if form == "csv" else ocsf_lines(results.findings)


def _write_file(output: Path, pieces: Iterator[str]) -> None:
    with written_whole(output) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        text.writelines(pieces)
        text.detach()


@contextmanager
def written_whole(output: Path) -> Iterator[BinaryIO]:
    """A file that is moved to its place once it is written; after a fault there is none."""
    if _is_no_file(output):
        with output.open("wb") as file:
            yield file
        return
    # What a link leads to is written, and the link stays.
    place = output.resolve()
    descriptor, name = _make_part(place)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that nobody else may read; a report gets the permissions of any other new file.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
