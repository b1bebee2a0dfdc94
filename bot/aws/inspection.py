"""What is asked of one account, in which order, and what the answers mean: free of any network.

A plan of calls is a generator: it yields a `Call`, is sent AWS's answer (as botocore parses it) or is thrown
a `CallError`, and returns facts. Two drivers run it: `reader` over asyncio, `boto3_reader` over boto3.
Credentials are local to the generator and travel inside each `Call`: one account's can never serve another.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import unquote

from bot.aws.faults import (
    CallError,
    Place,
    UnreadableError,
    unparseable,
    unreadable,
    wrong_account,
)
from bot.aws.sessions import (
    Credentials,
    Identity,
    assume_parameters,
    parse_assumed,
    parse_identity,
    role_arn,
    role_name,
)
from bot.domain.account import Account, AccountId
from bot.domain.facts import AccountFacts, ProviderKind, Providers, RoleFacts

T = TypeVar("T")
Answer = Mapping[str, Any]
Parameters = Mapping[str, str | int]
ProvidersNeeded = Callable[[AccountFacts], frozenset[ProviderKind]]

SCAN_ACTIONS = frozenset(
    {
        "iam:GetRole",
        "iam:ListEntitiesForPolicy",
        "iam:ListOpenIDConnectProviders",
        "iam:ListSAMLProviders",
    },
)
"""The whole list of what a scan does with the scan role."""

PAGE_SIZE = 1000
MAX_PAGES = 100
"""A bound of ours: an account holds 5,000 roles at most, but IAM may send short and empty pages."""
SERVICE_LINKED_NAME = "AWSServiceRoleFor"
SERVICE_LINKED_PATH = ":role/aws-service-role/"

PROVIDER_LISTS = {
    ProviderKind.SAML: ("ListSAMLProviders", "SAMLProviderList"),
    ProviderKind.OIDC: ("ListOpenIDConnectProviders", "OpenIDConnectProviderList"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call to make; without credentials, the caller's own are meant."""

    service: str
    operation: str
    parameters: Parameters
    credentials: Credentials | None
    place: Place


Steps = Generator[Call, Answer, T]


@dataclass(frozen=True, slots=True)
class Inside:
    """A session in one account."""

    account: Account
    credentials: Credentials | None
    role: str
    """Name of the assumed role; empty for the caller's own credentials."""

    def ask(
        self,
        operation: str,
        parameters: Parameters,
        parse: Callable[[Answer], T],
        subject: str = "",
    ) -> Steps[T]:
        """One IAM call, its answer parsed; UnreadableError names the call when either fails."""
        place = Place(self.account, "iam", operation, self.role, subject)
        return (yield from _ask(Call("iam", operation, parameters, self.credentials, place), parse))

    def require_own(self, arn: str, operation: str) -> None:
        """Raise UnreadableError when an answer speaks of another account's things."""
        identity = parse_identity(arn)
        if not identity.is_in(self.account):
            place = Place(self.account, "iam", operation, self.role)
            raise UnreadableError(
                wrong_account(place, identity.account_id, identity.partition), "wrong-account"
            )


@dataclass(frozen=True, slots=True)
class Entities:
    """Who carries the policy, by name."""

    roles: tuple[str, ...]
    users: tuple[str, ...]
    groups: tuple[str, ...]


def identify(partition: str) -> Steps[Identity]:
    """Whose credentials the caller's own are; UnreadableError when even that is refused."""
    unnamed = Account(AccountId("its own account"), partition=partition)
    place = Place(unnamed, "sts", "GetCallerIdentity")
    call = Call("sts", "GetCallerIdentity", {}, None, place)
    return (yield from _ask(call, lambda answer: parse_identity(answer.get("Arn"))))


def inspect_account(
    account: Account,
    caller: Identity,
    session_name: str,
    providers_needed: ProvidersNeeded,
    now: Callable[[], datetime],
) -> Steps[AccountFacts]:
    """Everything the rule needs to know of one account; whatever cannot be read is in the facts."""
    if not account.is_checked:
        return AccountFacts(account, now())
    try:
        inside = yield from enter(account, caller, session_name)
        return (yield from read_facts(inside, providers_needed, now))
    except UnreadableError as error:
        return AccountFacts(account, now(), unreadable=error.unreadable)


def enter(account: Account, caller: Identity, session_name: str) -> Steps[Inside]:
    """Get into an account with its scan role, or stay in one's own; never into another than was meant."""
    role = account.access.scan_role
    if not role or caller.account_id == account.id:
        place = Place(account, "sts", "GetCallerIdentity")
        _require(caller, place)
        return Inside(account, None, "")
    place = Place(account, "sts", "AssumeRole", role_name(role))
    _require(replace(caller, account_id=account.id), place)
    try:
        _require(parse_identity(role_arn(account, role)), place)
    except CallError as error:
        raise UnreadableError(unreadable(error, place), error.code) from error
    parameters = assume_parameters(account, role, session_name=session_name)
    assumed = yield from _ask(Call("sts", "AssumeRole", parameters, None, place), parse_assumed)
    _require(assumed.identity, place)
    return Inside(account, assumed.credentials, role_name(role))


