import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from building.plan_texts import READERS
from building.values import an_account

from bot.domain.account import AccountId, AccountState
from bot.domain.plan_forms import PlanForm

Call = Callable[..., Any]
ELSEWHERE = "444455556666"
TRUSTING = f"""\
[aws]
trusted_account_ids = ["{ELSEWHERE}"]
[remediation]
trusted_principals = ["arn:aws:iam::{ELSEWHERE}:role/Responder"]
"""
"""A principal that only IAM itself can look up: nothing but the account's own state can refuse its plan."""


@pytest.fixture
def failing(aws: Any, settings: Any) -> str:
    """An account without a support role, the only one in scope."""
    account: str = aws.kinds["fail-none"][0]
    settings(f'{TRUSTING}[[aws.accounts]]\nid = "{account}"\nname = "payments"\n')
    return account


def test_without_a_form_it_is_for_people_to_read(call: Call, failing: str) -> None:
    ended = call("plan", failing)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == f"A support role for payments ({failing})"
    assert f"arn:aws:iam::{failing}:role/aws-support-access" in ended.out
    assert f'"AWS": "arn:aws:iam::{ELSEWHERE}:role/Responder"' in ended.out
    assert f"/support-role fix {failing}" in ended.out


@pytest.mark.parametrize("form", list(PlanForm))
def test_every_form_is_printed_alone_so_that_it_can_be_piped(
    call: Call, failing: str, form: PlanForm
) -> None:
    ended = call("plan", "Payments", "--as", form.value)

    assert (ended.code, ended.err) == (0, "")
    made = READERS[form](ended.out)
    assert (made.account, made.name) == (failing, "aws-support-access")
    assert made.trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ELSEWHERE}:role/Responder"}


def test_the_plan_is_the_one_that_settings_ask_for(call: Call, failing: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("SUPPORT_ROLE_REMEDIATION__ROLE_PATH", "/support/")
    monkeypatch.setenv("SUPPORT_ROLE_REMEDIATION__REQUIRE_MFA", "true")

    plan = json.loads(call("plan", failing, "--as", "json").out)["plan"]

    assert plan["role_path"] == "/support/"
    assert "aws:MultiFactorAuthPresent" in plan["trust"]


def test_terraform_is_spaced_as_its_own_formatter_would(call: Call, failing: str) -> None:
    """What is checked in must pass `terraform fmt -check`."""
    lines = call("plan", failing, "--as", "terraform").out.splitlines()

    assert '    "Version" : "2012-10-17"' in lines
    assert not [line for line in lines if re.match(r' +"[^"]*":', line)]


def test_the_plans_hash_is_of_what_was_read(call: Call, aws: Any, settings: Any) -> None:
    weak = aws.kinds["fail-trust"][0]
    settings(f'{TRUSTING}[[aws.accounts]]\nid = "{weak}"\n')

    plan = json.loads(call("plan", weak, "--as", "json").out)

    nothing_there = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert plan["plan"]["fingerprint"] != nothing_there
    assert len(plan["hash"]) == 64


def test_an_account_with_a_sound_role_needs_none(call: Call, aws: Any, settings: Any) -> None:
    settings(aws.accounts("pass"))
    account = aws.kinds["pass"][0]

    ended = call("plan", account, "--as", "cli")

    assert (ended.code, ended.out) == (1, "")
    assert (
        ended.err == f"n{account[-4:]} ({account}) has a sound support role already: nothing is to be done.\n"
    )


def test_a_principal_that_does_not_exist_is_refused_with_what_would_help(
    call: Call, aws: Any, settings: Any
) -> None:
    settings(aws.accounts("fail-none"))
    account = aws.kinds["fail-none"][0]

    ended = call("plan", account, "--as", "terraform")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"arn:aws:iam::{account}:role/IncidentManager does not exist, so nobody could use the role.",
        "→ Create it, or correct remediation.trusted_principals.",
    ]


