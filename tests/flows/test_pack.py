"""The evidence pack: whole, the same for the same state, checkable without this program, flat in memory."""

import csv
import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from building.values import APPROVER, ASKER, EXTERNAL_ID, NOW, PAYMENTS, a_finding, an_account
from building.waivers import OWNER, a_waiver
from building.world import World
from sqlalchemy import Engine, text

from bot.domain.account import Account, AccountState
from bot.domain.audit import ChainBroken, ChainIntact
from bot.domain.exports.pack import PackFacts
from bot.domain.exports.trail import verify_trail
from bot.domain.finding import Reason, RoleFinding, Verdict
from bot.domain.waiver import WaiverDecision, WaiverState
from bot.flows.pack import write_pack
from bot.store import accounts, audit, findings, waivers
from bot.store.engine import build_engine

LEDGER = an_account("444455556666", name="=cmd()|ledger")
CLOSED = an_account("555566667777", name="closed", state=AccountState.SUSPENDED)
LOCKED = an_account("666677778888", name="locked")
NEW = an_account("777788889999", name="new")
NAMES = [
    "MANIFEST.sha256",
    "README.txt",
    "audit-head.json",
    "audit.jsonl",
    "changes.jsonl",
    "controls.json",
    "coverage.json",
    "findings.csv",
    "findings.json",
    "findings.ocsf.json",
    "manifest.json",
    "waivers.json",
]


def fill(world: World) -> None:
    """A fix that was applied, a waiver in force, and an account of each sort."""
    world.fix(world.approved())
    locked = a_finding(
        Verdict.UNKNOWN, LOCKED, reasons=(Reason("access-denied", "AssumeRole: AccessDenied."),)
    )
    # The fix has left a finding of its own, which only a newer one takes the place of.
    fixed = a_finding(Verdict.PASS, checked_at=NOW + timedelta(minutes=1))
    found = [fixed, a_finding(Verdict.FAIL, LEDGER), locked]
    with world.engine.begin() as connection:
        accounts.save_accounts(connection, [an_account(), LEDGER, CLOSED, LOCKED, NEW], now=NOW)
        findings.save_findings(connection, [*found, a_finding(Verdict.SKIPPED, CLOSED)], scan_id="scan-1")
        waiver = a_waiver(WaiverState.PENDING, account_id=LEDGER.id, account_name=LEDGER.name)
        waivers.add_waiver(connection, waiver)
        waivers.move(
            connection,
            waiver.id,
            before=WaiverState.PENDING,
            after=WaiverState.GRANTED,
            decision=WaiverDecision(APPROVER, NOW),
        )


def packed(engine: Engine) -> bytes:
    file = io.BytesIO()
    facts = write_pack(engine, file, version="1.2.3", now=NOW)
    assert isinstance(facts, PackFacts)
    return file.getvalue()


