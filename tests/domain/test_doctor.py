from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.doctor import (
    CHECKS,
    PERSON,
    Area,
    Diagnosis,
    Probe,
    Report,
    State,
    good,
    group,
    judge_clock,
    skipped,
    warning,
    wrong,
)

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def a_report(*found: Diagnosis) -> Report:
    return Report("0.1.0", NOW, group(found))


def refused(account: str, code: str = "AccessDenied") -> Diagnosis:
    text = f"SupportRoleScanner cannot be assumed ({code})"
    return wrong("aws.scan-role", text, "Deploy the role.", (account,))


def test_the_same_trouble_of_many_accounts_is_one_diagnosis():
    found = group([refused(f"account-{number:02d}") for number in range(37)])

    (one,) = found
    accounts = "37 accounts: account-00, account-01, account-02 and 34 more."
    assert one.sentence == f"SupportRoleScanner cannot be assumed (AccessDenied) in {accounts}"
    assert len(one.about) == 37


def test_troubles_that_differ_stay_apart():
    found = group([refused("a"), refused("b", "Throttling"), refused("c")])

    assert [each.about for each in found] == [("a", "c"), ("b",)]


def test_people_are_named_without_being_called_accounts():
    diagnosis = warning("slack.approvers", "A guest, and cannot approve", "", ("Gus (U0GUS)",), noun=PERSON)

    assert diagnosis.sentence == "A guest, and cannot approve: Gus (U0GUS)."


def test_diagnoses_come_in_the_order_of_the_checks_and_the_worst_of_one_first():
    found = group([good("aws.clock", "Fine."), skipped("store.reach", "No."), good("settings.read", "Read.")])
    of_one = group([good("aws.accounts", "a"), wrong("aws.accounts", "c"), warning("aws.accounts", "b")])

    assert [each.id for each in found] == ["settings.read", "store.reach", "aws.clock"]
    assert [each.state for each in of_one] == [State.WRONG, State.WARNING, State.OK]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([], 0),
        ([good("settings.read", "Read.")], 0),
        ([warning("settings.admins", "Nobody."), skipped("store.wal", "No.")], 0),
        ([wrong("slack.token", "Refused."), good("settings.read", "Read.")], 1),
        ([wrong("settings.read", "aws.partition should be …"), wrong("slack.token", "Refused.")], 2),
    ],
)
def test_exit_codes(found: list[Diagnosis], code: int):
    assert a_report(*found).exit_code == code


def test_the_headline_counts_what_there_is_of():
    one = a_report(wrong("slack.token", "No."), warning("store.wal", "No."), good("aws.clock", "Yes."))
    fine = a_report(good("aws.clock", "Yes."), skipped("store.wal", "No."))

    assert one.headline == "1 wrong · 1 warning · 1 all right"
    assert fine.headline == "Nothing is wrong · 1 all right · 1 not looked at"


def test_problems_are_what_is_wrong_and_then_what_is_warned_of():
    report = a_report(warning("settings.admins", "b"), good("store.reach", "c"), wrong("aws.clock", "a"))

    assert [each.text for each in report.problems] == ["a", "b"]


def test_json_is_the_documented_form():
    report = a_report(refused("payments"), good("settings.read", "Read."))

    assert report.as_json() == {
        "schema": "support-role/doctor/1",
        "version": "0.1.0",
        "at": "2026-01-31T09:00:00.000000Z",
        "checks": [
            {
                "id": "settings.read",
                "area": "settings",
                "state": "ok",
                "text": "Read.",
                "next_step": "",
                "about": [],
            },
            {
                "id": "aws.scan-role",
                "area": "aws",
                "state": "wrong",
                "text": "SupportRoleScanner cannot be assumed (AccessDenied) in 1 account: payments.",
                "next_step": "Deploy the role.",
                "about": ["payments"],
            },
        ],
        "summary": {"wrong": 1, "warning": 0, "ok": 1, "skipped": 0},
    }


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0, State.OK, "AWS's clock and this machine's agree to 1 s."),
        (-9, State.OK, "agree to 9 s"),
        (40, State.WARNING, "40 s behind AWS's clock"),
        (-60, State.WARNING, "60 s ahead of AWS's clock"),
        (61, State.WRONG, "61 s behind AWS's clock"),
        (-7200, State.WRONG, "7,200 s ahead of AWS's clock"),
    ],
)
def test_clocks_a_minute_apart_are_wrong(seconds: int, state: State, words: str):
    theirs = NOW + timedelta(seconds=seconds)

    found = judge_clock("aws.clock", theirs=theirs, ours=NOW, whose="AWS's clock")

    assert found.state is state
    assert words in found.text


def test_every_check_is_of_an_area():
    areas = {Diagnosis(check, State.OK, "").area for check in CHECKS}

    assert areas == set(Area)


def test_what_a_probe_did_not_lead_to_was_not_looked_at():
    probe = Probe("slack.token", lambda: (), opens=("slack.team", "slack.scopes"))

    (left,) = probe.unopened(["slack.team"])

    assert (left.id, left.state) == ("slack.scopes", State.SKIPPED)
    assert left.text == "Not looked at, since slack.token comes first."
