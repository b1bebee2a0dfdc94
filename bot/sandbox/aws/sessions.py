"""Who is calling: the two users with long-lived keys, and every session that AssumeRole has given."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.sandbox.aws.cloud import Cloud
from bot.sandbox.aws.policy import Context, Statement, allowed, conditions_hold, listed, parse_statements
from bot.sandbox.aws.wire import Answer, ApiCall, Refusal, element, render_result
from bot.sandbox.landing_zone import ACCESS_KEY, ADMIN_ACCESS_KEY, ADMIN_ARN, BOT_ARN

MAX_POLICY = 2048
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
USERS = {ACCESS_KEY: BOT_ARN, ADMIN_ACCESS_KEY: ADMIN_ARN}


@dataclass(frozen=True, slots=True)
class Caller:
    """`arn` is as GetCallerIdentity shows it; `principal` is the user or role behind it."""

    arn: str
    principal: str
    unique_id: str
    token: str = field(default="", repr=False)
    session_policy: tuple[Statement, ...] | None = None
    source_identity: str = ""
    expires_at: datetime | None = None

    @property
    def account_id(self) -> str:
        return self.arn.split(":")[4]


class Sessions:
    def __init__(self, cloud: Cloud, now: Callable[[], datetime]) -> None:
        self._cloud = cloud
        self._now = now
        self._given: dict[str, Caller] = {}

    def caller_of(self, call: ApiCall) -> Caller:
        """Whose keys a call was made with; Refusal for unknown, mixed up or expired ones."""
        caller = self._user(call.access_key) or self._given.get(call.access_key)
        if caller is None or not secrets.compare_digest(caller.token, call.token):
            raise Refusal(
                "InvalidClientTokenId", "The security token included in the request is invalid.", 403
            )
        if caller.expires_at is not None and caller.expires_at <= self._now():
            raise Refusal("ExpiredToken", "The security token included in the request is expired", 403)
        return caller

    def _user(self, access_key: str) -> Caller | None:
        arn = USERS.get(access_key)
        return Caller(arn, arn, self._cloud.unique_id(arn)) if arn else None

    def require_allowed(self, caller: Caller, action: str, resource: str, context: Context) -> None:
        """Refusal unless both the caller's own policies and its session policy allow the call."""
        if not allowed(self._own_statements(caller), action, resource, context):
            raise denied(caller, action, resource, "identity-based")
        policy = caller.session_policy
        if policy is not None and not allowed(policy, action, resource, context):
            raise denied(caller, action, resource, "session")

    def _own_statements(self, caller: Caller) -> list[Statement]:
        texts = self._cloud.policy_documents(caller.principal, caller.unique_id)
        return [statement for text in texts for statement in parse_statements(text)]

    def assume_role(self, call: ApiCall, caller: Caller) -> Answer:
        """Check what STS checks, and give keys to a session; every denial sounds the same, as in AWS."""
        given = call.parameters
        _require_valid(given)
        arn = given["RoleArn"]
        role = self._cloud.role_by_arn(arn)
        wanted = ["sts:AssumeRole"] + ["sts:SetSourceIdentity"] * ("SourceIdentity" in given)
        context = {
            "sts:externalid": given.get("ExternalId", ""),
            "sts:rolesessionname": given["RoleSessionName"],
            "sts:sourceidentity": given.get("SourceIdentity", ""),
            "aws:principalarn": caller.principal,
            "aws:principalaccount": caller.account_id,
        }
        context = {key: value for key, value in context.items() if value}
        for action in wanted:
            self.require_allowed(caller, action, arn, context)
            if role is None or not _trusts(role.assume_role_policy_document, caller, action, context):
                raise denied(caller, action, arn)
        assert role is not None  # noqa: S101 - `wanted` is never empty
        seconds = int(given.get("DurationSeconds", "3600"))
        if seconds > int(role.max_session_duration or 3600):
            raise Refusal(
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )
        return self._give(call, arn, role.id, self._now() + timedelta(seconds=seconds))

    def _give(self, call: ApiCall, role_arn: str, role_id: str, expires_at: datetime) -> Answer:
        given = call.parameters
        account_id, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        policy = given.get("Policy")
        session = Caller(
            arn=f"arn:aws:sts::{account_id}:assumed-role/{name}/{given['RoleSessionName']}",
            principal=role_arn,
            unique_id=role_id,
            token="IQoJ" + secrets.token_hex(40),
            session_policy=parse_statements(policy) if policy else None,
            source_identity=given.get("SourceIdentity", ""),
            expires_at=expires_at,
        )
        key = "ASIA" + secrets.token_hex(8).upper()
        self._given[key] = session
        return render_result(call, _given_xml(key, session, given["RoleSessionName"]))


