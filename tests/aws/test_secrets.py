import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from botocore.stub import Stubber

from bot.aws import secrets
from bot.aws.boto3_reader import make_client, make_session
from bot.aws.secrets import read_secret
from bot.aws.sessions import AwsConfig
from bot.domain.errors import AwsError

Stubs = Callable[[str], Stubber]


@pytest.fixture
def stub() -> Iterator[Stubs]:
    """A boto3 client of a service, stubbed; the clients made from then on are this one."""
    with patch.object(secrets, "make_client") as made:

        def stubbed(service: str) -> Stubber:
            client = make_client(service, AwsConfig(region="eu-central-1"), make_session())
            made.side_effect = lambda name, *_: client if name == service else None
            stubber = Stubber(client)
            stubber.activate()
            return stubber

        yield stubbed


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        ("aws-sm://support-role/token", "plain"),
        ("aws-sm://support-role/token#bot", "xoxb-1"),
    ],
)
def test_a_secret_or_one_value_of_it_is_read(stub: Stubs, reference: str, wanted: str) -> None:
    text = json.dumps({"bot": "xoxb-1"}) if "#" in reference else "plain"
    stub("secretsmanager").add_response(
        "get_secret_value", {"SecretString": text}, {"SecretId": "support-role/token"}
    )

    assert read_secret(reference) == wanted


def test_a_parameter_is_read_decrypted(stub: Stubs) -> None:
    stub("ssm").add_response(
        "get_parameter",
        {"Parameter": {"Value": "shared"}},
        {"Name": "/support-role/external-id", "WithDecryption": True},
    )

    assert read_secret("aws-ssm:///support-role/external-id") == "shared"


def test_a_refusal_says_which_secret_and_what_to_allow(stub: Stubs) -> None:
    stub("secretsmanager").add_client_error("get_secret_value", "AccessDeniedException", http_status_code=400)

    with pytest.raises(AwsError) as raised:
        read_secret("aws-sm://support-role/token")

    assert "aws-sm://support-role/token: AccessDeniedException" in str(raised.value)
    assert "allow secretsmanager:GetSecretValue" in str(raised.value)


@pytest.mark.parametrize("text", ["hunter2", '["hunter2"]', '{"other": "hunter2"}'])
def test_a_secret_without_the_key_is_refused_and_not_shown(stub: Stubs, text: str) -> None:
    stub("secretsmanager").add_response("get_secret_value", {"SecretString": text}, {"SecretId": "token"})

    with pytest.raises(AwsError) as raised:
        read_secret("aws-sm://token#bot")

    assert "hunter2" not in str(raised.value)
    assert "no JSON object with a key bot" in str(raised.value)


def test_a_binary_secret_is_refused(stub: Stubs) -> None:
    stub("secretsmanager").add_response("get_secret_value", {"SecretBinary": b"\x00"}, {"SecretId": "token"})

    with pytest.raises(AwsError, match="binary"):
        read_secret("aws-sm://token")


def test_an_arn_says_in_which_region_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(service: str, config: AwsConfig, _: object) -> Any:
        asked.append((service, config.partition, config.region))
        raise AwsError("no client", "stop")

    monkeypatch.setattr(secrets, "make_client", refuse)
    with pytest.raises(AwsError):
        read_secret("aws-sm://arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:token-AbCdEf")

    assert asked == [("secretsmanager", "aws-cn", "cn-north-1")]


@pytest.mark.parametrize("reference", ["aws-sm://", "vault://token", "token"])
def test_what_is_no_reference_is_refused(reference: str) -> None:
    with pytest.raises(AwsError, match="should be aws-sm"):
        read_secret(reference)
