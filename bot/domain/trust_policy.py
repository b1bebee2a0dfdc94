"""A trust policy's text turned into statements, by IAM's grammar and no more tolerantly than IAM."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bot.domain.account import AccountId
from bot.domain.condition import Condition, parse_conditions
from bot.domain.glob import glob_match


class Way(StrEnum):
    """The three STS calls that yield a session of a role. Others (sts:TagSession, …) only accompany them."""

    ROLE = "sts:AssumeRole"
    SAML = "sts:AssumeRoleWithSAML"
    WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


class PrincipalKind(StrEnum):
    EVERYONE = "everyone"
    ACCOUNT = "account"
    USER = "user"
    ROLE = "role"
    SESSION = "session"
    """An assumed-role or federated-user session, by its sts ARN."""
    DELETED = "deleted"
    """A unique id (AIDA…, AROA…): what IAM shows in place of a principal that was deleted."""
    SAML = "saml"
    OIDC = "oidc"
    PUBLIC_IDENTITY = "public-identity"
    """A sign-in that anybody may register with, and that needs no provider in the account."""
    SERVICE = "service"


WAY_IN = {
    PrincipalKind.SAML: Way.SAML,
    PrincipalKind.OIDC: Way.WEB_IDENTITY,
    PrincipalKind.PUBLIC_IDENTITY: Way.WEB_IDENTITY,
}
"""The call that a federated principal must be allowed; all others use sts:AssumeRole."""


_NO_ACCOUNT = AccountId("")


@dataclass(frozen=True, slots=True)
class Principal:
    kind: PrincipalKind
    text: str
    """As written; an account always as its `:root` ARN."""
    partition: str = ""
    account: AccountId = _NO_ACCOUNT
    name: str = ""
    """What follows the type in the ARN, path included, e.g. `support/Oncall`."""


@dataclass(frozen=True, slots=True)
class Statement:
    allows: bool
    ways: frozenset[Way]
    principals: tuple[Principal, ...]
    all_but: bool = False
    """The principals are exceptions (`NotPrincipal`)."""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What could be read; `problems` say, in words of ours, what could not."""

    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = ()


class _Unclear(Exception):  # noqa: N818 - never leaves this module; it carries the rest of a sentence
    pass


@lru_cache(maxsize=256)
def parse_trust_policy(document: str | None, *, partition: str) -> TrustPolicy:
    """Read the statements; whatever IAM itself would not have accepted becomes a problem, never a guess.

    `partition` is the one that bare account ids belong to.
    """
    try:
        written = _statements_of(_load(document))
    except _Unclear as unclear:
        return TrustPolicy(problems=(str(unclear),))
    statements: list[Statement] = []
    problems: list[str] = []
    for number, value in enumerate(written, start=1):
        try:
            statements.append(_statement(value, partition))
        except _Unclear as unclear:
            problems.append(f"statement {number} {unclear}")
    return TrustPolicy(tuple(statements), tuple(problems))


