"""One account under the doctor's eyes: what the bot's roles open there, and to whom.

Nothing is written. Sessions of the role that fixes are held to nothing by a policy that denies everything,
and so are those that should not be given at all; their keys are dropped at once.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.aws.boto3_reader import Boto3Reader
from bot.aws.faults import BOTOCORE_FAILURES, CallError, Place, UnreadableError, from_botocore, next_step
from bot.aws.inspection import Steps, enter
from bot.aws.principals import Principals
from bot.aws.sessions import AwsConfig, Identity, assume_parameters, parse_assumed, role_name
from bot.domain.account import Account, AccountId
from bot.domain.doctor import Diagnosis, Probe, good, skipped, warning, wrong
from bot.domain.facts import UnreadableCode
from bot.domain.plan import Existence
from bot.settings import Settings

ACCOUNT_SECONDS = 30.0
ATTEMPTS = 2
SESSION_NAME = "support-role-doctor"
"""`RoleSessionName` and `SourceIdentity` of these looks, as they stand in the accounts' CloudTrail."""
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
"""A session policy under which a session may do nothing at all, whatever its role is allowed."""
CHECKS_OF_ACCOUNTS = ("aws.scan-role", "aws.principals", "aws.remediation-role", "aws.external-id")


@dataclass(frozen=True, slots=True)
class AccountDoctor:
    """The looks at one account, given whose the own credentials are and which accounts may be read."""

    account: Account
    caller: Identity
    scope: Mapping[AccountId, Account]
    settings: Settings
    config: AwsConfig
    sts: Any
    """A boto3 client with the bot's own credentials; threads may share it."""

    @property
    def about(self) -> tuple[str, ...]:
        return (self.account.label,)

    def probes(self) -> Iterator[Diagnosis | Probe]:
        """What can be looked at at once; further looks follow from it."""
        no_fix = self._why_no_fix()
        opens = () if no_fix else ("aws.principals",)
        yield Probe("aws.scan-role", self.scan, opens, self.about, ACCOUNT_SECONDS)
        if not no_fix:
            yield Probe("aws.remediation-role", self.remediation, (), self.about, ACCOUNT_SECONDS)
            return
        # A mode is said once, whatever the number of accounts.
        about = () if self.settings.remediation.mode == "off" else self.about
        for check in ("aws.principals", "aws.remediation-role"):
            yield skipped(check, no_fix, about)

    def scan(self) -> Iterator[Diagnosis | Probe]:
        # As in a scan, the bot's own account is read with its own credentials whatever role is named for it.
        is_own = self.caller.account_id == self.account.id
        role = "" if is_own else role_name(self.account.access.scan_role)
        who = role or "The bot's own credentials"
        try:
            refused = self._reader().run(self._scan_steps())
        except UnreadableError as error:
            yield self._not_entered(error, who)
            return
        for refusal, operation in refused:
            what = refusal.unreadable
            text = f"{who} may not call iam:{operation} ({refusal.code})"
            yield _judged("aws.scan-role", text, what.code, what.next_step, self.about)
        if not refused:
            can = "can be assumed, and may read what a check needs" if role else "may read what a check needs"
            yield good("aws.scan-role", f"{who} {can}", self.about)
        if not self._why_no_fix():
            yield Probe("aws.principals", self.principals, (), self.about, ACCOUNT_SECONDS)
        if role:
            yield self._confused_deputy(self.account.access.scan_role)

    def _scan_steps(self) -> Steps[list[tuple[UnreadableError, str]]]:
        """Every read of a check and of a fix, once; what there is not is no refusal."""
        inside = yield from enter(self.account, self.caller, SESSION_NAME)
        refused = []
        for operation, parameters in self._reads():
            try:
                yield from inside.ask(operation, parameters, lambda answer: answer)
            except UnreadableError as error:
                if error.code != "NoSuchEntity":
                    refused.append((error, operation))
        return refused

    def _reads(self) -> Iterator[tuple[str, dict[str, str | int]]]:
        name = self.settings.remediation.role_name
        policy: dict[str, str | int] = {"PolicyArn": self.account.policy_arn, "MaxItems": 1}
        yield "ListEntitiesForPolicy", {**policy, "PolicyUsageFilter": "PermissionsPolicy"}
        yield "GetRole", {"RoleName": name}
        yield "ListSAMLProviders", {}
        yield "ListOpenIDConnectProviders", {}
        if self.settings.remediation.mode != "off":
            yield "ListAttachedRolePolicies", {"RoleName": name}
            yield "ListRolePolicies", {"RoleName": name}
            yield "GetUser", {"UserName": SESSION_NAME}

    def _not_entered(self, error: UnreadableError, who: str) -> Diagnosis:
        what = error.unreadable
        text = f"{who} cannot be assumed ({error.code})"
        if what.code is UnreadableCode.WRONG_ACCOUNT:
            text = f"{who} leads into another account or partition"
        return _judged("aws.scan-role", text, what.code, what.next_step, self.about)

    def principals(self) -> Iterator[Diagnosis]:
        check = "aws.principals"
        for arn in self.account.trusted_principals:
            name = arn.replace(self.account.id, "{account_id}")
            known = Principals(self.account, self.scope, self.caller, SESSION_NAME)
            fact = self._reader().run(known.look_up(arn))
            if fact.existence is Existence.EXISTS:
                yield good(check, f"{name} exists", self.about)
            elif fact.existence is Existence.MISSING:
                step = "Create it there, or name another in trusted_principals: a fix is refused until then."
                yield wrong(check, f"{name} does not exist", step, self.about)
            elif fact.existence is Existence.IAM_DECIDES:
                yield skipped(check, f"{name} is in an account that the bot does not read", self.about)
            else:
                step = fact.unreadable.next_step if fact.unreadable else ""
                yield warning(check, f"Whether {name} exists could not be told", step, self.about)

    def remediation(self) -> Iterator[Diagnosis | Probe]:
        check, reference = "aws.remediation-role", self.account.access.remediation_role
        if not reference:
            text = "A fix uses the bot's own credentials, which cannot be tried without writing"
            yield skipped(check, text, self.about)
            return
        failure = self._assume(reference, SourceIdentity=SESSION_NAME, **self._external_id())
        who = role_name(reference)
        if failure is None:
            yield good(check, f"{who} can be assumed, and the approver be named", self.about)
            yield self._confused_deputy(reference)
            return
        step = next_step(failure, Place(self.account, "sts", "AssumeRole", who))
        yield _judged(check, f"{who} cannot be assumed ({failure.code})", failure.kind, step, self.about)

    def _confused_deputy(self, reference: str) -> Diagnosis | Probe:
        if not self.account.access.external_id:
            text = "No external id is configured; between accounts of one company none is needed"
            return skipped("aws.external-id", text, self.about)
        look = partial(self.without_external_id, reference)
        return Probe("aws.external-id", look, (), self.about, ACCOUNT_SECONDS)

    def without_external_id(self, reference: str) -> Iterator[Diagnosis]:
        """Knock without it. If the door opens, the session may do nothing, and its keys are dropped."""
        check, who = "aws.external-id", role_name(reference)
        failure = self._assume(reference)
        if failure is None:
            text = f"{who} can be assumed without the external id"
            step = "Ask for sts:ExternalId in the role's trust policy, as support-role iam prints it."
            yield warning(check, text, step, self.about)
        elif failure.kind is UnreadableCode.ACCESS_DENIED:
            yield good(check, f"{who} lets nobody in without the external id", self.about)
        else:
            yield skipped(check, f"What {who} does without it could not be told ({failure.code})", self.about)

    def _assume(self, reference: str, **more: str) -> CallError | None:
        """Assume a role for a session that may do nothing; why not, or None."""
        parameters = assume_parameters(self.account, reference, session_name=SESSION_NAME, policy=NOTHING)
        parameters.pop("ExternalId", None)
        try:
            assumed = parse_assumed(self.sts.assume_role(**parameters, **more))
        except BOTOCORE_FAILURES as error:
            return from_botocore(error)
        except CallError as error:
            return error
        return None if assumed.identity.is_in(self.account) else _elsewhere()

    def _why_no_fix(self) -> str:
        """Why no fix ever goes to the account; empty when one may."""
        if self.settings.remediation.mode == "off":
            return "Nothing is fixed while remediation.mode is off."
        if self.account.is_management:
            return "No fix is ever made (management account)"
        if self.account.id in self.settings.remediation.protected_accounts:
            return "No fix is made (protected)"
        return ""

    def _external_id(self) -> dict[str, str]:
        external_id = self.account.access.external_id
        return {"ExternalId": external_id} if external_id else {}

    def _reader(self) -> Boto3Reader:
        return Boto3Reader(self.config, lambda _: frozenset(), max_attempts=ATTEMPTS)


def _judged(check: str, text: str, kind: UnreadableCode, step: str, about: tuple[str, ...]) -> Diagnosis:
    """Throttling is no refusal: it says only that this was not found out."""
    if kind is UnreadableCode.THROTTLED:
        return warning(check, text, "AWS asks for fewer calls: ask again, with fewer --accounts.", about)
    return wrong(check, text, step, about)


def _elsewhere() -> CallError:
    return CallError(UnreadableCode.WRONG_ACCOUNT, "another account's session")
