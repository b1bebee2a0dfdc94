"""What single values in settings look like: each kind says in words what it expects, never what it was given.

The text of a `ValueError` raised here ends up in front of people, so it must hold nothing of the value:
a token in the wrong place is still a token.
"""

import re
from collections.abc import Callable
from datetime import time
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, SecretStr

from bot.domain.account import Account, AccountId
from bot.domain.principal import problem_with_principal

PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
REFERENCES = ("aws-sm://", "aws-ssm://")
"""AWS Secrets Manager and the Systems Manager parameter store."""

SPECIMEN = AccountId("0" * 12)
"""Stands for any account where a template is checked."""


def is_reference(secret: SecretStr) -> bool:
    """Whether the value only says where the secret is kept."""
    return secret.get_secret_value().startswith(REFERENCES)


def fill(template: str, *, account_id: str, partition: str) -> str:
    """Put an account into `{account_id}` and `{partition}`; other braces stay, to be refused later."""
    return template.replace("{account_id}", account_id).replace("{partition}", partition)


def _matching(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"should be {expected}")
        return value

    return AfterValidator(check)


def _secret_matching(pattern: str, expected: str) -> AfterValidator:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.startswith(REFERENCES) and not compiled.fullmatch(text):
            raise ValueError(f"should be {expected}, or a reference (aws-sm://… or aws-ssm://…)")
        return value

    return AfterValidator(check)


def _quoted(value: Any) -> Any:
    # TOML reads a bare 012345678901 as an error and 123456789012 as a number: say which mark is missing.
    if isinstance(value, int):
        raise ValueError("should be 12 digits in quotation marks")  # noqa: TRY004 - pydantic turns ValueError into a report
    return value


def _partition(value: str) -> str:
    if value not in PARTITIONS:
        raise ValueError(f"should be one of {', '.join(PARTITIONS)}")
    return value


def _role_name(value: str) -> str:
    # AWS refuses CreateRole under the first prefix and IAM Identity Center owns the second.
    if value.lower().startswith(("awsservicerole", "awsreserved")):
        raise ValueError(
            "should not begin with AWSServiceRole or AWSReserved: AWS keeps those names to itself"
        )
    return value


def _principal(template: str) -> str:
    arn = fill(template, account_id=SPECIMEN, partition="aws")
    owner, partition = _owner(arn)
    # Whether a whole account may be trusted is another setting: seen side by side, in `crosscheck`.
    anyone = Account(
        SPECIMEN, partition=partition, trusted_account_ids=frozenset({owner}), may_trust_root=True
    )
    problem = problem_with_principal(arn, anyone)
    if problem:
        example = "arn:{partition}:iam::{account_id}:role/IncidentManager"
        raise ValueError(f"cannot be trusted: {problem} (an example: {example})")
    return template


def _owner(arn: str) -> tuple[AccountId, str]:
    parts = arn.split(":")
    # A provider's ARN is only good in its own account; whether it is that one is checked account by account.
    return (AccountId(parts[4]), parts[1]) if len(parts) == 6 else (SPECIMEN, "aws")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("should be an IANA time zone, e.g. Europe/Berlin or UTC") from None
    return value


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"\d\d:\d\d", value, re.ASCII) or not _is_time(value):
        raise ValueError("should be a time of day as HH:MM, e.g. 09:00")
    return value


def _is_time(value: str) -> bool:
    try:
        time.fromisoformat(value)
    except ValueError:
        return False
    return True


def _cron(value: str) -> str:
    from croniter import CroniterBadDateError, croniter  # noqa: PLC0415 - 30 ms, and most settings have no freeze windows

    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise ValueError("should be a cron expression of five fields, e.g. `0 18 * * fri`")
    try:
        croniter(value).get_next()
    except CroniterBadDateError:
        # The guard of freeze windows could not be evaluated, and would refuse every fix.
        raise ValueError("never comes: a day like 30 February") from None
    return value


# As SQLAlchemy takes it apart. A port that is none is refused here, since SQLAlchemy's error would quote it:
# where `@` and the host are forgotten, the password stands in its place.
_POSTGRESQL = re.compile(
    r"postgresql\+psycopg://(?:[^:/@]*(?::[^@]*)?@)?(?:\[[0-9A-Fa-f:.%]+\]|[^/:?@\[\]]*)(?::\d+)?(?:/[^?]*)?(?:\?.*)?",
    re.ASCII | re.DOTALL,
)


