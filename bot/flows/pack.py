"""Making an evidence pack: a zip of everything an auditor asks for, from one state of the database.

The same database at the same time gives the same bytes. Files are written to a temporary folder first, row by
row, so that memory does not grow with the number of accounts or events. Nothing of AWS, and nothing of Slack.
"""

import hashlib
import logging
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import tee, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO

from sqlalchemy import Connection, Engine

from bot.domain.exports import pack
from bot.domain.exports.ocsf import ocsf_chunks
from bot.domain.exports.pack import MANIFEST, README, SUMS, PackFacts, PackFile
from bot.domain.exports.trail import trail_lines
from bot.domain.finding import Verdict
from bot.domain.report import csv_lines, report_chunks
from bot.domain.waiver import WAIVABLE, waive, waive_summary
from bot.store import audit, findings, waivers
from bot.store import pack as store
from bot.store.engine import snapshot

log = logging.getLogger(__name__)

THE_SAME_FOR_ALL = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: when a file was written would make the bytes differ."""
CHUNK = 1 << 20


def write_pack(engine: Engine, file: BinaryIO, *, version: str, now: datetime) -> PackFacts | None:
    """Write the pack; what it says about itself, or None, with nothing written, before the first check."""
    with snapshot(engine) as connection, TemporaryDirectory(prefix="support-role-") as folder:
        facts = _facts(connection, version, now)
        if facts is None:
            return None
        shelf = _Shelf(Path(folder))
        _write_parts(connection, shelf, facts)
        _zip(shelf, file)
    log.info("evidence pack made", extra={"findings": facts.summary.in_scope, "events": facts.chain_length})
    return facts


def _facts(connection: Connection, version: str, now: datetime) -> PackFacts | None:
    read_between = store.read_between(connection)
    if read_between is None:
        return None
    in_force = waivers.read_in_force(connection, now=now)
    # Only where there is a waiver at all: it is a pass over all that fail.
    waivable = store.stream_findings(connection, *WAIVABLE) if in_force else ()
    length, head = audit.read_head(connection)
    return PackFacts(
        made_at=now,
        version=version,
        summary=waive_summary(findings.count_verdicts(connection), waivable, in_force),
        read_between=read_between,
        unchecked=store.count_unchecked(connection),
        chain=audit.verify(connection),
        chain_length=length,
        chain_head=head,
    )


def _write_parts(connection: Connection, shelf: "_Shelf", facts: PackFacts) -> None:
    now = facts.made_at
    shelf.write_together(_findings(connection, facts))
    coverage = pack.coverage_chunks(
        facts,
        unread=store.stream_findings(connection, Verdict.UNKNOWN),
        skipped=store.stream_findings(connection, Verdict.SKIPPED),
        unchecked=store.stream_unchecked(connection),
    )
    shelf.write("coverage.json", coverage)
    shelf.write("controls.json", pack.controls_chunks())
    shelf.write("waivers.json", pack.waivers_chunks(store.stream_waivers(connection), now=now))
    shelf.write("changes.jsonl", pack.change_lines(store.stream_requests(connection)))
    shelf.write("audit.jsonl", trail_lines(audit.read_events(connection)))
    shelf.write("audit-head.json", pack.head_chunks(facts))
    shelf.write(README, pack.readme_chunks(facts))
    shelf.write(MANIFEST, pack.manifest_chunks(facts, shelf.files))
    shelf.write(SUMS, pack.sums_lines(shelf.files))


def _findings(connection: Connection, facts: PackFacts) -> Mapping[str, Iterator[str]]:
    """The forms of the findings, all from one pass over them."""
    in_force = waivers.read_in_force(connection, now=facts.made_at)
    shown = (waive(finding, in_force) for finding in store.stream_findings(connection))
    for_json, for_csv, for_ocsf = tee(shown, 3)
    oldest, newest = facts.read_between
    return {
        "findings.json": report_chunks(
            for_json, summary=facts.summary, started_at=oldest, finished_at=newest
        ),
        "findings.csv": csv_lines(for_csv),
        "findings.ocsf.json": ocsf_chunks(for_ocsf),
    }


class _Shelf:
    """Files in a folder, each with its size and hash, which are known once it is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, PackFile] = {}

    @property
    def files(self) -> tuple[PackFile, ...]:
        """What was written so far, by name."""
        return tuple(self._files[name] for name in sorted(self._files))

    def write(self, name: str, pieces: Iterator[str]) -> None:
        self.write_together({name: pieces})

    def write_together(self, parts: Mapping[str, Iterator[str]]) -> None:
        """Write several files a piece of each at a time: they are fed by one source."""
        writers = [_Writer(name, (self.folder / name).open("wb")) for name in parts]
        try:
            for pieces in zip_longest(*parts.values(), fillvalue=""):
                for writer, piece in zip(writers, pieces, strict=True):
                    writer.write(piece)
        finally:
            for writer in writers:
                writer.target.close()
        self._files |= {writer.name: writer.written for writer in writers}


class _Writer:
    def __init__(self, name: str, target: IO[bytes]) -> None:
        self.name = name
        self.target = target
        self._size = 0
        self._hash = hashlib.sha256()

    def write(self, piece: str) -> None:
        # A lone surrogate, which JSON from AWS can bear, is no UTF-8.
        content = piece.encode("utf-8", "replace")
        self._size += self.target.write(content)
        self._hash.update(content)

    @property
    def written(self) -> PackFile:
        return PackFile(self.name, self._size, self._hash.hexdigest())


def _zip(shelf: _Shelf, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for each in shelf.files:
            info = zipfile.ZipInfo(each.name, THE_SAME_FOR_ALL)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16  # as on Unix, on any system
            info.file_size = each.size  # so that a file beyond 2 GB is one in the archive too
            with archive.open(info, "w") as target, (shelf.folder / each.name).open("rb") as source:
                shutil.copyfileobj(source, target, CHUNK)