def _load(document: str | None) -> Any:
    try:
        return json.loads(document or "", object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise _Unclear("it is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # IAM accepts no element twice; Python's parser would silently keep the last.
    if len({key for key, _ in pairs}) != len(pairs):
        raise _Unclear("it has the same element twice")
    return dict(pairs)


def _statements_of(policy: Any) -> list[Any]:
    if not isinstance(policy, dict) or not policy.keys() <= {"Version", "Id", "Statement"}:
        raise _Unclear("it is not a policy")
    if policy.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        raise _Unclear("it has a version that IAM does not know")
    written = policy.get("Statement", [])
    statements = written if isinstance(written, list) else [written]
    if not statements:
        raise _Unclear("it has no statement")
    return statements


_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition",
}  # fmt: skip


def _statement(value: Any, partition: str) -> Statement:
    if not isinstance(value, dict) or not value.keys() <= _ELEMENTS:
        raise _Unclear("has a shape that IAM does not know")
    if value.get("Effect") not in ("Allow", "Deny"):
        raise _Unclear("has an effect other than Allow and Deny")
    allows = value["Effect"] == "Allow"
    principal, all_but = _either(value, "Principal", "NotPrincipal")
    if allows and all_but:
        raise _Unclear("allows everybody but some (NotPrincipal)")
    conditions = parse_conditions(value.get("Condition", {}))
    if conditions is None:
        raise _Unclear("has a condition that cannot be read")
    return Statement(
        allows=allows,
        ways=_ways(*_either(value, "Action", "NotAction")),
        principals=_principals(principal, partition),
        all_but=all_but,
        conditions=conditions,
    )


def _either(statement: Mapping[str, Any], element: str, negated: str) -> tuple[Any, bool]:
    """The value of the one of two elements that must stand there, and whether it is the negated one."""
    if (element in statement) == (negated in statement):
        raise _Unclear(f"needs exactly one of {element} and {negated}")
    return (statement[negated], True) if negated in statement else (statement[element], False)


def _strings(value: Any, element: str) -> list[str]:
    strings = value if isinstance(value, list) else [value]
    if not strings or not all(isinstance(each, str) for each in strings):
        raise _Unclear(f"has a value of {element} that cannot be read")
    return strings


_ACTION = re.compile(r"\*|[a-z0-9-]+:[a-z0-9*?]+", re.ASCII | re.IGNORECASE)


def _ways(value: Any, negated: bool) -> frozenset[Way]:  # noqa: FBT001 - unpacked from _either
    patterns = _strings(value, "Action")
    if not all(_ACTION.fullmatch(pattern) for pattern in patterns):
        raise _Unclear("has an action that cannot be read")
    matched = {way for way in Way if any(glob_match(pattern, way) for pattern in patterns)}
    return frozenset(set(Way) - matched if negated else matched)


def _principals(value: Any, partition: str) -> tuple[Principal, ...]:
    if value == "*":
        return (Principal(PrincipalKind.EVERYONE, "*", partition),)
    if not isinstance(value, dict) or not value or not value.keys() <= _PARSERS.keys():
        raise _Unclear("has a principal that cannot be read")
    return tuple(
        _PARSERS[name](text, partition)
        for name, written in value.items()
        for text in _strings(written, "Principal")
    )


# IAM names are word characters and `+=,.@-`; a path may hold any printable ASCII. Wildcards are no names.
_NAME = r"[!-)+->@-~]{1,640}"
_ARN = re.compile(
    rf"arn:(?P<partition>aws[a-z0-9-]*):(?P<service>iam|sts)::(?P<account>\d{{12}}):"
    rf"(?:root|(?P<type>user|role|assumed-role|federated-user|saml-provider|oidc-provider)/(?P<name>{_NAME}))",
    re.ASCII,
)
_KINDS = {
    ("iam", None): PrincipalKind.ACCOUNT,
    ("iam", "user"): PrincipalKind.USER,
    ("iam", "role"): PrincipalKind.ROLE,
    ("sts", "assumed-role"): PrincipalKind.SESSION,
    ("sts", "federated-user"): PrincipalKind.SESSION,
    ("iam", "saml-provider"): PrincipalKind.SAML,
    ("iam", "oidc-provider"): PrincipalKind.OIDC,
}
_UNIQUE_ID = re.compile(r"(AIDA|AROA)[A-Z0-9]{12,124}", re.ASCII)
_PUBLIC_IDENTITY = re.compile(
    r"accounts\.google\.com|www\.amazon\.com|graph\.facebook\.com|cognito-identity[a-z-]*\.amazonaws\.com(\.cn)?",
)
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+){1,6}", re.ASCII | re.IGNORECASE)
_FEDERATED = (PrincipalKind.SAML, PrincipalKind.OIDC)


def _aws(text: str, partition: str) -> Principal:
    if text == "*":
        return Principal(PrincipalKind.EVERYONE, text, partition)
    if re.fullmatch(r"\d{12}", text, re.ASCII):
        return _arn(f"arn:{partition}:iam::{text}:root")
    if _UNIQUE_ID.fullmatch(text):
        return Principal(PrincipalKind.DELETED, text)
    principal = _arn(text)
    if principal.kind in _FEDERATED:
        raise _Unclear("names an identity provider as if it were an AWS principal")
    return principal


def _federated(text: str, _partition: str) -> Principal:
    if _PUBLIC_IDENTITY.fullmatch(text):
        return Principal(PrincipalKind.PUBLIC_IDENTITY, text)
    principal = _arn(text)
    if principal.kind not in _FEDERATED:
        raise _Unclear("names an AWS principal as if it were an identity provider")
    return principal


def _service(text: str, _partition: str) -> Principal:
    if not _SERVICE.fullmatch(text):
        raise _Unclear("has a principal that cannot be read")
    return Principal(PrincipalKind.SERVICE, text)


_PARSERS = {"AWS": _aws, "Federated": _federated, "Service": _service}
# `CanonicalUser` belongs to S3: IAM takes it in no trust policy, and nothing says whom it would let in.


def _arn(text: str) -> Principal:
    match = _ARN.fullmatch(text)
    kind = _KINDS.get((match["service"], match["type"])) if match else None
    if match is None or kind is None:
        raise _Unclear("has a principal that cannot be read")
    name = match["name"] or ""
    if kind is PrincipalKind.ROLE and name.startswith("aws-service-role/"):
        # Only the AWS service that owns a service-linked role can act as it.
        kind = PrincipalKind.SERVICE
    return Principal(kind, text, match["partition"], AccountId(match["account"]), name)
