"""A session that may write: the remediation role, assumed for one fix and held to one role by a session
policy.
"""

from collections.abc import Iterator
from typing import Any

from bot.aws.boto3_reader import make_client, make_session
from bot.aws.faults import BOTOCORE_FAILURES, CallError, Place, aws_error, from_botocore
from bot.aws.observed_role import ObservedRole, parse_observed
from bot.aws.session_policies import SESSION_SECONDS
from bot.aws.sessions import (
    AwsConfig,
    Credentials,
    assume,
    assume_parameters,
    parse_identity,
    require_account,
    role_name,
)
from bot.aws.written import WhyNot, WithheldError, nothing_against
from bot.domain.account import Account
from bot.domain.errors import AwsError
from bot.domain.facts import UnreadableCode

MAX_ATTEMPTS = 5
"""Of one call, by botocore's standard mode: throttling, 5xx, lost connections."""

METHODS = {
    "AttachRolePolicy": "attach_role_policy",
    "CreateRole": "create_role",
    "DeleteRole": "delete_role",
    "DetachRolePolicy": "detach_role_policy",
    "GetRole": "get_role",
    "ListAttachedRolePolicies": "list_attached_role_policies",
    "ListRolePolicies": "list_role_policies",
}


class WriteSession:
    """Calls about one role. The remediation role is assumed at the first of them, not before.

    With an empty `remediation_role` the caller's own credentials are used, in its own account only.
    """

    def __init__(
        self,
        account: Account,
        role: str,
        config: AwsConfig,
        *,
        session_name: str,
        source_identity: str,
        policy: str,
    ) -> None:
        self._account = account
        self._role = role
        self._config = config
        self._session_name = session_name
        self._source_identity = source_identity
        self._policy = policy
        self._iam: Any = None
        self._why_not: WhyNot = nothing_against
        self._sent = 0
        self.unanswered: set[str] = set()
        """Operations that were sent and had no answer: whether AWS has done them is not known."""

    @property
    def is_open(self) -> bool:
        """Whether the role was assumed and is in the right account: before that, nothing can be written."""
        return self._iam is not None

    def call(self, operation: str, why_not: WhyNot = nothing_against, **parameters: object) -> Any:
        """One IAM call about the role; AwsError, with AWS's own code, when it is refused or fails for
        good.

        `why_not` is asked each time before it is sent, botocore's own retries among them; WithheldError bears
        what it answers.
        """
        if self._iam is None:
            self._iam = self._open()
        self._why_not, self._sent = why_not, 0
        try:
            return getattr(self._iam, METHODS[operation])(RoleName=self._role, **parameters)
        except WithheldError:
            if self._sent:
                self.unanswered.add(operation)
            raise
        except BOTOCORE_FAILURES as error:
            failure = from_botocore(error)
            if failure.transient and failure.kind is not UnreadableCode.THROTTLED:
                self.unanswered.add(operation)
            raise self.failed(failure, operation, failed_id(error)) from error

    def _before_send(self, **_: object) -> None:
        refused = self._why_not()
        if refused is not None:
            raise WithheldError(refused)
        self._sent += 1

    def observe(self) -> ObservedRole | None:
        """The role and what is attached to it, or None; AwsError when that cannot be read."""
        try:
            answer = self.call("GetRole")
            attached, ids = self._attached()
        except AwsError as error:
            if error.code == "NoSuchEntity":
                return None
            raise
        try:
            return parse_observed(answer["Role"], attached, request_ids(answer) + ids)
        except CallError as error:
            raise self.failed(error, "GetRole") from error

    def failed(self, error: CallError, operation: str, request_id: str = "") -> AwsError:
        remediator = role_name(self._account.access.remediation_role)
        return aws_error(error, Place(self._account, "iam", operation, remediator, self._role), request_id)

    def inline_policies(self) -> tuple[str, ...]:
        """Names of the role's inline policies."""
        return tuple(name for page in self._pages("ListRolePolicies") for name in page["PolicyNames"])

    def _attached(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        pages = list(self._pages("ListAttachedRolePolicies"))
        arns = tuple(item["PolicyArn"] for page in pages for item in page["AttachedPolicies"])
        return arns, tuple(each for page in pages for each in request_ids(page))

    def _pages(self, operation: str) -> Iterator[Any]:
        """Every page: IAM may send one that is short, or empty, and truncated."""
        marker: dict[str, Any] = {}
        while True:
            answer = self.call(operation, **marker)
            yield answer
            if not answer["IsTruncated"]:
                return
            marker = {"Marker": answer["Marker"]}

    def _open(self) -> Any:
        session = make_session(self._assume())
        self._require_account(make_client("sts", self._config, session, MAX_ATTEMPTS))
        iam = make_client("iam", self._config, session, MAX_ATTEMPTS)
        iam.meta.events.register("before-send.iam", self._before_send)
        return iam

    def _assume(self) -> Credentials | None:
        role = self._account.access.remediation_role
        if not role:
            return None
        parameters = assume_parameters(
            self._account,
            role,
            session_name=self._session_name,
            duration=SESSION_SECONDS,
            source_identity=self._source_identity,
            policy=self._policy,
        )
        sts = make_client("sts", self._config, make_session(), MAX_ATTEMPTS)
        return assume(sts, self._account, parameters).credentials

    def _require_account(self, sts: Any) -> None:
        remediator = role_name(self._account.access.remediation_role)
        place = Place(self._account, "sts", "GetCallerIdentity", remediator)
        try:
            identity = parse_identity(sts.get_caller_identity()["Arn"])
        except BOTOCORE_FAILURES as error:
            raise aws_error(from_botocore(error), place, failed_id(error)) from error
        except CallError as error:
            raise aws_error(error, place) from error
        require_account(identity, place)


def request_ids(answer: Any) -> tuple[str, ...]:
    request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
    return (request_id,) if request_id else ()


def failed_id(error: Exception) -> str:
    """AWS's request id of a refused call, or empty."""
    response = getattr(error, "response", {})
    return str(response.get("ResponseMetadata", {}).get("RequestId", ""))
