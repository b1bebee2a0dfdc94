"""STS: who gets in where, and what everybody else is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.landing_zone import ADMIN_ROLE, BOT_ARN, MANAGEMENT_ID, REMEDIATION_ROLE, SCAN_ROLE

PAYMENTS, ACQUIRED = "111122223333", "345634563456"


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_the_bot_is_a_user_of_the_management_account(client: Callable[..., Any]) -> None:
    who = client("sts").get_caller_identity()

    assert (who["Account"], who["Arn"], who["UserId"][:4]) == (MANAGEMENT_ID, BOT_ARN, "AIDA")


def test_a_session_is_in_the_account_of_its_role(
    client: Callable[..., Any], enter: Callable[..., Any]
) -> None:
    who = client("sts", enter(PAYMENTS)).get_caller_identity()

    assert who["Arn"] == f"arn:aws:sts::{PAYMENTS}:assumed-role/{SCAN_ROLE}/tests"
    assert who["UserId"].startswith("AROA")
    assert who["UserId"].endswith(":tests")


@pytest.mark.parametrize(
    ("account_id", "role", "more"),
    [
        (PAYMENTS, SCAN_ROLE, {"ExternalId": "another-company"}),
        (PAYMENTS, "NoSuchRole", {}),
        (ACQUIRED, SCAN_ROLE, {}),
        ("100000000001", SCAN_ROLE, {}),
        (PAYMENTS, "IncidentManager", {}),
    ],
    ids=["external id", "no such role", "not deployed", "no such account", "not for the bot"],
)
def test_every_denial_sounds_the_same(
    enter: Callable[..., Any], account_id: str, role: str, more: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as error:
        enter(account_id, role, **more)

    code, message = refusal(error)
    assert code == "AccessDenied"
    what = f"sts:AssumeRole on resource: arn:aws:iam::{account_id}:role/{role}"
    assert message.startswith(f"User: {BOT_ARN} is not authorized to perform: {what}")


def test_the_bot_cannot_become_an_administrator(client: Callable[..., Any]) -> None:
    """The role trusts the whole management account, but the bot's own policy does not name it."""
    arn = f"arn:aws:iam::{PAYMENTS}:role/{ADMIN_ROLE}"

    with pytest.raises(ClientError) as error:
        client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")

    assert "no identity-based policy allows the sts:AssumeRole action" in refusal(error)[1]


def test_a_source_identity_must_be_welcome(enter: Callable[..., Any]) -> None:
    assert enter(PAYMENTS, REMEDIATION_ROLE, SourceIdentity="U0ANAORTIZ").token

    with pytest.raises(ClientError) as error:
        enter(PAYMENTS, SCAN_ROLE, SourceIdentity="U0ANAORTIZ")

    assert "sts:SetSourceIdentity" in refusal(error)[1]


@pytest.mark.parametrize(
    ("more", "code", "about"),
    [
        ({"Policy": "{" + " " * 2048}, "ValidationError", "less than or equal to 2048"),
        ({"Policy": "{}"}, "MalformedPolicyDocument", "Syntax errors"),
        ({"DurationSeconds": 7200}, "ValidationError", "MaxSessionDuration"),
        ({"SourceIdentity": "two words"}, "ValidationError", "sourceIdentity"),
    ],
)
def test_sts_refuses_what_does_not_fit(
    enter: Callable[..., Any], more: dict[str, Any], code: str, about: str
) -> None:
    with pytest.raises(ClientError) as error:
        enter(PAYMENTS, REMEDIATION_ROLE, **more)

    assert refusal(error)[0] == code
    assert about in refusal(error)[1]


def test_keys_and_token_of_two_sessions_are_nobody_s(
    client: Callable[..., Any], enter: Callable[..., Any]
) -> None:
    mixed = replace(enter(PAYMENTS), token=enter("222233334444").token)

    with pytest.raises(ClientError) as error:
        client("iam", mixed).get_role(RoleName=SCAN_ROLE)

    assert refusal(error)[0] == "InvalidClientTokenId"


def test_a_role_that_is_denied_can_be_allowed_again(enter: Callable[..., Any], switches: AwsSwitches) -> None:
    switches.deny("222233334444", SCAN_ROLE)
    with pytest.raises(ClientError) as error:
        enter("222233334444")
    switches.allow("222233334444", SCAN_ROLE)

    assert refusal(error)[0] == "AccessDenied"
    assert enter("222233334444").token
