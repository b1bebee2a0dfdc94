"""The texts of a plan, read back by other tools: a shell, cfn-lint, YAML, HCL."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from building.plan_texts import READERS, made_by
from building.values import a_plan, an_account
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Account, AccountId
from bot.domain.canonical import canonical_json, sha256
from bot.domain.plan import Plan, RoleSettings
from bot.domain.plan_forms import PlanForm, problem_with_draft, write_plan

ALL_FORMS = pytest.mark.parametrize("form", list(PlanForm))
BOUNDARY = "arn:aws:iam::111122223333:policy/Boundary"
ROOT = "arn:aws:iam::111122223333:root"
HOSTILE = "x'\"`\\\n$(touch broken) ${self.id} %{ if } #{{resolve}} \u2028\u202e\x1b[31m\r\n&& touch broken #"
HOSTILE_PATHS = (
    "/a'b/",
    '/a"b\\/',
    "/$(touch${IFS}broken)/",
    "/${x}/%{y}/$${z}/%%{z}/",
    "/`id`/!!/#/",
    "/-->/*/",
)


def given_ids(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan that settings allow."""
    account_id = AccountId(draw(given_ids(r"\d{12}")))
    partition = draw(st.sampled_from(["aws", "aws-cn", "aws-us-gov"]))
    kinds = st.sampled_from(["role", "user", "saml-provider"])
    rest = given_ids(r"[\w+=,.@/-]{1,30}")
    arns = [
        f"arn:{partition}:iam::{account_id}:{kind}/{name}"
        for kind, name in draw(st.lists(st.tuples(kinds, rest), min_size=1, max_size=4, unique=True))
    ]
    role = RoleSettings(
        role_name=draw(given_ids(r"[\w+=,.@-]{1,64}")),
        role_path=draw(given_ids(r"/|/[!-~]{1,40}/")),
        permissions_boundary=draw(given_ids(r"|arn:aws:iam::aws:policy/[\w+=,.@/-]{1,40}")),
        require_mfa=draw(st.booleans()),
        max_session_seconds=draw(st.integers(3600, 43200)),
    )
    account = Account(account_id, partition=partition, trusted_principals=tuple(arns))
    return a_plan(account, role, fingerprint=draw(st.text("0123456789abcdef", max_size=8)))


@ALL_FORMS
@given(plan=plans(), name=st.text(max_size=80), is_draft=st.booleans())
def test_every_form_makes_the_planned_role_whatever_the_account_is_called(
    form: PlanForm,
    plan: Plan,
    name: str,
    is_draft: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    text = write_plan(plan, form, account_name=name, is_draft=is_draft)

    assert READERS[form](text) == made_by(plan, is_draft=is_draft)


@ALL_FORMS
@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_no_path_means_anything_to_what_reads_it(form: PlanForm, path: str) -> None:
    plan = a_plan(role=RoleSettings(role_path=path))

    assert READERS[form](write_plan(plan, form)).path == path


@ALL_FORMS
def test_values_beyond_what_settings_allow_are_harmless_too(form: PlanForm) -> None:
    plan = a_plan(role_name=f"{HOSTILE}'", permissions_boundary=HOSTILE.replace("\u2028\u202e", ""))

    text = write_plan(plan, form)

    if form is PlanForm.TERRAFORM:
        assert "\\U00002028" in text
        assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text)
    else:
        assert READERS[form](text) == made_by(plan)


@ALL_FORMS
def test_an_accounts_name_is_one_line_of_a_comment_without_any_mark_that_a_shell_knows(
    form: PlanForm,
) -> None:
    with_name = write_plan(a_plan(), form, account_name=HOSTILE).splitlines()
    without = write_plan(a_plan(), form).splitlines()

    new = [line for line in with_name if line not in without]
    if form is PlanForm.JSON:
        assert with_name == without
    else:
        assert new == [
            f"{without[with_name.index(new[0])]} x touch broken self.id if resolve 31m touch broken"
        ]
        assert new[0].startswith("# ")


def test_a_name_in_any_script_stays_readable() -> None:
    assert "111122223333 Zürich 支付 भुगतान\n" in write_plan(
        a_plan(), PlanForm.CLI, account_name="Zürich (支付): भुगतान"
    )


@ALL_FORMS
def test_a_plan_bears_its_hash_but_neither_request_nor_approver(form: PlanForm) -> None:
    plan = a_plan()

    text = write_plan(plan, form)

    assert READERS[form](text).tags == {
        "managed-by": "support-role-bot",
        "support-role-bot:plan": plan.short_hash,
    }


@ALL_FORMS
def test_a_draft_bears_no_hash_and_says_what_it_is(form: PlanForm) -> None:
    plan = a_plan()

    text = write_plan(plan, form, is_draft=True)

    assert plan.short_hash not in text
    assert READERS[form](text).tags == {"managed-by": "support-role-bot"}
    assert '"draft": true' in text or "# Draft of support-role-bot, made without reading the account" in text


