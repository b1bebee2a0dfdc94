"""The sandbox's AWS, one process for a module, and plain boto3 to see it with."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.sessions import AwsConfig
from bot.domain.account import Access, Account, AccountId
from bot.domain.plan import Plan, RoleSettings, build_plan
from bot.sandbox.aws.process import start_aws
from bot.sandbox.aws.switches_client import AwsSwitches
from bot.sandbox.configuration import aws_environment
from bot.sandbox.landing_zone import (
    ACCESS_KEY,
    ADMIN_ACCESS_KEY,
    ADMIN_ROLE,
    ADMIN_SECRET_KEY,
    EXTERNAL_ID,
    INCIDENT_ROLE,
    REMEDIATION_ROLE,
    SCAN_ROLE,
    SECRET_KEY,
)

ACCOUNTS = 40


@dataclass(frozen=True)
class Keys:
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    token: str | None = None


ADMIN = Keys(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY)


@pytest.fixture(scope="module")
def aws_url() -> Iterator[str]:
    with start_aws(ACCOUNTS) as url:
        yield url


@pytest.fixture
def switches(aws_url: str) -> Iterator[AwsSwitches]:
    switches = AwsSwitches(aws_url)
    yield switches
    switches.throttle(0)
    switches.release()


@pytest.fixture(autouse=True)
def environment(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in aws_environment(aws_url).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def client(aws_url: str) -> Callable[..., Any]:
    """A boto3 client that asks once: what is refused is seen."""

    def make(service: str, keys: Keys | None = None, read_timeout: float = 20) -> Any:
        keys = keys or Keys()
        return boto3.client(
            service,
            endpoint_url=aws_url,
            region_name="us-east-1",
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            # botocore itself would refuse some of what is tried here.
            config=Config(
                retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=read_timeout
            ),
        )

    return make


@pytest.fixture
def enter(client: Callable[..., Any]) -> Callable[..., Keys]:
    """Keys of a session in a role, as the bot or, for its role, the administrator."""

    def assume(account_id: str, role: str = SCAN_ROLE, **more: Any) -> Keys:
        sts = client("sts", ADMIN if role == ADMIN_ROLE else None)
        if role != ADMIN_ROLE:
            more = {"ExternalId": EXTERNAL_ID, **more}
        answer = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/{role}", RoleSessionName="tests", **more
        )
        given = answer["Credentials"]
        return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    return assume


@pytest.fixture
def iam_in(client: Callable[..., Any], enter: Callable[..., Keys]) -> Callable[..., Any]:
    """IAM in an account, as somebody who may do anything there."""
    return lambda account_id, **more: client("iam", enter(account_id, ADMIN_ROLE), **more)


@pytest.fixture
def an_account() -> Callable[[str], Account]:
    def make(account_id: str) -> Account:
        return Account(
            AccountId(account_id),
            access=Access(SCAN_ROLE, REMEDIATION_ROLE, EXTERNAL_ID),
            trusted_principals=(f"arn:aws:iam::{account_id}:role/{INCIDENT_ROLE}",),
        )

    return make


@pytest.fixture
def a_plan(an_account: Callable[[str], Account]) -> Callable[..., Plan]:
    """The plan that the bot itself would make for an account as it is now."""

    def make(account_id: str, permissions_boundary: str = "") -> Plan:
        facts = Boto3Reader(AwsConfig(), lambda _: frozenset()).read_account(an_account(account_id))
        return build_plan(facts.account, RoleSettings(permissions_boundary=permissions_boundary), facts)

    return make