@pytest.fixture(scope="module")
def filled(prepared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Made once: no test here writes to it."""
    file = shutil.copy(prepared_file, tmp_path_factory.mktemp("filled") / "bot.db")
    engine = build_engine(f"sqlite:///{file}")
    world = World(engine)
    fill(world)
    yield world
    engine.dispose()


@pytest.fixture(scope="module")
def archived(filled: World) -> bytes:
    return packed(filled.engine)


@pytest.fixture
def pack(archived: bytes, tmp_path: Path) -> Path:
    """The folder into which a pack was unzipped."""
    folder = tmp_path / "unzipped"
    with zipfile.ZipFile(io.BytesIO(archived)) as archive:
        archive.extractall(folder)
    return folder


def content(pack: Path, name: str) -> Any:
    return json.loads((pack / name).read_text("utf-8"))


def lines(pack: Path, name: str) -> list[Any]:
    return [json.loads(line) for line in (pack / name).read_text("utf-8").splitlines()]


def sums_are_right(pack: Path) -> bool:
    command = ["sha256sum", "--check", "--strict", "--quiet", "MANIFEST.sha256"]
    return subprocess.run(command, cwd=pack, capture_output=True, check=False).returncode == 0


def verified(pack: Path) -> ChainIntact | ChainBroken:
    with (pack / "audit.jsonl").open(encoding="utf-8") as trail:
        return verify_trail(trail)


needs_sha256sum = pytest.mark.skipif(shutil.which("sha256sum") is None, reason="macOS calls it shasum")


@needs_sha256sum
def test_the_sums_are_those_of_all_other_files_as_sha256sum_checks_them(pack: Path):
    listed = [line.split("  ")[1] for line in (pack / "MANIFEST.sha256").read_text().splitlines()]

    assert sorted(path.name for path in pack.iterdir()) == NAMES
    assert [*listed, "MANIFEST.sha256"] == [*NAMES[1:], "MANIFEST.sha256"]
    assert sums_are_right(pack)


@needs_sha256sum
@pytest.mark.parametrize("name", [name for name in NAMES if name != "MANIFEST.sha256"])
def test_one_changed_byte_in_any_file_is_found(pack: Path, name: str):
    changed = bytearray((pack / name).read_bytes())
    changed[len(changed) // 2] ^= 1
    (pack / name).write_bytes(changed)

    assert not sums_are_right(pack)


def test_the_manifest_says_the_same_to_programs(pack: Path):
    manifest = content(pack, "manifest.json")

    assert (manifest["schema"], manifest["version"]) == ("support-role/evidence/1", "1.2.3")
    assert manifest["made_at"] == "2026-03-02T10:00:00Z"
    sums = dict(reversed(line.split("  ")) for line in (pack / "MANIFEST.sha256").read_text().splitlines())  # type: ignore[arg-type]  # two to a line
    for each in manifest["files"]:
        assert each["bytes"] == (pack / each["file"]).stat().st_size
        assert each["sha256"] == sums[each["file"]]
    assert {each["file"] for each in manifest["files"]} == set(NAMES) - {"MANIFEST.sha256", "manifest.json"}


def test_the_chain_is_verified_from_its_file_alone_and_ends_where_the_pack_says(pack: Path):
    result, head = verified(pack), content(pack, "audit-head.json")

    assert result == ChainIntact(head["length"], head["head"])
    assert (head["intact"], head["problem"]) == (True, "")
    assert content(pack, "manifest.json")["chain"] == head


def test_the_readmes_own_script_verifies_the_chain(pack: Path):
    readme = (pack / "README.txt").read_text("utf-8")
    script = "\n".join(
        line.removeprefix("       ")
        for line in readme.partition("<<'END'\n")[2].partition("END\n")[0].splitlines()
    )

    def run() -> str:
        ended = subprocess.run(
            ["python3", "-c", script], cwd=pack, capture_output=True, text=True, check=False
        )
        return ended.stdout + ended.stderr

    good = run()
    trail = (pack / "audit.jsonl").read_text("utf-8")
    (pack / "audit.jsonl").write_text(trail.replace(APPROVER.user_id, "U0SOMEONE"), "utf-8")

    assert good == f"intact, head {content(pack, 'audit-head.json')['head']}\n"
    assert "broken at event 2" in run()


def test_a_chain_that_is_broken_is_said_to_be_and_the_pack_is_made(world: World, tmp_path: Path):
    fill(world)
    with world.engine.begin() as connection:
        connection.execute(
            text("UPDATE audit_events SET body = replace(body, 'U0ASKER', 'U0OTHER') WHERE seq = 1")
        )

    with zipfile.ZipFile(io.BytesIO(packed(world.engine))) as archive:
        archive.extractall(tmp_path / "broken")

    head = content(tmp_path / "broken", "audit-head.json")
    assert (head["intact"], head["problem"]) == (False, "Event 1: event 1 was changed after it was written.")
    assert "IS BROKEN. Event 1" in (tmp_path / "broken" / "README.txt").read_text("utf-8")
    assert isinstance(verified(tmp_path / "broken"), ChainBroken)


def test_findings_are_the_report_of_the_command_line_in_three_forms(pack: Path):
    report = content(pack, "findings.json")
    table = list(csv.DictReader(io.StringIO((pack / "findings.csv").read_text("utf-8"))))
    ocsf = content(pack, "findings.ocsf.json")

    ids = [PAYMENTS, LEDGER.id, CLOSED.id, LOCKED.id]
    verdicts = ["PASS", "WAIVED", "SKIPPED", "UNKNOWN"]
    assert report["schema"] == "support-role/check/1"
    assert [(f["account"]["id"], f["verdict"]) for f in report["findings"]] == [
        *zip(ids, verdicts, strict=True)
    ]
    assert [(row["account_id"], row["verdict"]) for row in table] == [*zip(ids, verdicts, strict=True)]
    assert [each["cloud"]["account"]["uid"] for each in ocsf] == ids
    assert report["summary"] == {"PASS": 1, "WEAK": 0, "FAIL": 0, "UNKNOWN": 1, "WAIVED": 1, "SKIPPED": 1}
    assert table[1]["account_name"] == "'=cmd()|ledger"


def test_coverage_names_every_account_that_was_not_checked_and_why(pack: Path):
    found = content(pack, "coverage.json")

    counts = {name: found[name] for name in ("in_scope", "checked", "unknown", "skipped", "never_checked")}
    assert counts == {"in_scope": 5, "checked": 2, "unknown": 1, "skipped": 1, "never_checked": 1}
    assert found["coverage_percent"] == 50
    (unknown,) = found["unknown_accounts"]
    assert (unknown["account"]["name"], unknown["reasons"][0]["code"]) == ("locked", "access-denied")
    assert [each["account"]["id"] for each in found["skipped_accounts"]] == [CLOSED.id]
    assert [each["name"] for each in found["never_checked_accounts"]] == ["new"]
    assert found["read_between"] == ["2026-03-02T10:00:00Z", "2026-03-02T10:01:00Z"]


def test_a_change_says_who_asked_who_approved_what_and_where_aws_knows_of_it(pack: Path, filled: World):
    (change,) = lines(pack, "changes.jsonl")

    request = filled.request(change["id"])
    assert (change["kind"], change["state"]) == ("fix", "applied")
    assert change["asked_by"]["user_id"] == ASKER.user_id
    assert change["decided_by"]["user_id"] == APPROVER.user_id
    assert change["plan_hash"] == change["decided_hash"] == request.approved_hash
    assert change["aws_request_ids"] == list(request.outcome.aws_request_ids) != []
    assert change["ended_at"]


def test_waivers_and_controls_are_there(pack: Path):
    (waiver,) = content(pack, "waivers.json")["waivers"]
    controls = content(pack, "controls.json")

    assert (waiver["owner"], waiver["in_force"], waiver["until"]) == (OWNER, True, "2026-03-31")
    assert (waiver["asked_by"]["user_id"], waiver["decided_by"]["user_id"]) == (
        ASKER.user_id,
        APPROVER.user_id,
    )
    assert (controls["datadog"], controls["security_hub"]) == ("def-000-fz8", "IAM.18")
    assert controls["cis"]["5.0"] == "1.16"


def test_nothing_of_how_accounts_are_reached_is_in_it(pack: Path):
    everything = "".join(path.read_text("utf-8") for path in pack.iterdir())

    assert EXTERNAL_ID not in everything
    assert "Scanner" not in everything


def test_the_same_state_at_the_same_time_gives_the_same_bytes(filled: World, archived: bytes):
    assert packed(filled.engine) == archived


def test_before_the_first_check_there_is_none(world: World):
    file = io.BytesIO()

    assert write_pack(world.engine, file, version="1", now=NOW) is None
    assert file.getvalue() == b""


def many(world: World, count: int) -> None:
    each = [an_account(f"{number:012d}", name="n" * 40) for number in range(count)]
    role = RoleFinding("arn:aws:iam::111122223333:role/" + "r" * 60, sound=True, trusts=("arn:" + "t" * 80,))

    def found(account: Account) -> Any:
        return a_finding(Verdict.PASS, account, roles=(role,), reasons=(Reason("code", "x" * 300),))

    with world.engine.begin() as connection:
        accounts.save_accounts(connection, each, now=NOW)
        findings.save_findings(connection, [found(account) for account in each], scan_id=f"scan-{count}")


def peak_of_a_pack(world: World, folder: Path) -> int:
    with (folder / "pack.zip").open("w+b") as file:
        tracemalloc.start()
        try:
            write_pack(world.engine, file, version="1", now=NOW)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_memory_does_not_grow_with_the_accounts(world: World, tmp_path: Path):
    """900 findings more are 1 MB more as JSON, and several times that as objects."""
    many(world, 600)
    few = peak_of_a_pack(world, tmp_path)
    many(world, 1_500)

    assert peak_of_a_pack(world, tmp_path) < few + 300_000


def test_what_is_written_meanwhile_is_not_in_it(world: World, monkeypatch: pytest.MonkeyPatch):
    fill(world)
    read_head = audit.read_head

    def write_on(*arguments: Any) -> Any:
        found = read_head(*arguments)
        World(world.engine, world.cloud, world.messenger).ask(PAYMENTS)
        return found

    monkeypatch.setattr(audit, "read_head", write_on)
    file = io.BytesIO()
    facts = write_pack(world.engine, file, version="1", now=NOW)
    monkeypatch.undo()

    assert facts is not None
    assert isinstance(facts.chain, ChainIntact)
    with world.engine.connect() as connection:
        assert audit.read_head(connection)[0] > facts.chain_length
    with zipfile.ZipFile(file) as archive:
        assert len(archive.read("audit.jsonl").splitlines()) == facts.chain_length


@pytest.mark.postgres
def test_it_is_the_same_on_postgresql(postgres_engine: Engine, world: World):
    on_postgresql = World(postgres_engine)
    fill(on_postgresql)
    fill(world)

    def read(engine: Engine, name: str) -> bytes:
        with zipfile.ZipFile(io.BytesIO(packed(engine))) as archive:
            return archive.read(name)

    for name in ("findings.json", "findings.csv", "coverage.json", "waivers.json"):
        assert read(on_postgresql.engine, name) == read(world.engine, name)
