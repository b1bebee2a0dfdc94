import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bot.cli.exit_codes import exit_code
from bot.domain.account import Account, AccountId
from bot.domain.finding import Finding, Verdict

Call = Callable[..., Any]
MIXED = ("pass:2", "fail-none", "fail-trust", "deny-assume")


def a_finding(verdict: Verdict) -> Finding:
    return Finding(Account(AccountId("111122223333")), verdict, None, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("verdicts", "fail_on", "strict", "code"),
    [
        (["PASS"], "fail", False, 0),
        (["PASS", "WEAK"], "fail", False, 0),
        (["PASS", "WEAK"], "weak", False, 1),
        (["PASS", "WEAK"], "fail", True, 1),
        (["PASS", "WEAK"], "never", True, 0),
        (["PASS", "FAIL"], "fail", False, 1),
        (["PASS", "FAIL"], "never", False, 0),
        (["PASS", "UNKNOWN"], "fail", False, 3),
        (["FAIL", "UNKNOWN"], "fail", False, 1),
        (["FAIL", "UNKNOWN"], "never", False, 3),
        (["WEAK", "UNKNOWN"], "fail", False, 3),
        (["PASS", "WAIVED", "SKIPPED"], "weak", True, 0),
    ],
)
def test_exit_codes(verdicts: list[str], fail_on: Any, strict: bool, code: int) -> None:  # noqa: FBT001 - a table
    findings = [a_finding(Verdict(each)) for each in verdicts]

    assert exit_code(findings, fail_on=fail_on, strict=strict) == code


def test_the_table_says_how_it_stands_and_puts_what_is_unknown_first(
    call: Call, aws: Any, settings: Any
) -> None:
    settings(aws.accounts(*MIXED))

    ended = call("check")

    lines = ended.out.splitlines()
    assert ended.code == 1
    assert lines[0] == (
        "1 of 5 accounts has no support role · 1 has only a weak one · 1 could not be read · coverage 80 %"
    )
    order = [line.split()[0] for line in lines if line[:1].isupper()]
    assert order == ["UNKNOWN", "FAIL", "WEAK", "PASS"]
    assert all(
        account in ended.out for kind in ("fail-none", "deny-assume") for account in aws.kinds[kind][:1]
    )
    assert f"→ Ask for the fix: /support-role fix {aws.kinds['fail-none'][0]}" in ended.out
    assert "AccessDenied" in ended.out
    assert ended.err == ""


def test_accounts_that_pass_are_only_counted_unless_few(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts("pass:30"))

    ended = call("check")

    assert ended.code == 0
    assert ended.out.splitlines()[0] == "All 30 accounts have a sound support role · coverage 100 %"
    assert aws.kinds["pass"][0] not in ended.out
    assert "PASS  30 accounts" in ended.out


def test_json_is_the_documented_report(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts(*MIXED))

    report = json.loads(call("check", "--format", "json").out)

    assert report["schema"] == "support-role/check/1"
    assert report["coverage"] == {"in_scope": 5, "checked": 4, "unknown": 1, "skipped": 0}
    verdicts = {each["account"]["id"]: each["verdict"] for each in report["findings"]}
    assert verdicts == {
        aws.kinds["pass"][0]: "PASS",
        aws.kinds["pass"][1]: "PASS",
        aws.kinds["fail-none"][0]: "FAIL",
        aws.kinds["fail-trust"][0]: "WEAK",
        aws.kinds["deny-assume"][0]: "UNKNOWN",
    }


def test_jsonl_and_csv_have_a_line_for_each_account_in_the_order_of_settings(
    call: Call, aws: Any, settings: Any
) -> None:
    settings(aws.accounts(*MIXED))

    lines = [json.loads(line) for line in call("check", "--format", "jsonl").out.splitlines()]
    rows = list(csv.DictReader(io.StringIO(call("check", "--format", "csv").out)))

    wanted = [aws.kinds["pass"][0], aws.kinds["pass"][1]]
    wanted += [aws.kinds[kind][0] for kind in ("fail-none", "fail-trust", "deny-assume")]
    assert [line["account"]["id"] for line in lines] == wanted
    assert [row["account_id"] for row in rows] == wanted


def test_a_scope_names_the_accounts_to_check(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts(*MIXED))
    failing = aws.kinds["fail-none"][0]

    by_id = call("check", failing, "--format", "csv")
    by_verdict = call("check", "verdict:fail", "--format", "csv")

    for ended in (by_id, by_verdict):
        assert [row.split(",", 1)[0] for row in ended.out.splitlines()[1:]] == [failing]


