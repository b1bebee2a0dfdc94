"""AWS as the flows see it: accounts with roles in memory or in a file, and switches for what goes wrong."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import Any

from building.values import EXTERNAL_ID, a_trust

from bot.aws.observed_role import ObservedRole, problems_of, why_not_ours
from bot.aws.support_role import (
    Attached,
    Created,
    Deleted,
    NotOurs,
    ReadBack,
    WhyNot,
    Withheld,
    Writer,
)
from bot.aws.target import trusted_arns
from bot.aws.written import nothing_against
from bot.domain.account import Access, Account
from bot.domain.deep_facts import DeepFacts
from bot.domain.errors import AwsError
from bot.domain.explanation import names_in_trust
from bot.domain.facts import AccountFacts, RoleFacts, Unreadable
from bot.domain.guards import Refused
from bot.domain.plan import Existence, ExistingRole, Plan, PrincipalFact, TargetFacts
from bot.domain.request import RequestId
from bot.domain.undo import PresentRole, Remains
from bot.flows.parts import Aws
from bot.flows.ports import Clock

REACH = Access("Scanner", "Remediator", EXTERNAL_ID)


@dataclass(slots=True)
class CloudRole:
    """One role, as IAM keeps it."""

    name: str
    arn: str
    role_id: str
    trust: str
    tags: list[tuple[str, str]]
    boundary: str = ""
    max_session_seconds: int = 3600
    policies: list[str] = field(default_factory=list)


Hook = Callable[[], None]


class FakeCloud:
    """IAM of every account. `before` and `after` run around a call; `faults` are raised instead of it."""

    def __init__(self, *accounts: Account) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.roles: dict[str, list[CloudRole]] = {}
        self.gone_principals: set[str] = set()
        self.unreadable: dict[str, Unreadable] = {}
        self.calls: list[str] = []
        """Every write that changed something, e.g. `CreateRole 111122223333`."""
        self.before: dict[str, Hook] = {}
        self.after: dict[str, Hook] = {}
        self.faults: dict[str, AwsError] = {}
        self.is_slow_to_show = False
        """Roles and attachments are made, but a read back does not show them yet."""
        self.is_silent = False
        """A role is made without an answer, and shown only to whoever waits for it."""
        self.lock = RLock()

    def add_role(self, account: Account, name: str = "support", **changes: Any) -> CloudRole:
        """A role that carries the policy and lets a person in."""
        arn = f"arn:{account.partition}:iam::{account.id}:role/{name}"
        role = CloudRole(
            name, arn, f"AROA{name.upper()}", a_trust(account), [], policies=[account.policy_arn]
        )
        for attribute, value in changes.items():
            setattr(role, attribute, value)
        self.roles.setdefault(account.id, []).append(role)
        self.save()
        return role

    def find(self, account_id: str, name: str) -> CloudRole | None:
        self.load()
        return next((role for role in self.roles.get(account_id, []) if role.name == name), None)

    def reach(self, account: Account) -> Account:
        known = self.accounts.get(account.id, account)
        return replace(
            account,
            access=REACH,
            trusted_principals=known.trusted_principals,
            trusted_account_ids=known.trusted_account_ids,
            may_trust_root=known.may_trust_root,
        )

    def load(self) -> None:
        """Bring `roles` in line with the file, for a cloud that has one."""

    def save(self) -> None:
        """Bring the file in line with `roles`."""

    def call(self, verb: str) -> None:
        """What happens at every call before it has an effect."""
        if verb in self.before:
            self.before[verb]()
        if verb in self.faults:
            raise self.faults[verb]
        self.load()

    def on_its_way(self, verb: str) -> None:
        """What happens between a writer's last question and the change."""

    def changed(self, verb: str, account_id: str) -> tuple[str, ...]:
        """Record a call that had an effect; its AWS request ids."""
        self.calls.append(f"{verb} {account_id}")
        self.save()
        if verb in self.after:
            self.after[verb]()
        return (f"aws-{verb}-{len(self.calls)}",)

    def aws(self, clock: Clock) -> Aws:
        return Aws(
            read_identity=self._read_identity,
            read_inventory=self._read_inventory,
            reach=self._reach,
            read_standing=self._standing,
            read_accounts=lambda accounts: [self._facts(account, clock) for account in accounts],
            read_deep=self._deep,
            read_target=lambda account, plan, _: self._target(account, plan, clock),
            open_writer=lambda account, plan, request, approver: FakeWriter(
                self, account, plan, request, approver
            ),
            read_remains=lambda account, name: self._remains(account, name, clock),
            read_until_gone=lambda account, name: self._remains(account, name, clock),
            open_undo=lambda account, removal, _, approver: FakeWriter(
                self, account, removal.plan, RequestId(removal.fix_id), approver
            ),
            close=lambda: None,
        )

    def _read_identity(self) -> str:
        self.call("GetCallerIdentity")
        return "999900001111"

    def _read_inventory(self) -> tuple[Account, ...]:
        self.call("ListAccounts")
        return tuple(self.accounts.values())

    def _reach(self, account: Account) -> Account:
        self.call("Reach")
        return self.reach(account)

    def _standing(self, account: Account) -> Account | None:
        self.call("DescribeAccount")
        known = self.accounts.get(account.id)
        return None if known is None else replace(account, state=known.state)

    def _facts(self, account: Account, clock: Clock) -> AccountFacts:
        if account.access != REACH:
            raise AssertionError(f"{account.id} was read without how it is reached")
        self.call("ReadAccount")
        if account.id in self.unreadable:
            return AccountFacts(account, clock(), unreadable=self.unreadable[account.id])
        carriers = [
            RoleFacts(role.name, role.arn, role.trust)
            for role in self.roles.get(account.id, [])
            if account.policy_arn in role.policies
        ]
        return AccountFacts(account, clock(), roles=tuple(carriers))

    def _deep(self, facts: AccountFacts, everybody: Sequence[Account]) -> DeepFacts:
        """Nothing more is on any role; principals exist unless they are gone."""
        if {account.access for account in everybody} - {REACH}:
            raise AssertionError("an account is looked into without how it is reached")
        self.call("ReadDeep")
        in_scope = frozenset(account.id for account in everybody)
        names = names_in_trust(facts, in_scope=in_scope)
        return DeepFacts(principals=tuple(self._principal(arn) for arn in names))

    def _target(self, account: Account, plan: Plan, clock: Clock) -> TargetFacts:
        self.call("ReadTarget")
        facts = self._facts(account, clock)
        role = self.find(account.id, plan.role_name)
        existing = None
        if role is not None:
            existing = ExistingRole(role.name, role.arn, role.role_id, role.trust, tuple(role.tags))
        principals = tuple(self._principal(arn) for arn in trusted_arns(plan))
        return TargetFacts(facts, existing, principals=principals)

    def _remains(self, account: Account, name: str, clock: Clock) -> Remains:
        facts = self._facts(account, clock)
        role = self.find(account.id, name)
        if facts.unreadable is not None or role is None:
            return Remains(unreadable=facts.unreadable)
        seconds, policies = role.max_session_seconds, tuple(role.policies)
        present = PresentRole(
            role.arn, role.role_id, role.trust, tuple(role.tags), role.boundary, seconds, policies
        )
        return Remains(present)

    def _principal(self, arn: str) -> PrincipalFact:
        return PrincipalFact(arn, Existence.MISSING if arn in self.gone_principals else Existence.EXISTS)


