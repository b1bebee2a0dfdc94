"""`support-role evidence` and `audit verify FILE`: a zip, and a proof of its audit log without a database."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from building.values import NOW, PAYMENTS, a_finding, an_account, an_event
from sqlalchemy import update

from bot.domain.finding import Verdict
from bot.store import accounts, audit, findings
from bot.store.engine import build_engine
from bot.store.schema import migrate
from bot.store.tables import audit_events
from tests.cli.conftest import Ended

Call = Callable[..., Ended]


@pytest.fixture
def store(empty_folder: Path) -> Path:
    """A database with one finding and two audit events, where settings look for it."""
    file = empty_folder / "support-role.db"
    engine = build_engine(f"sqlite:///{file}")
    migrate(engine)
    with engine.begin() as connection:
        accounts.save_accounts(connection, [an_account()], now=NOW)
        findings.save_findings(connection, [a_finding(Verdict.PASS)], scan_id="scan-1")
        for number in range(2):
            audit.record(connection, an_event(outcome=f"No. {number}", detail=(("name", "Zoë"),)))
    engine.dispose()
    return file


def unzipped(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "pack.zip") as archive:
        archive.extractall(folder / "pack")
    return folder / "pack"


def test_the_pack_is_written_and_its_coverage_and_head_are_said(call: Call, store: Path):
    ended = call("evidence", "--output", "pack.zip")

    pack = unzipped(store.parent)
    head = json.loads((pack / "audit-head.json").read_text())["head"]
    assert (ended.code, ended.out) == (0, "")
    assert f"pack.zip: 1 of 1 accounts checked, audit chain 2 long, head {head}" in ended.err
    assert PAYMENTS in (pack / "findings.csv").read_text()
    assert [path.name for path in store.parent.glob(".*.part")] == []


def test_the_audit_log_is_verified_from_its_file_without_settings_or_a_database(call: Call, store: Path):
    call("evidence", "--output", "pack.zip")
    trail = unzipped(store.parent) / "audit.jsonl"
    store.unlink()
    (store.parent / "support-role.toml").write_text("this is no TOML")

    intact = call("audit", "verify", str(trail))
    trail.write_text(trail.read_text().replace("No. 1", "No. 7"))
    broken = call("audit", "verify", str(trail))

    assert (intact.code, intact.out.split(",")[0]) == (0, "The audit chain is intact: 2 events")
    assert (broken.code, broken.err) == (
        1,
        "The audit chain is broken at event 2: event 2 was changed after it was written.\n",
    )


def test_what_audit_export_prints_is_verified_alike(call: Call, store: Path):
    printed = call("audit", "export").out
    (store.parent / "trail.jsonl").write_text(printed, "utf-8")

    assert "Zoë" in printed
    assert call("audit", "verify", "trail.jsonl").code == 0


def test_a_broken_chain_makes_the_pack_and_the_exit_code_1(call: Call, store: Path):
    engine = build_engine(f"sqlite:///{store}")
    with engine.begin() as connection:
        connection.execute(update(audit_events).where(audit_events.c.seq == 2).values(kind="fix.denied"))
    engine.dispose()

    ended = call("evidence", "--output", "pack.zip")

    assert ended.code == 1
    assert "The audit chain is broken. Event 2" in ended.err
    assert (store.parent / "pack.zip").exists()


def test_before_the_first_check_there_is_no_pack(call: Call, empty_folder: Path):
    engine = build_engine(f"sqlite:///{empty_folder / 'support-role.db'}")
    migrate(engine)
    engine.dispose()

    ended = call("evidence", "--output", "pack.zip")

    assert ended.code == 2
    assert "Nothing was checked yet" in ended.err
    assert list(empty_folder.glob("*pack*")) == []


@pytest.mark.parametrize("command", [("evidence", "--output", "pack.zip"), ("audit", "verify")])
def test_where_there_is_no_database_none_is_made(call: Call, empty_folder: Path, command: tuple[str, ...]):
    ended = call(*command)

    assert ended.code == 2
    assert "There is no database at sqlite:///support-role.db." in ended.err
    assert list(empty_folder.iterdir()) == []


def test_a_database_of_another_version_is_not_touched(call: Call, empty_folder: Path):
    build_engine(f"sqlite:///{empty_folder / 'support-role.db'}").connect().close()

    ended = call("evidence", "--output", "pack.zip")

    assert ended.code == 2
    assert "is not of this version" in ended.err


def test_a_place_that_cannot_be_written_is_told_at_once(call: Call):
    ended = call("evidence", "--output", "no/such/folder/pack.zip")

    assert ended.code == 2
    assert "cannot be written there" in ended.err


def test_the_zip_is_one_that_other_programs_read(call: Call, store: Path):
    call("evidence", "--output", "pack.zip")

    content = (store.parent / "pack.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_fresh_scan_needs_a_running_worker(call: Call, store: Path):
    ended = call("evidence", "--check", "--output", "pack.zip")

    assert ended.code == 2
    assert "No worker is running" in ended.err
    assert not (store.parent / "pack.zip").exists()
