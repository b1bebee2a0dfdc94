"""AWS's refusals and failures, translated once into this project's words.

No text made here holds a key, a token or an external id: only AWS's error *code* is kept, never its message,
which may quote what was sent.
"""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import (
    ConnectionError as NotConnectedError,
)
from botocore.parsers import ResponseParserError

from bot.domain.account import Account
from bot.domain.errors import AwsError, SupportRoleError
from bot.domain.facts import Unreadable, UnreadableCode

BOTOCORE_FAILURES = (ClientError, BotoCoreError, ResponseParserError, KeyError)
"""All that a call of a boto3 client raises. The KeyError: botocore looks up `<Operation>Result` in whatever
XML it was sent, which a stranger's answer does not have."""

CREDENTIAL_FAILURES = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    },
)
"""The codes that botocore's standard mode takes for throttling, those of STS, IAM and Organizations."""

DENIED_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "RegionDisabledException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    },
)

OWN_CREDENTIAL_CODES = DENIED_CODES - {"AccessDenied", "AccessDeniedException", "NotAuthorized"}
"""Denials that say something about the caller's keys or clock, not about permissions in the account."""

UNTRUSTED = "certificate not trusted"

UNUSABLE = "aws-configuration"
"""The code of what is wrong before any call is made."""

TRANSIENT_CODES = frozenset({"RequestTimeout", "RequestTimeoutException", "IDPCommunicationError"})


AFTER_REFUSAL = {
    "ConcurrentModification": "Somebody else was changing it at the same moment: try again.",
    "DeleteConflict": "Something was added to the role meanwhile: look at it in IAM, and remove it by hand.",
    "EntityAlreadyExists": "Choose another remediation.role_name, or remove the role that has it.",
    "LimitExceeded": "A quota of the account is used up: raise it, or remove what is unused.",
    "NoSuchEntity": "It is not there, or not yet: try again.",
    "PackedPolicyTooLarge": "Shorten remediation.role_path, role_name or permissions_boundary.",
    "ValidationError": "Correct the role, external id or name that AWS refuses, in settings.",
}
"""What helps after a refusal that is no denial."""


class CallError(SupportRoleError):
    """One call failed. `code` is AWS's own error code, or a few words where there was no answer to quote."""

    def __init__(
        self,
        kind: UnreadableCode,
        code: str,
        *,
        transient: bool = False,
        by_organization: bool = False,
    ) -> None:
        super().__init__(kind, code)
        self.kind = kind
        self.code = code
        self.transient = transient
        self.by_organization = by_organization
        """An explicit deny in a service or resource control policy."""


class UnreadableError(SupportRoleError):
    """A `CallError`, put into words for the account it happened in."""

    def __init__(self, unreadable: Unreadable, code: str) -> None:
        super().__init__(unreadable, code)
        self.unreadable = unreadable
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """Which call, about what, as whom: the words that a failure is told with."""

    account: Account
    service: str
    operation: str
    role: str = ""
    """The assumed role's name; empty when it is done with the caller's own credentials."""
    subject: str = ""

    def __str__(self) -> str:
        about = f" {self.subject}" if self.subject else ""
        return f"{self.operation}{about}{self._by} in {self.account.label}"

    @property
    def _by(self) -> str:
        if not self.role:
            return " with the bot's own credentials"
        return f" into {self.role}" if self.operation == "AssumeRole" else f" as {self.role}"


def answered(code: str, status: int, message: str = "") -> CallError:
    """What an error answer of AWS means; `status` is HTTP's."""
    if code in THROTTLING_CODES or status == 429:
        return CallError(UnreadableCode.THROTTLED, code or f"HTTP {status}", transient=True)
    if status >= 500 or code in TRANSIENT_CODES:
        return CallError(UnreadableCode.BAD_ANSWER, code or f"HTTP {status}", transient=True)
    if code in DENIED_CODES or status in (401, 403):
        # AWS says so in the message alone: "… with an explicit deny in a service control policy".
        by_organization = "control policy" in message
        return CallError(
            UnreadableCode.ACCESS_DENIED, code or f"HTTP {status}", by_organization=by_organization
        )
    return CallError(UnreadableCode.BAD_ANSWER, code or f"HTTP {status}")


def unreachable(error: Exception) -> CallError:
    """No answer at all: refused, cut off, or too late."""
    return CallError(UnreadableCode.TIMEOUT, type(error).__name__, transient=True)