@pytest.mark.parametrize(("setting", "value"), [("MODE", "off"), ("PROTECTED_ACCOUNTS", '["{account}"]')])
def test_what_the_bot_may_not_fix_can_still_be_planned_for_people(
    call: Call, failing: str, monkeypatch: Any, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"SUPPORT_ROLE_REMEDIATION__{setting}", value.replace("{account}", failing))

    ended = call("plan", failing, "--as", "cli")

    assert (ended.code, "aws iam create-role" in ended.out) == (0, True)


def test_a_role_that_has_the_name_already_is_refused(
    call: Call, aws: Any, settings: Any, monkeypatch: Any
) -> None:
    weak = aws.kinds["fail-trust"][0]
    settings(f'{TRUSTING}[[aws.accounts]]\nid = "{weak}"\n')
    monkeypatch.setenv("SUPPORT_ROLE_REMEDIATION__ROLE_NAME", "SupportAutomation1")

    ended = call("plan", weak, "--as", "cli")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"A role named SupportAutomation1 exists in {weak}")


@pytest.mark.parametrize("kind", ["deny-assume", "deny-list", "deny-getrole"])
def test_an_account_that_cannot_be_read_is_neither_planned_nor_refused(
    call: Call, aws: Any, settings: Any, kind: str
) -> None:
    settings(aws.accounts(kind))
    account = aws.kinds[kind][0]

    ended = call("plan", account)

    assert (ended.code, ended.out) == (3, "")
    assert f"({account}) could not be read: " in ended.err
    assert "AccessDenied" in ended.err
    assert "\n→ " in ended.err


def test_an_account_that_is_closed_is_refused_with_that_as_the_reason(
    call: Call, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an organization knows: nothing of what a plan needs was read, and that is not the trouble."""
    closed = replace(an_account(), id=AccountId(failing), state=AccountState.SUSPENDED)
    monkeypatch.setattr("bot.aws.inventory.read_inventory", lambda *_: (closed,))

    ended = call("plan", failing)

    assert (ended.code, ended.out) == (1, "")
    assert "SUSPENDED" in ended.err
    assert "Try again" not in ended.err


def test_a_name_that_is_nearly_right_is_guessed(call: Call, failing: str) -> None:
    ended = call("plan", "paymnts")

    assert (ended.code, ended.out) == (2, "")
    assert "No account is called paymnts. Did you mean payments?" in ended.err


def test_a_name_that_two_accounts_have_is_asked_back(call: Call, aws: Any, settings: Any) -> None:
    one, other = aws.kinds["pass"][:2]
    settings("".join(f'[[aws.accounts]]\nid = "{each}"\nname = "twin"\n' for each in (one, other)))

    ended = call("plan", "twin")

    assert ended.code == 2
    assert f"2 accounts are called twin; say which by id: {one}, {other}" in ended.err


@pytest.mark.parametrize("word", ["ou:Prod", "verdict:fail", "tag:a=b", ""])
def test_it_takes_one_account_and_no_other_scope(call: Call, word: str) -> None:
    ended = call("plan", word)

    assert ended.code == 2
    assert "ACCOUNT is the id or the name of one account." in ended.err


def test_without_credentials_it_is_a_matter_of_configuration(call: Call) -> None:
    ended = call("plan", "111122223333")

    assert (ended.code, ended.out) == (2, "")
    assert "No AWS credentials were found." in ended.err


def test_a_name_cannot_move_a_terminals_cursor(call: Call, aws: Any, settings: Any) -> None:
    settings(f'{TRUSTING}[[aws.accounts]]\nid = "{aws.kinds["fail-none"][0]}"\nname = "a\\u001b[2Jb"\n')

    out = (
        call("plan", aws.kinds["fail-none"][0]).out
        + call("plan", aws.kinds["fail-none"][0], "--as", "cli").out
    )

    assert "\x1b" not in out