def _given_xml(key: str, session: Caller, name: str) -> str:
    expires_at = session.expires_at or datetime.now(UTC)
    credentials = (
        element("AccessKeyId", key)
        + element("SecretAccessKey", secrets.token_hex(20))
        + element("SessionToken", session.token)
        + element("Expiration", expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )
    user = element("AssumedRoleId", f"{session.unique_id}:{name}") + element("Arn", session.arn)
    source = element("SourceIdentity", session.source_identity) if session.source_identity else ""
    return f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>{source}"


def identity_answer(call: ApiCall, caller: Caller) -> Answer:
    session = caller.arn.rpartition("/")[2] if ":assumed-role/" in caller.arn else ""
    user_id = f"{caller.unique_id}:{session}" if session else caller.unique_id
    inner = element("Arn", caller.arn) + element("UserId", user_id) + element("Account", caller.account_id)
    return render_result(call, inner)


def denied(caller: Caller, action: str, resource: str, kind: str = "") -> Refusal:
    because = f" because no {kind} policy allows the {action} action" if kind else ""
    text = f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource}{because}"
    return Refusal("AccessDenied", text, 403)


def _trusts(document: str, caller: Caller, action: str, context: Context) -> bool:
    """Whether a trust policy lets the caller do that; in it, a Deny wins as everywhere."""
    effects = set()
    for statement in parse_statements(document):
        # The policy grammar of Action is the same; a trust policy has no Resource.
        named = allowed([{**statement, "Effect": "Allow", "Resource": "*"}], action, "", context)
        if named and _names(statement.get("Principal"), caller) and conditions_hold(statement, context):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def _names(principal: object, caller: Caller) -> bool:
    root = f"arn:aws:iam::{caller.account_id}:root"
    known = {"*", root, caller.account_id, caller.principal, caller.arn, caller.unique_id}
    if isinstance(principal, dict):
        return any(each in known for each in listed(principal.get("AWS", ())))
    return principal == "*"


def _require_valid(given: Mapping[str, str]) -> None:
    """Refusal for parameters that STS does not even look at further."""
    if not given.get("RoleArn", "").startswith("arn:aws:iam::"):
        raise Refusal("ValidationError", f"{given.get('RoleArn', '')} is invalid")
    names = {"roleSessionName": given.get("RoleSessionName", "")}
    names |= {"sourceIdentity": given["SourceIdentity"]} if "SourceIdentity" in given else {}
    for what, value in names.items():
        if not SESSION_NAME.fullmatch(value):
            raise invalid(what, value, r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
    seconds = given.get("DurationSeconds", "3600")
    if not 900 <= int(seconds) <= 43200:
        raise invalid("durationSeconds", seconds, "Member must have value between 900 and 43200")
    policy = given.get("Policy", "")
    if len(policy) > MAX_POLICY:
        raise invalid("policy", policy, f"Member must have length less than or equal to {MAX_POLICY}")


def invalid(what: str, value: str, constraint: str) -> Refusal:
    text = (
        f"1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint: {constraint}"
    )
    return Refusal("ValidationError", text)