def _store_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    is_file = text.startswith("sqlite:///") and len(text) > len("sqlite:///") and ":memory:" not in text
    if not (is_file or text.startswith(REFERENCES) or _POSTGRESQL.fullmatch(text)):
        raise ValueError("should be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
    return value


def unique(name: Callable[[Any], str] = str) -> AfterValidator:
    """A list in which nothing stands twice."""

    def check(values: tuple[Any, ...]) -> tuple[Any, ...]:
        if len({name(value) for value in values}) != len(values):
            raise ValueError("should not hold the same value twice")
        return values

    return AfterValidator(check)


_ROLE = r"[\w+=,.@-]{1,64}"
_PATH = r"(?:[\w+=,.@-]{1,128}/){0,8}"
_BOUNDARY = (
    r"(?:|arn:(?:aws[a-z-]*|\{partition\}):iam::(?:aws|\d{12}|\{account_id\}):policy/[\w+=,.@/-]{1,512})"
)

AccountIdText = Annotated[
    str, BeforeValidator(_quoted), _matching(r"\d{12}", "12 digits, e.g. 111122223333, in quotation marks")
]
Partition = Annotated[str, AfterValidator(_partition)]
RoleReference = Annotated[
    str,
    _matching(
        rf"(?:|/?{_PATH}{_ROLE}|arn:aws[a-z-]*:iam::\d{{12}}:role/{_PATH}{_ROLE})",
        "a role's name, its path and name, or its whole ARN; empty for the caller's own credentials",
    ),
]
RoleName = Annotated[
    str,
    _matching(_ROLE, "a role name: 1 to 64 letters, digits or any of _+=,.@-"),
    AfterValidator(_role_name),
]
RolePath = Annotated[
    str,
    # IAM takes `*`, `?` and `$` too; in the session policy of a write they would be more than one role.
    _matching(
        r"/|/[!-#%-)+->@-~]{1,510}/",
        "an IAM path that begins and ends with a slash and has none of *?$, e.g. / or /support/",
    ),
]
PrincipalTemplate = Annotated[str, AfterValidator(_principal)]
BoundaryArn = Annotated[
    str,
    _matching(
        _BOUNDARY, "the whole ARN of an IAM policy (arn:{partition}:iam::{account_id}:policy/…), or empty"
    ),
]
SlackUser = Annotated[str, _matching(r"[UW][A-Z0-9]{5,20}", "a Slack user id (U… or W…)")]
SlackOwner = Annotated[str, _matching(r"|[UW][A-Z0-9]{5,20}", "a Slack user id (U… or W…), or empty")]
SlackGroup = Annotated[str, _matching(r"S[A-Z0-9]{5,20}", "the id of a Slack user group (S…)")]
SlackTeam = Annotated[str, _matching(r"T[A-Z0-9]{5,20}", "the id of a Slack workspace (T…)")]
SlackChannel = Annotated[
    str, _matching(r"|[CG][A-Z0-9]{5,20}", "the id of a Slack channel (C… or G…), not its name")
]
SlackApiUrl = Annotated[
    str, _matching(r"https?://[!-~]+/", "a URL that ends in a slash, e.g. https://slack.com/api/")
]
TagFilter = Annotated[str, _matching(r"[^=]{1,128}=.{0,256}", "KEY=VALUE")]
OrganizationalUnit = Annotated[
    str,
    _matching(
        r"(?:ou|r)-[a-z0-9-]{4,70}|[^\x00-\x1f]{1,300}",
        "an id (ou-…, r-…) or a path of names (Workloads/Prod)",
    ),
]
TimeZone = Annotated[str, AfterValidator(_zone)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
Cron = Annotated[str, AfterValidator(_cron)]
ExternalId = Annotated[
    SecretStr,
    _secret_matching(
        r"|[\w+=,.@:/-]{2,1224}", "an external id: 2 to 1224 letters, digits or any of _+=,.@:/-"
    ),
]
BotToken = Annotated[SecretStr, _secret_matching(r"|xoxb-[!-~]+", "a bot token (xoxb-…)")]
AppToken = Annotated[SecretStr, _secret_matching(r"|xapp-[!-~]+", "an app-level token (xapp-…)")]
SigningSecret = Annotated[SecretStr, _secret_matching(r"|[!-~]{8,}", "the app's signing secret")]
StoreUrl = Annotated[SecretStr, AfterValidator(_store_url)]
