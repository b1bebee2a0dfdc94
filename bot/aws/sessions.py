"""How AWS is called: region, time limits, whose credentials, and into which role.

Endpoints (AWS_ENDPOINT_URL…, FIPS, dual stack), proxies, the CA bundle and the caller's own credentials come
from botocore's chain, in both readers; nothing of that is configured twice.
"""

import logging
import os
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.loaders import Loader

from bot.aws.faults import BOTOCORE_FAILURES, CallError, Place, aws_error, from_botocore, unparseable
from bot.domain.account import Account
from bot.domain.errors import AwsError

# At DEBUG botocore logs session tokens and the keys that AssumeRole gives; at INFO, a line for every client.
logging.getLogger("botocore").setLevel(logging.WARNING)

HOME_REGIONS = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
"""Where each partition's IAM lives, for a caller who configured no Region."""


class ModelLoader(Loader):  # type: ignore[misc] # botocore has no types
    """Reads botocore's JSON models once a process: four fifths of what a client costs to make."""

    @property
    def search_paths(self) -> list[str]:
        # boto3 appends its own directory at every session: to a copy, or the list would grow without end.
        return [*super().search_paths]


MODELS = ModelLoader()


def botocore_session() -> botocore.session.Session:
    """A session of botocore's, with the caller's own configuration and credentials."""
    session = botocore.session.Session()
    session.register_component("data_loader", MODELS)
    return session


@dataclass(frozen=True, slots=True)
class AwsConfig:
    """Time limits in seconds are for one call. An empty region: botocore's, else the partition's home."""

    partition: str = "aws"
    region: str = ""
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    session_name: str = "support-role-bot"
    """`RoleSessionName` of scans, as it stands in the accounts' CloudTrail."""

    def region_in(self, session: botocore.session.Session) -> str:
        """The Region that calls are signed for; AWS_REGION counts too, which boto3 alone does not read."""
        configured = self.region or session.get_config_variable("region") or os.environ.get("AWS_REGION")
        return str(configured or HOME_REGIONS.get(self.partition, HOME_REGIONS["aws"]))


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of one session; botocore's signer reads these names. None of them shows in a `repr`."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose account a session is in."""

    account_id: str
    partition: str

    def is_in(self, account: Account) -> bool:
        return (self.account_id, self.partition) == (account.id, account.partition)


AssumeParameters = dict[str, str | int]
"""What boto3's `assume_role` takes."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What AssumeRole gave, and the account that it says it is in."""

    credentials: Credentials
    identity: Identity
    request_id: str = ""


def role_arn(account: Account, role: str) -> str:
    """The ARN of a role given by name, by path and name, or whole."""
    if role.startswith("arn:"):
        return role
    return f"arn:{account.partition}:iam::{account.id}:role/{role.lstrip('/')}"


def role_name(role: str) -> str:
    """The last part of a role given in any of these ways."""
    return role.rpartition("/")[2]


def parse_identity(arn: object) -> Identity:
    """Read partition and account from any ARN; CallError when it is none."""
    parts = arn.split(":") if isinstance(arn, str) else []
    if len(parts) < 6 or parts[0] != "arn" or not parts[4].isdigit():
        raise unparseable("an ARN that is none")
    return Identity(account_id=parts[4], partition=parts[1])


def assume_parameters(
    account: Account,
    role: str,
    *,
    session_name: str,
    duration: int = 900,
    source_identity: str = "",
    policy: str = "",
) -> AssumeParameters:
    """The parameters of AssumeRole; what is empty is left out, as STS refuses empty values."""
    optional = {
        "ExternalId": account.access.external_id,
        "SourceIdentity": source_identity,
        "Policy": policy,
    }
    return {
        "RoleArn": role_arn(account, role),
        "RoleSessionName": session_name,
        "DurationSeconds": duration,
        **{name: value for name, value in optional.items() if value},
    }


def parse_assumed(answer: Any) -> Assumed:
    """Read an AssumeRole answer, as botocore parses it; CallError when anything of it is missing."""
    try:
        keys = answer["Credentials"]
        credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        arn = answer["AssumedRoleUser"]["Arn"]
    except (KeyError, TypeError):
        raise unparseable("an answer without credentials") from None
    return Assumed(credentials, parse_identity(arn), answer.get("ResponseMetadata", {}).get("RequestId", ""))


def assume(sts: Any, account: Account, parameters: AssumeParameters) -> Assumed:
    """Assume a role through a boto3 STS client, by what `assume_parameters` gives.

    AwsError when it is refused, or (code `wrong-account`) when the session is not in the expected account.
    """
    place = Place(account, "sts", "AssumeRole", role=role_name(str(parameters["RoleArn"])))
    try:
        assumed = parse_assumed(sts.assume_role(**parameters))
    except BOTOCORE_FAILURES as error:
        raise aws_error(from_botocore(error), place) from error
    except CallError as error:
        raise aws_error(error, place) from error
    require_account(assumed.identity, place)
    return assumed


def require_account(identity: Identity, place: Place) -> None:
    """Raise AwsError `wrong-account` unless the session is where it should be."""
    if not identity.is_in(place.account):
        text = f"{place}: this is account {identity.account_id} in partition {identity.partition}"
        raise AwsError(
            f"{text}. Nothing was written; correct the account or its role in settings.", "wrong-account"
        )