def read_facts(
    inside: Inside,
    providers_needed: ProvidersNeeded,
    now: Callable[[], datetime],
) -> Steps[AccountFacts]:
    entities = yield from list_entities(inside, inside.account.policy_arn)
    roles = []
    for name in entities.roles:
        role = yield from _read_role(inside, name)
        if role is not None:
            roles.append(role)
    facts = AccountFacts(inside.account, now(), tuple(roles), entities.users, entities.groups)
    kinds = providers_needed(facts)
    return replace(facts, providers=(yield from read_providers(inside, kinds))) if kinds else facts


def list_entities(inside: Inside, policy_arn: str, usage: str = "PermissionsPolicy") -> Steps[Entities]:
    """Who carries a policy, paged to the end: IAM may send a page that is short, or empty, and truncated.

    A policy that only bounds a role is not attached to it: that is usage `PermissionsBoundary`.
    """
    pages: list[tuple[list[str], list[str], list[str]]] = []
    markers: set[str] = set()
    parameters: dict[str, str | int] = {
        "PolicyArn": policy_arn,
        "PolicyUsageFilter": usage,
        "MaxItems": PAGE_SIZE,
    }

    def following(answer: Answer) -> str:
        marker = next_marker(answer, "PolicyRoles")
        if marker in markers or len(markers) >= MAX_PAGES:
            raise unparseable("pages without end")
        pages.append(
            (
                _names(answer, "PolicyRoles", "RoleName"),
                _names(answer, "PolicyUsers", "UserName"),
                _names(answer, "PolicyGroups", "GroupName"),
            ),
        )
        return marker

    while marker := (yield from inside.ask("ListEntitiesForPolicy", parameters, following)):
        markers.add(marker)
        parameters["Marker"] = marker
    return Entities(*(tuple(dict.fromkeys(chain(*column))) for column in zip(*pages, strict=True)))


def next_marker(answer: Answer, listing: str) -> str:
    """The marker of the next page, or empty; CallError for a page that lacks what every page has."""
    if not isinstance(answer.get(listing), list) or not isinstance(answer.get("IsTruncated"), bool):
        raise unparseable(f"an answer without {listing} or IsTruncated")
    if not answer["IsTruncated"]:
        return ""
    marker = answer.get("Marker")
    if not isinstance(marker, str) or not marker:
        raise unparseable("a truncated answer without Marker")
    return marker


def _names(answer: Answer, listing: str, name: str) -> list[str]:
    try:
        return [item[name] for item in answer.get(listing, ())]
    except KeyError:
        raise unparseable(f"an entry of {listing} without {name}") from None


def _read_role(inside: Inside, name: str) -> Steps[RoleFacts | None]:
    """A role that carries the policy; None for a service-linked one, or one that vanished meanwhile."""
    if name.startswith(SERVICE_LINKED_NAME):
        return None
    try:
        role = yield from inside.ask("GetRole", {"RoleName": name}, parse_role, name)
    except UnreadableError as error:
        if error.code == "NoSuchEntity":
            return None
        # The listing gives no path: without GetRole, the role's ARN is a guess.
        return RoleFacts(name, role_arn(inside.account, name), None, error.unreadable)
    inside.require_own(role.arn, "GetRole")
    return None if SERVICE_LINKED_PATH in role.arn else role


def parse_role(answer: Answer) -> RoleFacts:
    try:
        role = answer["Role"]
        name, arn, trust = role["RoleName"], role["Arn"], role["AssumeRolePolicyDocument"]
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    except (KeyError, TypeError):
        raise unparseable("an answer without a role") from None
    parse_identity(arn)
    return RoleFacts(name, arn, unquote(trust), boundary=boundary)


def read_providers(inside: Inside, kinds: frozenset[ProviderKind]) -> Steps[Providers]:
    """Identity providers of these kinds; what could not be read is in the answer."""
    arns: set[str] = set()
    for kind in sorted(kinds):
        operation, listing = PROVIDER_LISTS[kind]
        try:
            arns |= yield from inside.ask(operation, {}, partial(_provider_arns, listing))
        except UnreadableError as error:
            return Providers(kinds, frozenset(arns), error.unreadable)
    return Providers(kinds, frozenset(arns))


def _provider_arns(listing: str, answer: Answer) -> set[str]:
    if not isinstance(answer.get(listing), list):
        raise unparseable(f"an answer without {listing}")
    return {item["Arn"] for item in answer[listing] if "Arn" in item}


def _ask(call: Call, parse: Callable[[Answer], T]) -> Steps[T]:
    try:
        return parse((yield call))
    except CallError as error:
        raise UnreadableError(unreadable(error, call.place), error.code) from error


def _require(identity: Identity, place: Place) -> None:
    if not identity.is_in(place.account):
        raise UnreadableError(wrong_account(place, identity.account_id, identity.partition), "wrong-account")
