"""AWS under the doctor's eyes: whose credentials these are, and for which accounts. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.doctor_account import ATTEMPTS, CHECKS_OF_ACCOUNTS, SESSION_NAME, AccountDoctor
from bot.aws.doctor_environment import look_at_environment
from bot.aws.faults import BOTOCORE_FAILURES, CallError, Place, from_botocore, next_step
from bot.aws.inspection import Answer
from bot.aws.inventory import read_inventory
from bot.aws.reader import utc_now
from bot.aws.sessions import AwsConfig, Identity, parse_identity
from bot.domain.account import Account, AccountId
from bot.domain.doctor import CHECKS, Diagnosis, Probe, good, judge_clock, skipped, wrong
from bot.domain.errors import AwsError
from bot.settings import Settings

MOST_ACCOUNTS = 50
"""So many are tried unless more are asked for."""
INVENTORY_SECONDS = 120.0
"""Organizations lists 20 accounts at a time and some eight pages a second."""
CHECKS_OF_AWS = tuple(check for check in CHECKS if check.startswith("aws."))
Inventory = Callable[[], tuple[Account, ...]]


def aws_probes(
    settings: Settings, *, most_accounts: int = MOST_ACCOUNTS, inventory: Inventory | None = None
) -> tuple[Probe, ...]:
    """Looks at AWS. `inventory` gives the accounts in scope; without it, settings and Organizations do."""
    config = AwsConfig(
        partition=settings.aws.partition, connect_timeout=4.0, read_timeout=8.0, session_name=SESSION_NAME
    )
    known = inventory or (lambda: read_inventory(settings, config))
    doctor = _AwsDoctor(settings, config, known, most_accounts)
    opens = tuple(check for check in CHECKS_OF_AWS if check not in ("aws.environment", "aws.credentials"))
    return (
        Probe("aws.environment", lambda: look_at_environment(config, organization=doctor.has_organization)),
        Probe("aws.credentials", doctor.credentials, opens),
    )


@dataclass(frozen=True, slots=True)
class _AwsDoctor:
    settings: Settings
    config: AwsConfig
    inventory: Inventory
    most_accounts: int

    @property
    def has_organization(self) -> bool:
        return self.settings.aws.organization.enabled

    def credentials(self) -> Iterator[Diagnosis | Probe]:
        check = "aws.credentials"
        try:
            answer, clock = self._who_am_i()
        except BOTOCORE_FAILURES as error:
            failure = from_botocore(error)
            yield from _clock_of_refusal(error)
            yield wrong(
                check, f"AWS does not take the bot's own credentials: {failure.code}.", _after(failure)
            )
            return
        yield clock
        arn = str(answer["Arn"])
        caller = parse_identity(arn)
        yield _judge_caller(arn)
        if caller.partition != self.config.partition:
            yield _other_partition(caller.partition, self.config.partition)
            return
        yield good("aws.partition", f"The credentials are in partition {caller.partition}, as configured.")
        yield from self._accounts(caller)

    def _who_am_i(self) -> tuple[Answer, Diagnosis]:
        answer = make_client("sts", self.config, make_session(), ATTEMPTS).get_caller_identity()
        return answer, _clock(answer, utc_now())

    def _accounts(self, caller: Identity) -> Iterator[Diagnosis | Probe]:
        if self.has_organization:
            yield Probe("aws.organization", partial(self.organization, caller))
        else:
            text = "aws.organization.enabled is false: the accounts are those of settings."
            yield skipped("aws.organization", text)
        look = partial(self.accounts, caller)
        yield Probe("aws.accounts", look, CHECKS_OF_ACCOUNTS, seconds=INVENTORY_SECONDS)

    def organization(self, caller: Identity) -> Iterator[Diagnosis]:
        """A few small calls; what else is needed of the organization, reading its accounts shows."""
        client = make_client("organizations", self.config, make_session(), ATTEMPTS)
        calls = [
            ("DescribeOrganization", client.describe_organization),
            ("ListAccounts", client.list_accounts),
        ]
        if self.settings.remediation.mode != "off":
            # The state of an account is read right before a write.
            describe = partial(client.describe_account, AccountId=caller.account_id)
            calls.append(("DescribeAccount", describe))
        for operation, call in calls:
            try:
                call()
            except BOTOCORE_FAILURES as error:
                code = from_botocore(error).code
                step = f"Allow organizations:{operation} to the bot (support-role iam), and run it in the "
                step += "management account or a delegated administrator's; or list the accounts in settings."
                yield wrong("aws.organization", f"{operation} in AWS Organizations: {code}.", step)
                return
        yield good("aws.organization", "AWS Organizations lets the bot list the accounts.")

    def accounts(self, caller: Identity) -> Iterator[Diagnosis | Probe]:
        try:
            every = self.inventory()
        except AwsError as fault:
            text, _, step = str(fault).partition(". ")
            yield wrong("aws.accounts", f"The accounts in scope cannot be read: {text}.", step)
            return
        active = [account for account in every if account.is_checked]
        tried = sample(active, self.most_accounts)
        yield _in_scope(every, active, tried)
        scope = {account.id: account for account in every}
        sts = make_client("sts", self.config, make_session(), ATTEMPTS)
        for account in tried:
            yield from AccountDoctor(account, caller, scope, self.settings, self.config, sts).probes()


def sample(accounts: Sequence[Account], most: int) -> Sequence[Account]:
    """At most so many, spread evenly over all of them: the same ones each time."""
    count = len(accounts)
    if count <= most:
        return accounts
    return [accounts[number * count // most] for number in range(most)]


def _in_scope(every: Sequence[Account], active: Sequence[Account], tried: Sequence[Account]) -> Diagnosis:
    check = "aws.accounts"
    if not every:
        step = "List accounts in aws.accounts, or set aws.organization.enabled; see what is excluded."
        return wrong(check, "No account is in scope.", step)
    inactive = len(every) - len(active)
    counted = f"{len(every):,} account{' is' if len(every) == 1 else 's are'} in scope"
    counted += f", {inactive:,} of them not active" if inactive else ""
    untried = len(active) - len(tried)
    if untried:
        text = f"{counted}; {len(tried):,} of these tried, {untried:,} not (--accounts {len(active)})."
        return good(check, text)
    return good(check, f"{counted}; each {'active one ' if inactive else ''}was tried.")


def _judge_caller(arn: str) -> Diagnosis:
    if arn.endswith(":root"):
        step = "Use a role or a user: AWS lets the root user assume no role."
        return wrong("aws.credentials", f"The credentials are those of a root user, {arn}.", step)
    return good("aws.credentials", f"The bot is {arn}.")


def _other_partition(found: str, configured: str) -> Diagnosis:
    text = f"The credentials are in partition {found}, and aws.partition is {configured}."
    return wrong("aws.partition", text, f"Set aws.partition to {found}, or use credentials of {configured}.")


def _after(failure: CallError) -> str:
    if failure.code in ("NoCredentialsError", "PartialCredentialsError"):
        return "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it where a role is."
    if failure.code == "ProfileNotFound":
        return "AWS_PROFILE names a profile that is not in the AWS configuration: correct it."
    return next_step(failure, Place(Account(AccountId("")), "sts", "GetCallerIdentity"))


def _clock_of_refusal(error: Exception) -> Iterator[Diagnosis]:
    """A refusal bears the time as well, and may be because of it."""
    if isinstance(error, ClientError):
        yield _clock(error.response, utc_now())


def _clock(answer: Mapping[str, Any], ours: datetime) -> Diagnosis:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        theirs = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return skipped("aws.clock", "AWS's answer did not say what time it is there.")
    return judge_clock("aws.clock", theirs=theirs, ours=ours, whose="AWS's clock")