def test_the_json_form_holds_every_field_and_the_hash_that_an_approver_approves() -> None:
    plan = a_plan(role=RoleSettings(permissions_boundary=BOUNDARY))

    value = json.loads(write_plan(plan, PlanForm.JSON))

    assert value["schema"] == "support-role/plan/1"
    assert value["role_arn"] == plan.role_arn
    assert Plan(**value["plan"]) == plan
    assert value["hash"] == plan.hash == sha256(canonical_json(value["plan"]))


@pytest.mark.parametrize(
    "role",
    [RoleSettings(), RoleSettings("-x", "/a$(b)/", BOUNDARY, require_mfa=True, max_session_seconds=43200)],
)
def test_cfn_lint_has_nothing_to_say_about_the_template(role: RoleSettings) -> None:
    text = write_plan(a_plan(role=role), PlanForm.CLOUDFORMATION, account_name=HOSTILE)

    found = lint(text, config=ManualArgs(include_checks=["I"], regions=["us-east-1"]))

    assert [str(each) for each in found] == []


@dataclass
class Shell:
    """A real shell in an empty folder, where `aws` writes down what it is called with."""

    folder: Path

    def run(self, script: str, caller: str, *, fails: str = "never") -> subprocess.CompletedProcess[str]:
        stub = self.folder / "aws"
        stub.write_text(
            "#!/bin/sh\n"
            f"[ \"$2\" = get-caller-identity ] && echo '{caller}' && exit\n"
            f"printf '%s\\0' \"$@\" >> '{self.folder}/calls'\n"
            f"printf '\\1' >> '{self.folder}/calls'\n"
            f'[ "$2" != {fails} ]\n'
        )
        stub.chmod(0o755)
        return subprocess.run(
            ["sh"],
            input=script,
            env={"PATH": f"{self.folder}:{os.environ['PATH']}"},
            cwd=self.folder,
            text=True,
            capture_output=True,
            check=False,
            timeout=30,
        )

    @property
    def calls(self) -> list[list[str]]:
        """The words of each call but the first to STS."""
        path = self.folder / "calls"
        text = path.read_text() if path.exists() else ""
        return [call.split("\0")[:-1] for call in text.split("\1")[:-1]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_a_real_shell_hands_every_value_over_letter_for_letter(shell: Shell, path: str) -> None:
    role = RoleSettings("-x", path, BOUNDARY, require_mfa=True, max_session_seconds=7200)
    plan = a_plan(role=role)

    ended = shell.run(
        write_plan(plan, PlanForm.CLI, account_name=HOSTILE),
        "arn:aws:sts::111122223333:assumed-role/Admin/me",
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert shell.calls == [
        [
            "iam",
            "create-role",
            "--role-name=-x",
            f"--path={path}",
            f"--assume-role-policy-document={plan.trust}",
            "--max-session-duration=7200",
            f"--permissions-boundary={BOUNDARY}",
            "--tags",
            "Key=managed-by,Value=support-role-bot",
            f"Key=support-role-bot:plan,Value={plan.short_hash}",
        ],
        ["iam", "attach-role-policy", "--role-name=-x", f"--policy-arn={plan.policy_arn}"],
    ]
    assert {each.name for each in shell.folder.iterdir()} == {"aws", "calls"}


@pytest.mark.parametrize(
    "caller",
    [
        "arn:aws:sts::444455556666:assumed-role/Admin/me",
        "arn:aws-cn:sts::111122223333:assumed-role/Admin/me",
        "arn:aws:iam::444455556666:user/111122223333:",
        "",
    ],
)
def test_the_script_stops_in_another_account_before_it_changes_anything(shell: Shell, caller: str) -> None:
    ended = shell.run(write_plan(a_plan(), PlanForm.CLI), caller)

    assert ended.returncode == 1
    assert ended.stderr == "These credentials are not of account 111122223333: nothing was changed.\n"
    assert shell.calls == []


def test_a_user_of_the_account_may_run_the_script_too(shell: Shell) -> None:
    ended = shell.run(write_plan(a_plan(), PlanForm.CLI), "arn:aws:iam::111122223333:user/me")

    assert ended.returncode == 0
    assert len(shell.calls) == 2


@pytest.mark.parametrize(("fails", "made"), [("create-role", 1), ("attach-role-policy", 2)])
def test_the_script_ends_with_the_first_call_that_fails_and_says_so(
    shell: Shell, fails: str, made: int
) -> None:
    ended = shell.run(write_plan(a_plan(), PlanForm.CLI), "arn:aws:iam::111122223333:root", fails=fails)

    assert ended.returncode == 1
    assert [call[1] for call in shell.calls][-1] == fails
    assert len(shell.calls) == made


WHOLE = "it is a whole account, where everybody with sts:AssumeRole would get in"


@pytest.mark.parametrize(
    ("principals", "said"),
    [
        ((), "No principal is configured for payments (111122223333), so nobody could use the role."),
        (
            (ROOT,),
            f"{ROOT} cannot be trusted: {WHOLE}; remediation.allow_account_root is off.",
        ),
        (("arn:aws:iam::111122223333:role/Responder",), ""),
    ],
)
def test_no_draft_is_handed_out_that_would_trust_what_a_fix_may_not(
    principals: tuple[str, ...], said: str
) -> None:
    assert problem_with_draft(an_account(trusted_principals=principals)) == said
