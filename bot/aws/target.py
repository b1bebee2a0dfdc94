"""What must be known of an account before anything is written there, read anew with the scan role."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.faults import UnreadableError, unparseable
from bot.aws.inspection import (
    SCAN_ACTIONS,
    Answer,
    Inside,
    Steps,
    read_facts,
)
from bot.aws.principals import Principals
from bot.aws.remains import REMAINS_ACTIONS
from bot.aws.sessions import Identity
from bot.domain.account import Account, AccountId
from bot.domain.facts import AccountFacts, Unreadable
from bot.domain.plan import ExistingRole, Plan, PrincipalFact, TargetFacts

TARGET_ACTIONS = SCAN_ACTIONS | REMAINS_ACTIONS | {"iam:GetUser"}
"""What is done with the scan role before and after a write."""


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
    if not account.is_checked:
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
        self._reader = reader
        self._known = Principals(account, scope, caller, reader.config.session_name)

    def steps(self) -> Steps[TargetFacts]:
        reader = self._reader
        try:
            inside = yield from self._known.enter(self._account)
            facts = yield from read_facts(inside, reader.providers_needed, reader.now)
        except UnreadableError as error:
            return _unread(self._account, self._plan, reader, error.unreadable)
        existing, unreadable = yield from self._existing(inside)
        return TargetFacts(facts, existing, unreadable, (yield from self._principals()))

    def _existing(self, inside: Inside) -> Steps[tuple[ExistingRole | None, Unreadable | None]]:
        name = self._plan.role_name
        try:
            return (yield from inside.ask("GetRole", {"RoleName": name}, parse_existing, name)), None
        except UnreadableError as error:
            return None, None if error.code == "NoSuchEntity" else error.unreadable

    def _principals(self) -> Steps[tuple[PrincipalFact, ...]]:
        found: tuple[PrincipalFact, ...] = ()
        for arn in trusted_arns(self._plan):
            found += ((yield from self._known.look_up(arn)),)
        return found


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


def _unread(account: Account, plan: Plan, reader: Boto3Reader, why: Unreadable) -> TargetFacts:
    return TargetFacts(
        AccountFacts(account, reader.now(), unreadable=why),
        existing_role_unreadable=why,
        principals=tuple(PrincipalFact(arn, None, why) for arn in trusted_arns(plan)),
    )
