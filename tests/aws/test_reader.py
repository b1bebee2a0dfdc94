"""The fast reader, many accounts at once."""

import asyncio
import csv
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.reader import Reader, ReaderLimits
from bot.aws.sessions import AwsConfig
from bot.domain.account import Account, AccountId
from bot.domain.errors import AwsError
from bot.domain.facts import AccountFacts, UnreadableCode
from bot.domain.rule import evaluate, providers_needed

BENCH = Path(__file__).parents[2] / "bench" / "fake_aws.py"
OWN_ACCOUNT = "999999999999"
EVERY_KIND = 10


@pytest.fixture(scope="module")
def expected() -> dict[str, tuple[str, str]]:
    """Kind and right verdict of each of the fake's accounts."""
    command = [sys.executable, str(BENCH), "expected", "--accounts", "2000"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {row["account"]: (row["kind"], row["verdict"]) for row in csv.DictReader(listed.splitlines())}


def verdicts(facts: dict[str, AccountFacts]) -> dict[str, str]:
    scope = frozenset(AccountId(account_id) for account_id in facts)
    return {account_id: evaluate(each, in_scope=scope).verdict.value for account_id, each in facts.items()}


def test_every_account_gets_its_verdict_while_aws_throttles_and_fails(
    fake: Any,
    expected: dict[str, tuple[str, str]],
    an_account: Any,
    read_fast: Any,
) -> None:
    fake.configure(rate_sts=600, rate_account=2, error_rate=0.02)

    facts = read_fast((an_account(account_id) for account_id in expected), providers_needed)

    assert verdicts(facts) == {account_id: verdict for account_id, (_, verdict) in expected.items()}


def test_no_account_is_lost_when_sts_allows_far_less_than_it_should(
    fake: Any,
    expected: dict[str, tuple[str, str]],
    an_account: Any,
    read_fast: Any,
) -> None:
    fake.configure(rate_sts=100)
    some = list(expected)[:300]

    facts = read_fast([an_account(account_id) for account_id in some], providers_needed)

    assert verdicts(facts) == {account_id: expected[account_id][1] for account_id in some}


def test_both_readers_read_the_same_of_every_kind_of_account(
    fake: Any,
    expected: dict[str, tuple[str, str]],
    an_account: Any,
    read_fast: Any,
) -> None:
    one_of_each = {kind: account_id for account_id, (kind, _) in expected.items()}
    accounts = [an_account(account_id) for account_id in (*one_of_each.values(), OWN_ACCOUNT)]

    fast = read_fast(accounts, providers_needed)
    reference = {
        facts.account.id: facts
        for facts in Boto3Reader(AwsConfig(), providers_needed).read_accounts(accounts)
    }

    assert len(one_of_each) == EVERY_KIND
    for account_id, facts in fast.items():
        assert replace(facts, read_at=reference[account_id].read_at) == reference[account_id]


def test_an_account_is_never_read_with_the_credentials_of_another(
    aws: Any,
    an_account: Any,
    read_fast: Any,
) -> None:
    """Every answer names the account whose keys signed the call, every call fails at first, all at once."""
    failed: set[tuple[str, str]] = set()

    def after_a_failure(sent: Any) -> Any:
        target = sent.parameters.get("RoleArn", sent.account)
        if (sent.action, target) not in failed:
            failed.add((sent.action, target))
            return aws.error("Throttling", 400)
        if sent.action == "GetRole":
            assert sent.parameters["RoleName"] == f"Support-of-{sent.account}"
            return aws.role(sent.parameters["RoleName"], account=sent.account)
        if sent.action == "ListEntitiesForPolicy":
            return aws.entities([f"Support-of-{sent.account}"])
        return aws.assumed(target.split(":")[4])

    for action in ("AssumeRole", "ListEntitiesForPolicy", "GetRole"):
        aws.on(action, after_a_failure)
    ids = [str(200_000_000_000 + number) for number in range(60)]

    facts = read_fast([an_account(each) for each in ids], concurrency=20, first_backoff=0.01)

    assert {each: [role.name for role in facts[each].roles] for each in ids} == {
        each: [f"Support-of-{each}"] for each in ids
    }


def test_no_more_accounts_are_held_than_may_be_in_flight(fake: Any, an_account: Any) -> None:
    taken = 0

    def accounts() -> Iterator[Account]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield an_account(str(100_000_000_000 + number))

    async def read() -> int:
        given = most = 0
        limits = ReaderLimits(concurrency=8)
        async with Reader(AwsConfig(), providers_needed, limits) as reader:
            async for _ in reader.read_accounts(accounts()):
                most = max(most, taken - given)
                given += 1
        return most

    assert asyncio.run(read()) == 8
    assert taken == 200


def test_an_account_that_takes_too_long_is_a_timeout_and_keeps_nobody_waiting(
    aws: Any,
    an_account: Any,
    read_fast: Any,
) -> None:
    released = threading.Event()

    def slow_for_one(sent: Any) -> Any:
        if sent.account == "111111111111":
            released.wait(10)
        return aws.entities()

    aws.on("ListEntitiesForPolicy", slow_for_one)
    try:
        facts = read_fast([an_account("111111111111"), an_account("222222222222")], account_seconds=1.5)
    finally:
        released.set()

    assert facts["222222222222"].unreadable is None
    assert facts["111111111111"].unreadable.code is UnreadableCode.TIMEOUT
    assert facts["111111111111"].unreadable.text == (
        "ListEntitiesForPolicy as SupportRoleScanner in 111111111111: no answer for good within 1.5 s"
    )


@pytest.mark.parametrize(
    ("answer", "calls"),
    [(("Throttling", 400), 4), (("InternalFailure", 500), 3), (("AccessDenied", 403), 1)],
)
def test_only_what_may_pass_is_tried_again_and_not_for_ever(
    aws: Any,
    an_account: Any,
    read_fast: Any,
    answer: Any,
    calls: int,
) -> None:
    aws.on("ListEntitiesForPolicy", aws.error(*answer))

    read_fast([an_account()], max_attempts=3, max_throttled=4, first_backoff=0.001)

    assert len(aws.calls("ListEntitiesForPolicy")) == calls


def test_a_reader_that_is_left_early_makes_no_further_calls(aws: Any, an_account: Any) -> None:
    async def read_one() -> None:
        async with Reader(AwsConfig(), providers_needed, ReaderLimits(concurrency=2)) as reader:
            accounts = (an_account(str(200_000_000_000 + number)) for number in range(50))
            async with aclosing(reader.read_accounts(accounts)) as found:
                await anext(found)

    asyncio.run(read_one())

    assert len(aws.calls("AssumeRole")) <= 3


def test_the_callers_own_identity_is_asked_for_once(aws: Any, an_account: Any, read_fast: Any) -> None:
    read_fast([an_account(str(200_000_000_000 + number)) for number in range(20)])

    assert len(aws.calls("GetCallerIdentity")) == 1


def test_keys_that_aws_refuses_make_every_account_unknown(aws: Any, an_account: Any, read_fast: Any) -> None:
    aws.on("GetCallerIdentity", aws.error("InvalidClientTokenId"))

    facts = read_fast([an_account("111111111111"), an_account("222222222222")])

    for each in facts.values():
        assert each.unreadable.code is UnreadableCode.ACCESS_DENIED
        assert each.unreadable.next_step.startswith("Check the bot's own AWS credentials")


def test_without_any_credentials_there_is_no_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    with pytest.raises(AwsError, match="No AWS credentials were found") as raised:
        Reader(AwsConfig(), providers_needed)

    assert raised.value.code == "no-credentials"


def test_the_fast_reader_does_not_load_boto3() -> None:
    code = "import sys, bot.aws.reader; print('boto3' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
