"""The same facts through plain boto3, one account after the other.

It is what the fast reader is held against in tests, and what reads an account before a write. Clients are
made for each account and thrown away: botocore's retry quota belongs to a client, so it stays the account's
own.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import boto3
import botocore.config
from botocore.handlers import json_decode_policies

from bot.aws.faults import BOTOCORE_FAILURES, CallError, UnreadableError, from_botocore
from bot.aws.inspection import Answer, Call, ProvidersNeeded, Steps, identify, inspect_account
from bot.aws.reader import utc_now
from bot.aws.sessions import AwsConfig, Credentials, Identity, botocore_session
from bot.domain.account import Account
from bot.domain.facts import AccountFacts

T = TypeVar("T")


def make_session(credentials: Credentials | None = None) -> boto3.session.Session:
    """A session with exactly these credentials, or with the caller's own."""
    core = botocore_session()
    if credentials is not None:
        core.set_credentials(credentials.access_key, credentials.secret_key, credentials.token)
    return boto3.session.Session(botocore_session=core)


def make_client(
    service: str, config: AwsConfig, session: boto3.session.Session, max_attempts: int = 8
) -> Any:
    """A client with bounded retries of its own; policies in its answers stay the text that IAM keeps."""
    client = session.client(
        service,
        region_name=config.region_in(session._session),  # noqa: SLF001 - boto3 hides the Region's default otherwise
        config=botocore.config.Config(
            connect_timeout=config.connect_timeout,
            read_timeout=config.read_timeout,
            retries={"mode": "standard", "total_max_attempts": max_attempts},
            user_agent_extra="support-role-bot",
        ),
    )
    # botocore would hand out parsed policies: what is hashed and compared is their text.
    client.meta.events.unregister("after-call.iam", json_decode_policies)
    return client


class Boto3Reader:
    """Reads accounts one by one. Any thread's, but one thread's at a time for each account."""

    def __init__(
        self,
        config: AwsConfig,
        providers_needed: ProvidersNeeded,
        now: Callable[[], datetime] = utc_now,
        max_attempts: int = 8,
    ) -> None:
        self.config = config
        self.providers_needed = providers_needed
        self.now = now
        self._max_attempts = max_attempts

    def read_accounts(self, accounts: Iterable[Account]) -> Iterator[AccountFacts]:
        return (self.read_account(account) for account in accounts)

    def read_account(self, account: Account) -> AccountFacts:
        """The facts of one account; whatever cannot be read is in the facts, never raised."""
        if not account.is_checked:
            return AccountFacts(account, self.now())
        try:
            caller = self.caller
        except UnreadableError as error:
            return AccountFacts(account, self.now(), unreadable=error.unreadable)
        name = self.config.session_name
        return self.run(inspect_account(account, caller, name, self.providers_needed, self.now))

    @cached_property
    def caller(self) -> Identity:
        """Whose the own credentials are; UnreadableError when AWS does not say."""
        return self.run(identify(self.config.partition))

    def run(self, steps: Steps[T]) -> T:
        """Make the calls of a plan, each with its own credentials."""
        clients = _Clients(self.config, self._max_attempts)
        try:
            call = next(steps)
            while True:
                try:
                    answer = clients.send(call)
                except CallError as error:
                    call = steps.throw(error)
                else:
                    call = steps.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result


class _Clients:
    """The clients of one plan of calls, by service and credentials."""

    def __init__(self, config: AwsConfig, max_attempts: int) -> None:
        self._config = config
        self._max_attempts = max_attempts
        self._made: dict[tuple[str, Credentials | None], Any] = {}

    def send(self, call: Call) -> Answer:
        client = self._client(call.service, call.credentials)
        method = _METHODS[call.operation]
        try:
            answer: Answer = getattr(client, method)(**call.parameters)
        except BOTOCORE_FAILURES as error:
            raise from_botocore(error) from error
        return answer

    def _client(self, service: str, credentials: Credentials | None) -> Any:
        key = (service, credentials)
        if key not in self._made:
            self._made[key] = make_client(
                service, self._config, make_session(credentials), self._max_attempts
            )
        return self._made[key]


_METHODS = {
    "AssumeRole": "assume_role",
    "GetCallerIdentity": "get_caller_identity",
    "GetPolicy": "get_policy",
    "GetPolicyVersion": "get_policy_version",
    "GetRole": "get_role",
    "GetRolePolicy": "get_role_policy",
    "GetUser": "get_user",
    "ListAttachedRolePolicies": "list_attached_role_policies",
    "ListEntitiesForPolicy": "list_entities_for_policy",
    "ListOpenIDConnectProviders": "list_open_id_connect_providers",
    "ListRolePolicies": "list_role_policies",
    "ListSAMLProviders": "list_saml_providers",
}