def test_a_scope_that_names_no_account_is_a_usage_error_with_all_that_is_wrong(
    call: Call, aws: Any, settings: Any
) -> None:
    settings(aws.accounts("pass"))

    ended = call("check", "nobody", "123456789012")

    assert ended.code == 2
    assert "nobody" in ended.err
    assert "123456789012" in ended.err


def test_without_settings_the_account_of_the_credentials_is_checked(call: Call, aws: Any) -> None:
    report = json.loads(call("check", "--format", "json").out)

    assert [each["account"]["id"] for each in report["findings"]] == ["999999999999"]


def test_without_credentials_it_is_configuration_that_lacks(call: Call) -> None:
    ended = call("check")

    assert ended.code == 2
    assert "Set AWS_PROFILE" in ended.err


def test_an_organization_that_cannot_be_listed_is_unknown_not_compliant(
    call: Call, aws: Any, settings: Any
) -> None:
    """This AWS knows no units: it denies ListRoots."""
    settings('[aws.organization]\nenabled = true\ninclude_ous = ["Prod"]\n')

    ended = call("check")

    assert ended.code == 3
    assert "AWS Organizations" in ended.err


def test_output_goes_to_a_file_whole_and_nothing_to_stdout(
    call: Call, aws: Any, settings: Any, empty_folder: Path
) -> None:
    settings(aws.accounts(*MIXED))
    (empty_folder / "report.json").write_text("the old one", "utf-8")

    ended = call("check", "--format", "json", "--output", "report.json")

    assert (ended.code, ended.out) == (1, "")
    assert len(json.loads((empty_folder / "report.json").read_text("utf-8"))["findings"]) == 5
    assert sorted(each.name for each in empty_folder.iterdir()) == ["report.json", "support-role.toml"]


def test_a_verdict_that_is_asked_for_does_not_hide_that_some_accounts_are_unknown(
    call: Call, aws: Any, settings: Any
) -> None:
    """What could not be read may fail as well: exit code 0 would say that nothing does."""
    settings(aws.accounts("pass", "deny-assume"))

    ended = call("check", "verdict:fail")

    assert (ended.code, ended.out) == (3, "No account has what was asked for\n")
    assert ended.err == "1 account could not be read and may belong here: see verdict:unknown.\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("--format", "asff", "--asff-region", "eu central"), "e.g. eu-central-1"),
        (("",), "Leave it out to check all accounts."),
        (("payments", " "), "Leave it out to check all accounts."),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(
    call: Call, line: tuple[str, ...], told: str
) -> None:
    ended = call("check", *line)

    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_a_table_in_a_file_has_no_colour(call: Call, aws: Any, settings: Any, empty_folder: Path) -> None:
    settings(aws.accounts(*MIXED))

    call("check", "--output", "report.txt")

    text = (empty_folder / "report.txt").read_text("utf-8")
    assert text.startswith("1 of 5 accounts")
    assert "\x1b" not in text


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_ctrl_c_prints_what_is_known_and_says_what_is_not(
    aws: Any, settings: Any, empty_folder: Path, form: str
) -> None:
    """A real process: the signal comes when some accounts are read and others are not."""
    settings(f"[check]\nconcurrency = 2\n{aws.accounts('pass:200')}")
    post(aws, "/_fake/reset")
    post(aws, "/_fake/config?latency_ms=60")
    command = [sys.executable, "-m", "bot", "check", "--format", form]
    try:
        with subprocess.Popen(
            command,
            cwd=empty_folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        ) as process:
            until(lambda: calls(aws, "GetRole") >= 4)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    finally:
        post(aws, "/_fake/config?latency_ms=0")

    assert process.returncode == 130
    assert "of 200 accounts were not read" in err
    assert "Traceback" not in err
    known, unread = counted(form, out)
    assert known >= 1
    assert known + unread == 200


def counted(form: str, out: str) -> tuple[int, int]:
    """How many accounts the output has as passed, and how many as not read."""
    if form == "table":
        assert "coverage 100 %" not in out
        unread = int(out.split("Interrupted: ")[1].split(maxsplit=1)[0])
        return int(out.split("PASS  ")[1].split(maxsplit=1)[0]), unread
    if form == "csv":
        verdicts = [row["verdict"] for row in csv.DictReader(io.StringIO(out))]
    else:
        findings = (
            json.loads(out)["findings"] if form == "json" else [json.loads(each) for each in out.splitlines()]
        )
        verdicts = [each["verdict"] for each in findings]
    return verdicts.count("PASS"), verdicts.count("UNKNOWN")


def post(aws: Any, path: str) -> None:
    with urlopen(Request(aws.url + path, method="POST")) as answer:
        assert answer.status == 200


def calls(aws: Any, action: str) -> int:
    with urlopen(aws.url + "/_fake/stats") as answer:
        stats = json.load(answer)
    return int(stats["per_action"].get(action, 0))
