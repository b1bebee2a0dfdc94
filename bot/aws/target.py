"""What must be known of an account before anything is written there, read anew with the scan role."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.faults import CallError, UnreadableError, unparseable
from bot.aws.inspection import (
    SCAN_ACTIONS,
    Answer,
    Inside,
    Steps,
    enter,
    parse_role,
    read_facts,
    read_providers,
)
from bot.aws.remains import REMAINS_ACTIONS
from bot.aws.sessions import Identity, parse_identity, role_name
from bot.domain.account import Account, AccountId, AccountState
from bot.domain.facts import AccountFacts, ProviderKind, Unreadable
from bot.domain.plan import Existence, ExistingRole, Plan, PrincipalFact, TargetFacts

TARGET_ACTIONS = SCAN_ACTIONS | REMAINS_ACTIONS | {"iam:GetUser"}
"""What is done with the scan role before and after a write."""

PROVIDER_KINDS = {"saml-provider": ProviderKind.SAML, "oidc-provider": ProviderKind.OIDC}


def read_target(
    account: Account,
    plan: Plan,
    scope: Mapping[AccountId, Account],
    reader: Boto3Reader,
) -> TargetFacts:
    """Read the account, the role of the planned name and the trusted principals.

    A principal's own account is read with that account's scan role when it is in `scope`; elsewhere IAM
    decides. Whatever cannot be read is in the answer, never raised.
    """
    if account.state is not AccountState.ACTIVE:
        return TargetFacts(AccountFacts(account, reader.now()))
    try:
        caller = reader.caller
    except UnreadableError as error:
        return _unread(account, plan, reader, error.unreadable)
    return reader.run(_Target(account, plan, scope, reader, caller).steps())


class _Target:
    """The plan of calls for one target; a session in each account that it has to look into."""

    def __init__(
        self,
        account: Account,
        plan: Plan,
        scope: Mapping[AccountId, Account],
        reader: Boto3Reader,
        caller: Identity,
    ) -> None:
        self._account = account
        self._plan = plan
        self._scope = scope
        self._reader = reader
        self._caller = caller
        self._inside: dict[str, Inside] = {}

    def steps(self) -> Steps[TargetFacts]:
        reader = self._reader
        try:
            inside = yield from self._enter(self._account)
            facts = yield from read_facts(inside, reader.providers_needed, reader.now)
        except UnreadableError as error:
            return _unread(self._account, self._plan, reader, error.unreadable)
        existing, unreadable = yield from self._existing(inside)
        return TargetFacts(facts, existing, unreadable, (yield from self._principals()))

    def _enter(self, account: Account) -> Steps[Inside]:
        if account.id not in self._inside:
            name = self._reader.config.session_name
            self._inside[account.id] = yield from enter(account, self._caller, name)
        return self._inside[account.id]

    def _existing(self, inside: Inside) -> Steps[tuple[ExistingRole | None, Unreadable | None]]:
        name = self._plan.role_name
        try:
            return (yield from inside.ask("GetRole", {"RoleName": name}, parse_existing, name)), None
        except UnreadableError as error:
            return None, None if error.code == "NoSuchEntity" else error.unreadable

    def _principals(self) -> Steps[tuple[PrincipalFact, ...]]:
        found: tuple[PrincipalFact, ...] = ()
        for arn in trusted_arns(self._plan):
            found += ((yield from self._principal(arn)),)
        return found

    def _principal(self, arn: str) -> Steps[PrincipalFact]:
        home = self._home(arn)
        if home is None:
            return PrincipalFact(arn, Existence.IAM_DECIDES)
        try:
            inside = yield from self._enter(home)
            existence = yield from _look_up(inside, arn)
        except UnreadableError as error:
            missing = error.code == "NoSuchEntity"
            return PrincipalFact(
                arn, Existence.MISSING if missing else None, None if missing else error.unreadable
            )
        return PrincipalFact(arn, existence)

    def _home(self, arn: str) -> Account | None:
        """The account that a principal lives in, if it is ours to read."""
        try:
            identity = parse_identity(arn)
        except CallError:
            return None
        if identity.is_in(self._account):
            return self._account
        home = self._scope.get(AccountId(identity.account_id))
        readable = home is not None and home.state is AccountState.ACTIVE and identity.is_in(home)
        return home if readable else None


def _look_up(inside: Inside, arn: str) -> Steps[Existence]:
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind in PROVIDER_KINDS:
        providers = yield from read_providers(inside, frozenset({PROVIDER_KINDS[kind]}))
        if providers.unreadable:
            raise UnreadableError(providers.unreadable, providers.unreadable.code)
        return _exists(arn in providers.arns)
    name = role_name(path)
    if kind == "role":
        role = yield from inside.ask("GetRole", {"RoleName": name}, parse_role, name)
        return _exists(role.arn == arn)
    if kind == "user":
        found = yield from inside.ask("GetUser", {"UserName": name}, parse_user_arn, name)
        return _exists(found == arn)
    return Existence.IAM_DECIDES


def _exists(there: bool) -> Existence:  # noqa: FBT001 - its only argument is the question
    return Existence.EXISTS if there else Existence.MISSING


def trusted_arns(plan: Plan) -> tuple[str, ...]:
    """The principals in a plan's own trust policy, which is ours and well formed."""
    statements: list[Any] = json.loads(plan.trust)["Statement"]
    values = [value for statement in statements for value in statement["Principal"].values()]
    return tuple(arn for value in values for arn in ([value] if isinstance(value, str) else value))


def parse_existing(answer: Answer) -> ExistingRole:
    try:
        role = answer["Role"]
        tags = tuple((tag["Key"], tag["Value"]) for tag in role.get("Tags", ()))
        trust = unquote(role["AssumeRolePolicyDocument"])
        return ExistingRole(role["RoleName"], role["Arn"], role["RoleId"], trust, tags)
    except (KeyError, TypeError):
        raise unparseable("an answer without a role") from None


def parse_user_arn(answer: Answer) -> str:
    try:
        return str(answer["User"]["Arn"])
    except (KeyError, TypeError):
        raise unparseable("an answer without a user") from None


def _unread(account: Account, plan: Plan, reader: Boto3Reader, why: Unreadable) -> TargetFacts:
    return TargetFacts(
        AccountFacts(account, reader.now(), unreadable=why),
        existing_role_unreadable=why,
        principals=tuple(PrincipalFact(arn, None, why) for arn in trusted_arns(plan)),
    )