class FileCloud(FakeCloud):
    """A cloud that outlives the process: its roles and calls stand in a file."""

    def __init__(self, path: Path, *accounts: Account) -> None:
        super().__init__(*accounts)
        self._path = path

    def load(self) -> None:
        if self._path.exists():
            body = json.loads(self._path.read_text())
            self.calls = body["calls"]
            self.roles = {
                account: [
                    CloudRole(**(role | {"tags": [(key, value) for key, value in role["tags"]]}))
                    for role in roles
                ]
                for account, roles in body["roles"].items()
            }

    def save(self) -> None:
        roles = {account: [asdict(role) for role in roles] for account, roles in self.roles.items()}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({"calls": self.calls, "roles": roles}))
        new.replace(self._path)


class FakeWriter(Writer):
    """The writer's promises over a `FakeCloud`: it looks before it acts, and touches no stranger's role."""

    def __init__(
        self, cloud: FakeCloud, account: Account, plan: Plan, request_id: RequestId, approver: str
    ) -> None:
        if account.access != REACH:
            raise AssertionError(f"{account.id} is written to without how it is reached")
        cloud.call("OpenWriter")
        self._cloud = cloud
        self._plan = plan
        self._request_id = request_id
        self._approver = approver

    @property
    def may_have_written(self) -> bool:
        return True

    @property
    def may_be_unseen(self) -> bool:
        return self._cloud.is_silent

    def observe(self) -> ObservedRole | None:
        self._cloud.call("GetRole")
        return None if self._cloud.is_silent else self._look()

    def wait_for_role(self) -> ObservedRole | None:
        self._cloud.call("GetRole")
        return self._look()

    def create_role(self, why_not: WhyNot = nothing_against) -> Created | NotOurs | Withheld:
        with self._cloud.lock:
            self._cloud.call("CreateRole")
            observed = self._look()
            if observed is not None:
                return self._stranger(observed) or Created(observed.arn, observed.role_id, already=True)
            refused = self._ask("CreateRole", why_not)
            if refused is not None:
                return Withheld(refused)
            observed = self._look()
            if observed is not None:
                return self._stranger(observed) or Created(observed.arn, observed.role_id, already=True)
            plan = self._plan
            tags = list(plan.tags(self._request_id, self._approver))
            role_id = f"AROA{len(self._cloud.calls) + 1:04d}"
            role = CloudRole(
                plan.role_name,
                plan.role_arn,
                role_id,
                plan.trust,
                tags,
                plan.permissions_boundary,
                plan.max_session_seconds,
            )
            self._cloud.roles.setdefault(plan.account_id, []).append(role)
            ids = self._cloud.changed("CreateRole", plan.account_id)
            if self._cloud.is_silent:
                raise AwsError("CreateRole: ReadTimeoutError", "ReadTimeoutError")
            return Created(plan.role_arn, role_id, already=False, request_ids=ids)

    def attach_policy(self, why_not: WhyNot = nothing_against) -> Attached | NotOurs | Withheld:
        with self._cloud.lock:
            self._cloud.call("AttachRolePolicy")
            observed = self._look()
            if observed is None:
                raise AwsError("GetRole: NoSuchEntity", "NoSuchEntity")
            stranger = self._stranger(observed)
            if stranger:
                return stranger
            if self._plan.policy_arn in observed.policies:
                return Attached(already=True)
            refused = self._ask("AttachRolePolicy", why_not)
            if refused is not None:
                return Withheld(refused)
            observed = self._look()
            if observed is None:
                raise AwsError("AttachRolePolicy: NoSuchEntity", "NoSuchEntity")
            if self._plan.policy_arn in observed.policies:
                return Attached(already=False)
            self._role().policies.append(self._plan.policy_arn)
            return Attached(already=False, request_ids=self._changed("AttachRolePolicy"))

    def read_back(self, attempts: int = 6) -> ReadBack:
        self._cloud.call("ReadBack")
        observed = self._look()
        if observed is None or self._cloud.is_slow_to_show:
            return ReadBack(visible=False, problems=("the role is not visible",))
        problems = problems_of(observed, self._plan, self._request_id, self._approver)
        return ReadBack(self._plan.policy_arn in observed.policies, problems)

    def delete_created_role(
        self,
        role_id: str,
        tags: tuple[tuple[str, str], ...] | None = None,
        why_not: WhyNot = nothing_against,
    ) -> Deleted | NotOurs | Withheld:
        with self._cloud.lock:
            self._cloud.call("DeleteRole")
            observed = self._look()
            if observed is None:
                return Deleted(already=True)
            stranger = self._stranger(observed)
            if stranger:
                return stranger
            if tags is not None and sorted(tags) != sorted(observed.tags):
                return NotOurs(f"{observed.arn} has other tags")
            if observed.role_id != role_id:
                return NotOurs(f"{observed.arn} was made anew")
            refused = self._ask("DeleteRole", why_not)
            if refused is not None:
                return Withheld(refused)
            if self._look() is None:
                return Deleted(already=True)
            self._cloud.roles[self._plan.account_id].remove(self._role())
            return Deleted(already=False, request_ids=self._changed("DeleteRole"))

    def _ask(self, verb: str, why_not: WhyNot) -> Refused | None:
        refused = why_not()
        if refused is None:
            self._cloud.on_its_way(verb)
        return refused

    def _role(self) -> CloudRole:
        role = self._cloud.find(self._plan.account_id, self._plan.role_name)
        if role is None:
            raise LookupError(self._plan.role_name)
        return role

    def _look(self) -> ObservedRole | None:
        role = self._cloud.find(self._plan.account_id, self._plan.role_name)
        if role is None:
            return None
        return ObservedRole(
            role.arn,
            role.role_id,
            role.trust,
            tuple(role.tags),
            role.boundary,
            role.max_session_seconds,
            tuple(role.policies),
        )

    def _stranger(self, observed: ObservedRole) -> NotOurs | None:
        reason = why_not_ours(observed, self._plan, self._request_id)
        return NotOurs(reason) if reason else None

    def _changed(self, verb: str) -> tuple[str, ...]:
        return self._cloud.changed(verb, self._plan.account_id)
