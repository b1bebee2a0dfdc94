"""Secrets kept in AWS: Secrets Manager (`aws-sm://NAME#KEY`) and the parameter store (`aws-ssm:///NAME`)."""

import json
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.faults import from_botocore, unusable
from bot.aws.sessions import AwsConfig
from bot.domain.errors import AwsError

SECRET_ACTIONS = {"aws-sm": "secretsmanager:GetSecretValue", "aws-ssm": "ssm:GetParameter"}


def read_secret(reference: str, config: AwsConfig | None = None) -> str:
    """Fetch one secret with the bot's own credentials; AwsError when that fails, never with the secret in it.

    `#KEY` picks one value of a secret that is a JSON object, as Secrets Manager's console makes them.
    """
    scheme, _, rest = reference.partition("://")
    name, _, key = rest.partition("#")
    readers: dict[str, Callable[[str, AwsConfig], str]] = {"aws-sm": _read_sm, "aws-ssm": _read_ssm}
    if scheme not in readers or not name:
        raise AwsError("A secret's reference should be aws-sm://NAME or aws-ssm:///NAME.", "bad-reference")
    try:
        value = readers[scheme](name, config or AwsConfig())
    except (ClientError, BotoCoreError) as error:
        code = from_botocore(error).code
        step = f"Check the name, and allow {SECRET_ACTIONS[scheme]} to the bot (support-role iam)."
        raise AwsError(f"Reading the secret {scheme}://{name}: {code}. {step}", code) from error
    except ValueError as error:
        raise unusable(error) from error
    return _value_of(value, key, f"{scheme}://{name}") if key else value


def _read_sm(name: str, config: AwsConfig) -> str:
    client = make_client("secretsmanager", _in_region_of(name, config), make_session())
    answer = client.get_secret_value(SecretId=name)
    if "SecretString" not in answer:
        raise AwsError(f"The secret aws-sm://{name} is binary; it should be text.", "bad-secret")
    return str(answer["SecretString"])


def _read_ssm(name: str, config: AwsConfig) -> str:
    client = make_client("ssm", _in_region_of(name, config), make_session())
    return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])


def _in_region_of(name: str, config: AwsConfig) -> AwsConfig:
    """An ARN says in which Region its secret is kept."""
    parts = name.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return config
    return AwsConfig(parts[1], parts[3], config.connect_timeout, config.read_timeout, config.session_name)


def _value_of(text: str, key: str, reference: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError):
        raise AwsError(f"The secret {reference} is no JSON object with a key {key}.", "bad-secret") from None
    return str(value)
