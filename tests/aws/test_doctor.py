"""AWS under the doctor's eyes, each trouble made real in the sandbox's AWS."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bot.aws import doctor
from bot.aws.doctor import aws_probes, sample
from bot.aws.doctor_account import NOTHING, SESSION_NAME
from bot.domain.account import Account, AccountId
from bot.domain.doctor import Diagnosis, State
from bot.flows.probing import run_probes
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.configuration import aws_environment
from bot.sandbox.landing_zone import (
    BOT_ARN,
    EXTERNAL_ID,
    MANAGEMENT_ID,
    REMEDIATION_ROLE,
    SCAN_ROLE,
    aws_managed,
)
from bot.settings import Settings

PAYMENTS, DATA, NETWORK, BATCH = "111122223333", "222233334444", "444455556666", "777788889999"
ACQUIRED, PORTAL = "345634563456", "234523452345"
TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": BOT_ARN},
    "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
}
ASKS = {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}
WITH_EXTERNAL_ID = {"Version": "2012-10-17", "Statement": [{**TRUST, "Condition": ASKS}]}
WITHOUT_EXTERNAL_ID = {"Version": "2012-10-17", "Statement": [TRUST]}


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws() as url:
        yield url


@pytest.fixture
def switches(aws_url: str, monkeypatch: pytest.MonkeyPatch, made_up_credentials: None) -> AwsSwitches:
    for name, value in aws_environment(aws_url).items():
        monkeypatch.setenv(name, value)
    return AwsSwitches(aws_url)


def examine(*account_ids: str, mode: str = "apply", **aws: Any) -> tuple[Diagnosis, ...]:
    accounts = [{"id": each} for each in account_ids]
    sections = {
        "aws": {"external_id": EXTERNAL_ID, "accounts": accounts, **aws},
        "remediation": {"mode": mode},
    }
    return run_probes(aws_probes(Settings.model_validate(sections)))


def states(found: tuple[Diagnosis, ...]) -> dict[str, set[State]]:
    return {
        check: {each.state for each in found if each.id == check} for check in {each.id for each in found}
    }


def of(check: str, found: tuple[Diagnosis, ...], state: State) -> list[Diagnosis]:
    return [each for each in found if each.id == check and each.state is state]


@pytest.mark.usefixtures("switches")
def test_an_account_in_which_all_is_right():
    found = examine(PAYMENTS)

    by_check = states(found)
    assert by_check.pop("aws.environment") == {State.WARNING}
    assert by_check.pop("aws.organization") == {State.SKIPPED}
    assert set(by_check) == set(doctor.CHECKS_OF_AWS) - {"aws.environment", "aws.organization"}
    assert set().union(*by_check.values()) == {State.OK}


def test_nothing_is_written_anywhere(switches: AwsSwitches):
    since = max((call.number for call in switches.calls()), default=0)

    examine(PAYMENTS)

    called = {call.action for call in switches.calls(since=since)}
    assert {"sts:AssumeRole", "iam:ListEntitiesForPolicy"} <= called
    verbs = {action.partition(":")[2] for action in called}
    assert {verb for verb in verbs if not verb.startswith(("Get", "List"))} == {"AssumeRole"}


@pytest.mark.usefixtures("switches")
def test_a_session_that_is_tried_may_do_nothing_at_all():
    arn = f"arn:aws:iam::{PAYMENTS}:role/{REMEDIATION_ROLE}"
    # A session of its own: the default one keeps the keys of whichever test was first.
    session = boto3.Session()
    keys = session.client("sts").assume_role(
        RoleArn=arn, RoleSessionName=SESSION_NAME, ExternalId=EXTERNAL_ID, Policy=NOTHING
    )["Credentials"]
    iam = session.client(
        "iam",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )

    with pytest.raises(ClientError, match="AccessDenied"):
        iam.get_role(RoleName="aws-support-access")


def test_sessions_of_the_role_that_fixes_are_held_to_nothing(switches: AwsSwitches):
    since = max((call.number for call in switches.calls()), default=0)

    examine(PAYMENTS)

    as_remediator = f":assumed-role/{REMEDIATION_ROLE}/"
    assert [call for call in switches.calls(since=since) if as_remediator in call.caller] == []


@pytest.fixture(scope="module")
def troubled(aws_url: str, empty_home: Path) -> tuple[Diagnosis, ...]:
    """What is found in an organization with a trouble of its own in each account."""
    switches = AwsSwitches(aws_url)
    switches.deny(DATA, REMEDIATION_ROLE)
    for role in (SCAN_ROLE, REMEDIATION_ROLE):
        switches.plant_role(NETWORK, role, WITHOUT_EXTERNAL_ID, (aws_managed("ReadOnlyAccess"),))
    switches.plant_role(BATCH, SCAN_ROLE, WITH_EXTERNAL_ID)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws_environment(aws_url).items():
            environment.setenv(name, value)
        return examine(DATA, NETWORK, BATCH, ACQUIRED, PORTAL, MANAGEMENT_ID)


def test_roles_that_were_never_deployed_are_named_with_their_account(troubled: tuple[Diagnosis, ...]):
    (scan,) = [each for each in of("aws.scan-role", troubled, State.WRONG) if "assumed" in each.text]
    (fix,) = of("aws.remediation-role", troubled, State.WRONG)

    assert scan.sentence == f"{SCAN_ROLE} cannot be assumed (AccessDenied) in 1 account: {ACQUIRED}."
    assert fix.about == (DATA, ACQUIRED)
    assert "support-role iam" in scan.next_step
    assert ACQUIRED in {
        each for found in of("aws.principals", troubled, State.SKIPPED) for each in found.about
    }


def test_a_remediation_role_that_is_denied_says_nothing_of_the_scan_role(troubled: tuple[Diagnosis, ...]):
    assert DATA in of("aws.remediation-role", troubled, State.WRONG)[0].about
    assert DATA not in {each for found in of("aws.scan-role", troubled, State.WRONG) for each in found.about}


def test_roles_that_let_anybody_in_without_the_external_id_are_warned_of(troubled: tuple[Diagnosis, ...]):
    found = of("aws.external-id", troubled, State.WARNING)

    assert sorted(each.sentence for each in found) == [
        f"{REMEDIATION_ROLE} can be assumed without the external id in 1 account: {NETWORK}.",
        f"{SCAN_ROLE} can be assumed without the external id in 1 account: {NETWORK}.",
    ]


def test_a_scan_role_that_lacks_permissions_is_told_call_by_call(troubled: tuple[Diagnosis, ...]):
    found = [each for each in of("aws.scan-role", troubled, State.WRONG) if each.about == (BATCH,)]

    told = {each.text for each in found}
    assert f"{SCAN_ROLE} may not call iam:ListEntitiesForPolicy (AccessDenied)" in told
    assert len(told) == 7


def test_a_principal_that_a_fix_would_trust_and_that_is_not_there(troubled: tuple[Diagnosis, ...]):
    (found,) = of("aws.principals", troubled, State.WRONG)

    what = "arn:aws:iam::{account_id}:role/IncidentManager does not exist"
    assert found.sentence == f"{what} in 1 account: {PORTAL}."


def test_the_bots_own_account_is_read_with_its_own_credentials(troubled: tuple[Diagnosis, ...]):
    (own,) = [each for each in of("aws.scan-role", troubled, State.OK) if each.about == (MANAGEMENT_ID,)]

    assert own.text == "The bot's own credentials may read what a check needs"
    assert (MANAGEMENT_ID,) in {each.about for each in of("aws.remediation-role", troubled, State.SKIPPED)}


@pytest.mark.usefixtures("switches")
def test_without_an_external_id_in_settings_there_is_none_to_ask_for():
    found = examine(PAYMENTS, external_id="")

    assert states(found)["aws.scan-role"] == {State.WRONG}
    assert "aws.external-id" not in {each.id for each in found if each.state is State.WARNING}


@pytest.mark.usefixtures("switches")
def test_with_fixes_off_only_what_a_check_needs_is_tried():
    found = states(examine(PAYMENTS, mode="off"))

    assert found["aws.scan-role"] == {State.OK}
    assert found["aws.remediation-role"] == found["aws.principals"] == {State.SKIPPED}


@pytest.mark.usefixtures("switches")
def test_the_organization_is_listed_and_what_was_not_tried_is_counted():
    settings = Settings.model_validate(
        {
            "aws": {"external_id": EXTERNAL_ID, "organization": {"enabled": True}},
            "remediation": {"mode": "off"},
        }
    )

    found = run_probes(aws_probes(settings, most_accounts=1))

    assert states(found)["aws.organization"] == {State.OK}
    (told,) = of("aws.accounts", found, State.OK)
    assert told.text == (
        "13 accounts are in scope, 1 of them not active; 1 of these tried, 11 not (--accounts 12)."
    )
    assert sum(len(each.about) for each in found if each.id == "aws.scan-role") == 1


@pytest.mark.parametrize("operation", ["ListAccounts", "DescribeAccount"])
def test_an_organization_that_refuses_is_wrong(switches: AwsSwitches, operation: str):
    switches.fail(f"organizations:{operation}", "AccessDeniedException", times=2)
    settings = Settings.model_validate({"aws": {"organization": {"enabled": True}}})

    found = run_probes(aws_probes(settings))

    assert f"{operation} in AWS Organizations: AccessDeniedException." in {each.text for each in found}
    if operation == "ListAccounts":
        assert states(found)["aws.scan-role"] == {State.SKIPPED}


@pytest.mark.usefixtures("switches")
def test_another_partition_than_the_configured_one_is_wrong_and_nothing_is_assumed_there():
    found = examine(PAYMENTS, partition="aws-us-gov")

    (wrong,) = of("aws.partition", found, State.WRONG)
    assert wrong.text == "The credentials are in partition aws, and aws.partition is aws-us-gov."
    assert states(found)["aws.scan-role"] == {State.SKIPPED}


@pytest.mark.usefixtures("switches")
def test_credentials_that_aws_does_not_know_are_wrong(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS1")

    found = examine(PAYMENTS)

    (told,) = of("aws.credentials", found, State.WRONG)
    assert told.text == "AWS does not take the bot's own credentials: InvalidClientTokenId."
    assert states(found)["aws.clock"] == {State.OK}
    assert states(found)["aws.accounts"] == {State.SKIPPED}
    assert "AKIANOBODY" not in str(found)


def test_without_credentials_it_says_how_to_give_some(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    (told,) = of("aws.credentials", examine(PAYMENTS), State.WRONG)

    assert "NoCredentialsError" in told.text
    assert "AWS_PROFILE" in told.next_step


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv(name, "nobody")

    found = examine(PAYMENTS)

    assert states(found)["aws.credentials"] == {State.WRONG}
    assert "AWS_PROFILE" in of("aws.credentials", found, State.WRONG)[0].next_step


@pytest.mark.parametrize(
    ("variables", "state", "words"),
    [
        ({}, State.OK, "Calls go to sts."),
        (
            {"AWS_ENDPOINT_URL_STS": "https://vpce-0abc.sts.eu-central-1.vpce.amazonaws.com"},
            State.OK,
            "vpce-0abc.sts",
        ),
        (
            {"AWS_ENDPOINT_URL": "http://user:hunter22@10.1.2.3:4566"},
            State.WARNING,
            "10.1.2.3:4566, not to AWS",
        ),
        (
            {"AWS_ENDPOINT_URL_IAM": "https://amazonaws.com.evil.example"},
            State.WARNING,
            "evil.example, not to",
        ),
        ({"AWS_CA_BUNDLE": "/no/such/bundle.pem"}, State.WRONG, "AWS_CA_BUNDLE names /no/such/bundle.pem"),
        (
            {"HTTPS_PROXY": "http://user:hunter22@proxy.example:3128"},
            State.OK,
            "the proxy proxy.example:3128",
        ),
        ({"AWS_ENDPOINT_URL": "nonsense"}, State.WRONG, "No AWS client can be made"),
    ],
)
def test_where_calls_go(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], state: State, words: str):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    environment, _ = aws_probes(Settings())

    found = [each for each in environment.look() if isinstance(each, Diagnosis) and each.state is state]

    assert any(words in each.text for each in found)
    assert "hunter22" not in str(found)


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Sat, 31 Jan 2026 09:00:01 GMT", State.OK),
        ("Sat, 31 Jan 2026 09:02:00 GMT", State.WRONG),
        ("", State.SKIPPED),
    ],
)
def test_the_time_of_awss_answer_is_compared_with_ours(date: str, state: State):
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    assert doctor._clock(answer, datetime(2026, 1, 31, 9, tzinfo=UTC)).state is state


def test_a_root_user_can_assume_nothing():
    assert doctor._judge_caller(f"arn:aws:iam::{PAYMENTS}:root").state is State.WRONG


def test_a_sample_is_spread_evenly_and_the_same_each_time():
    accounts = [Account(AccountId(f"{number:012d}")) for number in range(10)]

    assert [int(each.id) for each in sample(accounts, 4)] == [0, 2, 5, 7]
    assert sample(accounts, 10) == accounts
    assert list(sample(accounts, 0)) == []