def untrusted() -> CallError:
    """The server's certificate is not one that is trusted here; asking again would not help."""
    return CallError(UnreadableCode.TIMEOUT, UNTRUSTED)


def unparseable(what: str) -> CallError:
    return CallError(UnreadableCode.BAD_ANSWER, what)


def from_botocore(error: Exception) -> CallError:
    """Translate one of `BOTOCORE_FAILURES`."""
    if isinstance(error, ClientError):
        return _from_answer(error.response)
    if isinstance(error, ResponseParserError | KeyError):
        return unparseable("an answer that is not AWS's")
    if isinstance(error, SSLError):
        return untrusted()
    if isinstance(error, HTTPClientError | NotConnectedError):
        return unreachable(error)
    if isinstance(error, CREDENTIAL_FAILURES):
        return CallError(UnreadableCode.ACCESS_DENIED, type(error).__name__)
    return CallError(UnreadableCode.BAD_ANSWER, type(error).__name__)


def _from_answer(response: dict[str, Any]) -> CallError:
    error = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return answered(error.get("Code", ""), status, error.get("Message", ""))


def unreadable(error: CallError, place: Place) -> Unreadable:
    return Unreadable(error.kind, f"{place}: {error.code}", next_step(error, place))


def aws_error(error: CallError, place: Place, request_id: str = "") -> AwsError:
    """The same words for a fault: a write, or a whole listing, that cannot go on."""
    step = next_step(error, place)
    return AwsError(f"{place}: {error.code}. {step}", error.code, request_id)


def unusable(error: Exception) -> AwsError:
    """What botocore cannot even begin with: a profile that is not there, an endpoint that is none.

    Never in botocore's own words, which may quote a URL with a password.
    """
    why = type(error).__name__
    step = "Correct AWS_PROFILE, AWS_ENDPOINT_URL and AWS_REGION, or the AWS configuration file."
    return AwsError(f"AWS cannot be asked as this machine is configured ({why}). {step}", UNUSABLE)


def next_step(error: CallError, place: Place) -> str:
    if error.kind is UnreadableCode.ACCESS_DENIED:
        return _after_denial(error, place)
    if error.kind is UnreadableCode.THROTTLED:
        return "Lower check.concurrency if this stays; the next scan asks again."
    if error.code == UNTRUSTED:
        return "Set AWS_CA_BUNDLE to the certificates of the proxy or endpoint, then ask again."
    if error.kind is UnreadableCode.TIMEOUT:
        return f"Check the way to {place.service} (proxy, VPC endpoint, AWS_ENDPOINT_URL), then ask again."
    if error.transient:
        return "AWS had a fault of its own; the next scan asks again."
    if error.code in AFTER_REFUSAL:
        return AFTER_REFUSAL[error.code]
    return "Check aws.partition, AWS_ENDPOINT_URL and any proxy between the bot and AWS, then ask again."


def _after_denial(error: CallError, place: Place) -> str:
    if error.by_organization:
        return "The organization's own policy denies it: allow it there, or exclude the account in settings."
    if error.code in OWN_CREDENTIAL_CODES:
        return "Check the bot's own AWS credentials and its clock."
    if place.operation == "AssumeRole":
        return (
            f"Deploy the role {place.role} there (support-role iam) and check its external id, "
            "or exclude the account in settings."
        )
    action = f"{place.service}:{place.operation}"
    if not place.role:
        return f"Allow {action} to the bot's own identity (support-role iam)."
    return f"Allow {action} to {place.role} there (support-role iam), or exclude the account in settings."


def timed_out(place: Place, seconds: float) -> Unreadable:
    """The account's own deadline ran out, however its calls were faring."""
    text = f"{place}: no answer for good within {seconds:g} s"
    return Unreadable(
        UnreadableCode.TIMEOUT, text, "The next scan asks again; lower check.concurrency if this stays."
    )


def wrong_account(place: Place, account_id: str, partition: str) -> Unreadable:
    """Somebody else's answer: nothing of it may be used, and nothing may be written there."""
    text = f"{place}: this is account {account_id} in partition {partition}"
    step = "Correct the account's id, its role or aws.partition in settings."
    return Unreadable(UnreadableCode.WRONG_ACCOUNT, text, step)
