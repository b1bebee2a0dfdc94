"""The export: a file to whoever asked, in a direct message, with what it covers and how old it is."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from adapters.clock import FakeClock
from building.values import EXTERNAL_ID, NOW, a_finding, an_account, an_event
from building.waivers import a_waiver
from sqlalchemy import Connection, update

from bot import __version__
from bot.domain.export import FORMS
from bot.domain.finding import Reason, Verdict
from bot.domain.waiver import WaiverDecision, WaiverState
from bot.sandbox.slack import CLOUD_SECURITY, RANDOM, RILEY, default_workspace
from bot.sandbox.slack.messages import File
from bot.store import accounts, audit, findings, waivers
from bot.store.tables import audit_events
from tests.slack.listeners.workplace import LEDGER, PAYMENTS, Workplace, a_workplace, know

NEVER_READ = an_account("777788889999", name="new")


@pytest.fixture
def known(work: Workplace) -> Workplace:
    work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL), (LEDGER, Verdict.PASS)))
    return work


def files(work: Workplace) -> list[File]:
    return list(work.slack._site.state.files.values())


def rows(file: File) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.content.decode())))


def comment(work: Workplace) -> str:
    """What stands above the file, in the direct message."""
    site = work.slack._site
    (message,) = site.state.messages[site.state.dm_of(RILEY)].values()
    assert len(message.files) == 1
    return message.text


def test_without_a_word_it_is_a_table_for_a_spreadsheet_in_a_direct_message(known: Workplace):
    known.command("export")

    (file,) = files(known)
    assert file.name == "support-roles-2026-03-02-1000.csv"
    assert [(row["account_name"], row["verdict"]) for row in rows(file)] == [
        ("ledger", "PASS"),
        ("payments", "FAIL"),
    ]
    assert "2 findings, read 2026-03-02 10:00 UTC (just now)." in comment(known)
    assert "coverage 100 %" in comment(known)
    assert known.shown_in(CLOUD_SECURITY) == []
    assert "*Your file is there*" in known.told_to(RILEY)[-1]


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_holds_every_finding_and_not_how_accounts_are_reached(known: Workplace, form: str):
    known.command(f"export {form.upper()}")

    (file,) = files(known)
    text = file.content.decode()
    assert file.name.endswith(f".{FORMS[form][0]}")
    for account in (PAYMENTS, LEDGER):
        assert account.id in text
    assert EXTERNAL_ID not in text
    assert "Scanner" not in text


def test_json_is_the_report_of_the_command_line(known: Workplace):
    known.command("export json")

    report = json.loads(files(known)[0].content)
    assert report["schema"] == "support-role/check/1"
    assert report["coverage"] == {"in_scope": 2, "checked": 2, "unknown": 0, "skipped": 0}
    assert report["started_at"] == "2026-03-02T10:00:00Z"


@pytest.mark.parametrize("words", ["csv payments", "payments", "csv verdict:fail"])
def test_a_scope_can_follow(known: Workplace, words: str):
    known.command(f"export {words}")

    assert [row["account_name"] for row in rows(files(known)[0])] == ["payments"]
    assert "Only `" in comment(known)


def test_old_findings_and_accounts_that_were_not_read_are_said(known: Workplace):
    later = a_finding(Verdict.UNKNOWN, LEDGER, checked_at=NOW + timedelta(hours=2))
    known.change(lambda c: accounts.save_accounts(c, [PAYMENTS, LEDGER, NEVER_READ], now=NOW))
    known.change(lambda c: findings.save_findings(c, [later], scan_id="later"))

    known.command("export")

    said = comment(known)
    assert "2 findings, read 2026-03-02 10:00 UTC to 2026-03-02 12:00 UTC" in said
    assert "1 could not be read · coverage 33 %" in said
    assert "1 more in scope not checked yet, and not in the file." in said


def test_the_age_is_counted_from_now():
    with a_workplace(clock=FakeClock(NOW + timedelta(days=3))) as work:
        work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))

        work.command("export")

        assert "1 finding, read 2026-03-02 10:00 UTC (3 days ago)." in comment(work)


def test_a_waived_account_is_exported_as_waived(known: Workplace):
    decision = WaiverDecision(a_waiver().requester, NOW)

    def grant(connection: Connection) -> None:
        waiver = a_waiver(WaiverState.PENDING)
        waivers.add_waiver(connection, waiver)
        waivers.move(
            connection, waiver.id, before=WaiverState.PENDING, after=WaiverState.GRANTED, decision=decision
        )

    known.change(grant)

    known.command("export csv payments")

    assert [row["verdict"] for row in rows(files(known)[0])] == ["WAIVED"]


def test_hostile_names_are_cells_and_nothing_else(work: Workplace):
    hostile = replace(PAYMENTS, name='=HYPERLINK("x")\n<!channel>')
    finding = a_finding(Verdict.FAIL, hostile, reasons=(Reason("no-role", "\ud800"),))
    work.change(lambda c: accounts.save_accounts(c, [hostile], now=NOW))
    work.change(lambda c: findings.save_findings(c, [finding], scan_id="scan"))

    work.command("export csv")

    (row,) = rows(files(work)[0])
    assert row["account_name"] == '\'=HYPERLINK("x")\n<!channel>'
    assert row["why"] == "?"
    assert "<!channel>" not in comment(work)


def test_before_the_first_check_it_says_what_to_do(work: Workplace):
    work.command("export")

    assert files(work) == []
    (told,) = work.told_to(RILEY)
    assert "Nothing was checked yet." in told
    assert "/support-role status" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("xml", "No account is called xml."),
        ("jsno", "Did you mean /support-role export json?"),
        ("csv paymnets", "Did you mean payments?"),
    ],
)
def test_what_is_no_form_and_no_account_is_told_with_the_forms(known: Workplace, words: str, said: str):
    known.command(f"export {words}")

    (told,) = known.told_to(RILEY)
    assert said in told
    assert "Forms are csv, json, ocsf, asff" in told
    assert files(known) == []


def test_without_the_scope_for_files_the_way_out_is_told():
    workspace = default_workspace()
    scopes = tuple(scope for scope in workspace.bot.scopes if scope != "files:write")
    poorer = replace(workspace, bot=replace(workspace.bot, scopes=scopes))
    with a_workplace(workspace=poorer) as work:
        work.change(lambda connection: know(connection, (PAYMENTS, Verdict.FAIL)))

        work.command("export ocsf")

        (told,) = work.told_to(RILEY)
        assert "The app lacks the scope files:write." in told
        assert "support-role check --format ocsf" in told


@pytest.mark.parametrize("method", ["conversations.open", "files.completeUploadExternal"])
def test_an_upload_that_fails_is_told_and_nothing_is_said_to_be_there(known: Workplace, method: str):
    known.fail_next(method, "internal_error")

    known.command("export", channel=RANDOM)

    (told,) = known.told_to(RILEY)
    assert "*Nothing was exported*" in told
    assert "internal_error" in told


# --- the evidence pack ---------------------------------------------------------------------------------


def test_an_evidence_pack_is_a_zip_to_whoever_asked_and_says_how_to_check_it(known: Workplace):
    known.command("export Evidence")

    (file,) = files(known)
    assert file.name == "support-role-evidence-2026-03-02-1000.zip"
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.testzip() is None
        report = json.loads(archive.read("findings.json"))
        manifest = json.loads(archive.read("manifest.json"))
    assert [each["account"]["id"] for each in report["findings"]] == [PAYMENTS.id, LEDGER.id]
    assert manifest["made_at"] == "2026-03-02T10:00:00Z"
    assert manifest["version"] == __version__
    assert "*Evidence pack*: 2 findings" in comment(known)
    assert "Audit chain: 0 events, intact" in comment(known)
    assert known.shown_in(CLOUD_SECURITY) == []
    assert "*Your file is there*" in known.told_to(RILEY)[-1]


def test_a_broken_chain_is_said_above_the_pack(known: Workplace):
    known.change(lambda c: audit.record(c, an_event()))
    known.change(lambda c: c.execute(update(audit_events).values(kind="fix.denied")))

    known.command("export evidence")

    assert "*The audit chain is broken.* Event 1" in comment(known)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export evidence payments", "An evidence pack is about all accounts."),
        ("export evidnce", "Did you mean /support-role export evidence?"),
    ],
)
def test_an_evidence_pack_is_about_all_accounts(known: Workplace, words: str, said: str):
    known.command(words)

    assert said in known.told_to(RILEY)[-1]
    assert files(known) == []


def test_before_the_first_check_there_is_no_evidence(work: Workplace):
    work.command("export evidence")

    assert files(work) == []
    assert "Nothing was checked yet." in work.told_to(RILEY)[-1]


def test_a_pack_that_cannot_be_uploaded_has_a_way_out(known: Workplace):
    known.fail_next("files.completeUploadExternal", "internal_error")

    known.command("export evidence")

    (told,) = known.told_to(RILEY)
    assert "*No evidence was sent*" in told
    assert "support-role evidence --output support-role-evidence-2026-03-02-1000.zip" in told
