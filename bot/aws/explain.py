"""The deeper look into one account: policies on roles, principals, other ways to AWS Support.

It is made with the scan role. A call more for each policy and principal, so it is made only where somebody
asks why.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import unquote

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.faults import UnreadableError, unparseable
from bot.aws.inspection import SCAN_ACTIONS, Answer, Inside, Steps, list_entities, read_providers
from bot.aws.principals import Principals
from bot.aws.reader import Reader
from bot.aws.remains import Page, list_on_role, parse_attached, parse_inline
from bot.aws.sessions import Identity
from bot.domain.account import Account, AccountId
from bot.domain.deep_facts import (
    Carriers,
    DeepFacts,
    DeepRoleFacts,
    PolicyFacts,
    PolicyKind,
    Usage,
    policies_to_ask_about,
)
from bot.domain.explanation import names_in_trust, providers_in_trust
from bot.domain.facts import AccountFacts, RoleFacts, Unreadable
from bot.domain.rule import candidates

T = TypeVar("T")
U = TypeVar("U")

EXPLAIN_ACTIONS = SCAN_ACTIONS | {
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:GetUser",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
}
"""The whole list of what a scan with a deeper look does with the scan role."""


def read_deep(
    facts: AccountFacts,
    scope: Mapping[AccountId, Account],
    reader: Boto3Reader,
) -> DeepFacts:
    """Look deeper into an account that was just read; what cannot be read is in the answer, never raised.

    `scope` are the accounts that may be read, with how each is reached: a principal is looked up in its own.
    An account that could not be read, or is not active, is left alone.
    """
    if not _is_worth_it(facts):
        return DeepFacts()
    try:
        return reader.run(_steps(facts, scope, reader.config.session_name, reader.caller))
    except UnreadableError as error:
        return DeepFacts(unreadable=error.unreadable)


async def look_deeper(
    facts: AccountFacts,
    scope: Mapping[AccountId, Account],
    reader: Reader,
    session_name: str,
) -> DeepFacts:
    """The same with the scan's reader, within the account's deadline: for many accounts at once."""
    if not _is_worth_it(facts):
        return DeepFacts()
    try:
        return await reader.run(facts.account, partial(_steps, facts, scope, session_name))
    except UnreadableError as error:
        return DeepFacts(unreadable=error.unreadable)


def _is_worth_it(facts: AccountFacts) -> bool:
    return facts.unreadable is None and facts.account.is_checked


def _steps(
    facts: AccountFacts, scope: Mapping[AccountId, Account], session_name: str, caller: Identity
) -> Steps[DeepFacts]:
    principals = Principals(facts.account, scope, caller, session_name)
    return _Deeper(facts, frozenset(scope), principals).steps()


class _Deeper:
    """The plan of calls for one account. A policy that is on many roles is read once."""

    def __init__(self, facts: AccountFacts, in_scope: frozenset[AccountId], principals: Principals) -> None:
        self._facts = facts
        self._in_scope = in_scope
        self._principals = principals
        self._documents: dict[str, PolicyFacts] = {}

    def steps(self) -> Steps[DeepFacts]:
        facts, in_scope = self._facts, self._in_scope
        inside = yield from self._principals.enter(facts.account)
        names = names_in_trust(facts, in_scope=in_scope)
        return DeepFacts(
            roles=(yield from _each(candidates(facts), partial(self._role, inside))),
            principals=(yield from _each(names, self._principals.look_up)),
            providers=(yield from read_providers(inside, providers_in_trust(facts, in_scope=in_scope))),
            carriers=(yield from _each(policies_to_ask_about(facts.account), partial(_carriers, inside))),
        )

    def _role(self, inside: Inside, role: RoleFacts) -> Steps[DeepRoleFacts]:
        unread: list[Unreadable] = []
        attached = yield from _listed(inside, role.name, "ListAttachedRolePolicies", parse_attached, unread)
        inline = yield from _listed(inside, role.name, "ListRolePolicies", parse_inline, unread)
        bounding = [role.boundary] if role.boundary else []
        # What the control's own policy allows is known.
        others = [arn for arn in attached if arn != self._facts.account.policy_arn]
        policies = (
            *(yield from _each(bounding, partial(self._managed, inside, PolicyKind.BOUNDARY))),
            *(yield from _each(others, partial(self._managed, inside, PolicyKind.ATTACHED))),
            *(yield from _each(inline, partial(_inline_policy, inside, role))),
        )
        return DeepRoleFacts(role.arn, policies, tuple(unread))

    def _managed(self, inside: Inside, kind: PolicyKind, arn: str) -> Steps[PolicyFacts]:
        if arn not in self._documents:
            self._documents[arn] = yield from _managed_policy(inside, arn)
        known = self._documents[arn]
        return PolicyFacts(kind, arn, known.document, known.calls, known.unreadable)


def _each(items: Iterable[T], steps: Callable[[T], Steps[U]]) -> Steps[tuple[U, ...]]:
    """The same plan for each item, one after the other."""
    found: tuple[U, ...] = ()
    for item in items:
        found += ((yield from steps(item)),)
    return found


def _listed(
    inside: Inside, role: str, operation: str, parse: Callable[[Answer], Page], unread: list[Unreadable]
) -> Steps[tuple[str, ...]]:
    """What is listed on a role; why it could not be goes into `unread`."""
    try:
        return (yield from list_on_role(inside, role, operation, parse))
    except UnreadableError as error:
        unread.append(error.unreadable)
        return ()


def _managed_policy(inside: Inside, arn: str) -> Steps[PolicyFacts]:
    """The version in force of a managed policy."""
    calls = [f"iam:GetPolicy {arn}"]
    try:
        version = yield from inside.ask("GetPolicy", {"PolicyArn": arn}, _parse_version, arn)
        calls.append(f"iam:GetPolicyVersion {arn}")
        parameters = {"PolicyArn": arn, "VersionId": version}
        document = yield from inside.ask("GetPolicyVersion", parameters, _parse_document, arn)
    except UnreadableError as error:
        return PolicyFacts(PolicyKind.ATTACHED, arn, None, tuple(calls), error.unreadable)
    return PolicyFacts(PolicyKind.ATTACHED, arn, document, tuple(calls))


def _inline_policy(inside: Inside, role: RoleFacts, name: str) -> Steps[PolicyFacts]:
    calls = (f"iam:GetRolePolicy {role.arn}",)
    parameters = {"RoleName": role.name, "PolicyName": name}
    try:
        document = yield from inside.ask("GetRolePolicy", parameters, _parse_inline_document, role.name)
    except UnreadableError as error:
        return PolicyFacts(PolicyKind.INLINE, name, None, calls, error.unreadable)
    return PolicyFacts(PolicyKind.INLINE, name, document, calls)


def _carriers(inside: Inside, asked: tuple[str, Usage]) -> Steps[Carriers]:
    policy_arn, usage = asked
    try:
        found = yield from list_entities(inside, policy_arn, usage)
    except UnreadableError as error:
        if error.code == "NoSuchEntity":
            # There is no such policy, so nobody carries it.
            return Carriers(policy_arn, usage)
        return Carriers(policy_arn, usage, unreadable=error.unreadable)
    return Carriers(policy_arn, usage, found.roles, found.users, found.groups)


def _parse_version(answer: Answer) -> str:
    try:
        return str(answer["Policy"]["DefaultVersionId"])
    except (KeyError, TypeError):
        raise unparseable("an answer without a policy") from None


def _parse_document(answer: Answer) -> str:
    try:
        return unquote(answer["PolicyVersion"]["Document"])
    except (KeyError, TypeError):
        raise unparseable("an answer without a document") from None


def _parse_inline_document(answer: Answer) -> str:
    try:
        return unquote(answer["PolicyDocument"])
    except (KeyError, TypeError):
        raise unparseable("an answer without a document") from None
