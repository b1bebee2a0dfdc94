"""`check --explain` on the sandbox's AWS, which knows IAM's permissions: evidence, and stricter verdicts."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.sessions import AwsConfig, Credentials
from bot.domain.finding import Verdict
from bot.sandbox.aws.process import start_aws
from bot.sandbox.configuration import aws_environment, settings_toml
from bot.sandbox.landing_zone import ADMIN_ACCESS_KEY, ADMIN_ROLE, ADMIN_SECRET_KEY, arn_in, document
from bot.sandbox.slack.workspace import default_workspace
from bot.sandbox.world import sandbox_world
from bot.store import findings as findings_kept
from bot.store.engine import build_engine

Call = Callable[..., Any]
WORLD = sandbox_world()
FAILING, SOUND, FEDERATED, BOUNDED = (
    WORLD.story(name).id for name in ("payments-prod", "data-lake", "checkout-prod", "partner-portal")
)
ROLE = arn_in(SOUND, "role/SupportAccess")
DENY = document({"Effect": "Deny", "Action": "support:*", "Resource": "*"})


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws() as url:
        yield url


@pytest.fixture(autouse=True)
def sandbox(aws_url: str, empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot's own settings and credentials, in the sandbox."""
    for name, value in aws_environment(aws_url).items():
        monkeypatch.setenv(name, value)
    text = settings_toml(WORLD, default_workspace(), empty_folder)
    (empty_folder / "support-role.toml").write_text(text, "utf-8")


@pytest.fixture
def iam(sandbox: None) -> Any:
    """IAM of the account with the sound role, as its administrator."""
    sts = make_client("sts", AwsConfig(), make_session(Credentials(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY)))
    arn = arn_in(SOUND, f"role/{ADMIN_ROLE}")
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
    inside = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return make_client("iam", AwsConfig(), make_session(inside))


@pytest.fixture
def denied(iam: Any) -> Iterator[None]:
    """While it lasts, an inline policy of the sound role denies it AWS Support."""
    iam.put_role_policy(RoleName="SupportAccess", PolicyName="quarantine", PolicyDocument=DENY)
    yield
    iam.delete_role_policy(RoleName="SupportAccess", PolicyName="quarantine")


def findings(call: Call, *arguments: str) -> dict[str, Any]:
    """The findings of a check in JSON, by account id."""
    ended = call("check", "--format", "json", *arguments)
    assert ended.err == ""
    return {each["account"]["id"]: each for each in json.loads(ended.out)["findings"]}


def test_every_account_gets_its_evidence_and_keeps_its_verdict(call: Call) -> None:
    """The sandbox lets the bot make exactly the calls that `support-role iam` grants."""
    found = findings(call, "--explain")

    assert {key: each["verdict"] for key, each in found.items()} == {
        story.id: story.verdict for story in WORLD.stories
    }
    assert all(each["explanation"] for each in found.values())
    assert not [each for each in found.values() if "deep-unread" in str(each["notes"])]


def test_evidence_is_a_sentence_with_its_calls(call: Call) -> None:
    explanation = findings(call, SOUND, "--explain")[SOUND]["explanation"]

    manager = WORLD.story("data-lake").incident_manager
    assert {
        "text": f"{manager} can assume it, and exists.",
        "calls": [f"iam:GetRole {ROLE}", f"iam:GetRole {manager}"],
    } in explanation


def test_without_the_option_there_is_no_evidence_and_no_deeper_call(call: Call) -> None:
    assert "explanation" not in findings(call, SOUND)[SOUND]


def test_a_role_that_is_denied_support_is_weak_only_to_a_deeper_look(call: Call, denied: None) -> None:
    assert findings(call, SOUND)[SOUND]["verdict"] == "PASS"

    found = findings(call, SOUND, "--explain", "--fail-on", "weak")[SOUND]

    assert found["verdict"] == "WEAK"
    assert [reason["code"] for reason in found["reasons"]] == ["support-denied"]
    assert any(
        "quarantine denies support:* outright" in each["text"]
        and each["calls"] == [f"iam:GetRolePolicy {ROLE}"]
        for each in found["explanation"]
    )


def test_the_exit_code_goes_by_the_deeper_look(call: Call, denied: None) -> None:
    assert call("check", SOUND, "--strict").code == 0
    assert call("check", SOUND, "--strict", "--explain").code == 1


def test_what_a_deeper_look_adds_is_not_kept(call: Call, denied: None, empty_folder: Path) -> None:
    """The bot's own scans would turn the verdict back, and each look would be a change in its history."""
    call("check", SOUND, "--explain", "--save")

    engine = build_engine(f"sqlite:///{empty_folder / 'support-role.db'}")
    with engine.connect() as connection:
        assert findings_kept.read_verdicts(connection) == {SOUND: Verdict.PASS}
    engine.dispose()


def test_the_table_has_a_block_of_evidence_for_each_account_that_passes_too(call: Call) -> None:
    ended = call("check", FAILING, FEDERATED, BOUNDED, "--explain")

    lines = [line.strip() for line in ended.out.splitlines()]
    assert (ended.code, ended.err) == (1, "")
    assert lines.count("Evidence") == 3
    assert "? " not in ended.out
    assert f"{arn_in(FEDERATED, 'role/SupportFederated')}: sound" in lines
    assert f"iam:GetRole {arn_in(FEDERATED, 'role/SupportFederated')}" in lines
    assert "AWSSupportAccess is only the permissions boundary of role PortalRuntime." in ended.out
    assert "AdministratorAccess is on role OrganizationAccountAccessRole" in ended.out
    assert "CIS 1.22 (v1.1)" in lines[-1]


def test_a_stricter_verdict_says_what_it_would_be_without(call: Call, denied: None) -> None:
    out = call("check", SOUND, "--explain").out

    assert "Without the deeper look it would be PASS." in out
    assert "✗ Its inline policy quarantine denies support:* outright." in out


def test_json_lines_have_the_evidence_too(call: Call) -> None:
    (line,) = call("check", FAILING, "--explain", "--format", "jsonl").out.splitlines()

    first = json.loads(line)["explanation"][0]
    assert first["text"] == "No role carries AWSSupportAccess as a permissions policy."
    assert first["calls"] == ["iam:ListEntitiesForPolicy arn:aws:iam::aws:policy/AWSSupportAccess"]


def test_csv_has_no_place_for_evidence_and_says_so(call: Call) -> None:
    ended = call("check", FAILING, "--explain", "--format", "csv")

    assert "csv has no place for evidence" in ended.err
    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert row["notes"] == "other-access"
