"""The accounts in moto: planted from their stories when first looked at, and asked who exists there."""

import json
import os
import secrets
import threading
from collections.abc import Iterable
from typing import Any

from bot.domain.account import POLICY_NAME
from bot.sandbox.landing_zone import MANAGEMENT_ID, RoleStory
from bot.sandbox.world import Story, World

# moto reads both when it is imported or first asked.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy, Role, iam_backends
from moto.organizations.models import FakeAccount, organizations_backends

MANAGED_POLICIES = (
    POLICY_NAME,
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "SupportUser",
    "ViewOnlyAccess",
)
"""Each account would otherwise read all 1,582 of them anew: 130 ms and 5 MB."""


class Cloud:
    """Every account of one organization; thread-safe where the caller holds `lock`."""

    def __init__(self, world: World) -> None:
        _share_managed_policies()
        self.lock = threading.RLock()
        self.stories = {story.id: story for story in world.stories}
        self._planted: set[str] = set()
        self._replaced: dict[tuple[str, str], Role | None] = {}
        self._gone: dict[str, str] = {}
        _plant_organization(world)

    def knows(self, account_id: str) -> bool:
        return account_id in self.stories

    def iam(self, account_id: str) -> IAMBackend:
        backend = iam_backends[account_id]["aws"]
        with self.lock:
            if account_id not in self._planted and account_id in self.stories:
                self._planted.add(account_id)
                _plant(self.stories[account_id], backend)
                for arn, unique_id in self._gone.items():
                    _show_as_deleted(backend, arn, unique_id)
        return backend

    def planted(self) -> Iterable[tuple[Story, IAMBackend]]:
        """The accounts that anybody looked at, as they are now, in the order of the organization."""
        for story in self.stories.values():
            if story.id in self._planted:
                yield story, iam_backends[story.id]["aws"]

    def role(self, account_id: str, name: str) -> Role | None:
        """The role of that name, whatever its case, as IAM looks names up."""
        roles = self.iam(account_id).get_roles() if self.knows(account_id) else ()
        return next((role for role in roles if role.name.lower() == name.lower()), None)

    def role_by_arn(self, arn: str) -> Role | None:
        role = self.role(_account_of(arn), arn.rpartition("/")[2])
        return role if role is not None and role.arn == arn else None

    def unique_id(self, arn: str) -> str:
        """The AIDA… or AROA… id of a user or role; empty when there is none of that ARN."""
        account_id, kind = _account_of(arn), arn.split(":", 5)[5].partition("/")[0]
        if not self.knows(account_id):
            return ""
        if kind == "role":
            role = self.role_by_arn(arn)
            return role.id if role else ""
        user = self.iam(account_id).users.get(arn.rpartition("/")[2]) if kind == "user" else None
        return user.id if user is not None and user.arn == arn else ""

    def has_provider(self, arn: str) -> bool:
        backend = self.iam(_account_of(arn)) if self.knows(_account_of(arn)) else None
        if backend is None:
            return False
        return arn in backend.open_id_providers or any(
            each.arn == arn for each in backend.list_saml_providers()
        )

    def show_as_deleted(self, arn: str, unique_id: str) -> None:
        """IAM writes the unique id of a deleted principal wherever a trust policy named it, for good."""
        self._gone[arn] = unique_id
        for _, backend in self.planted():
            _show_as_deleted(backend, arn, unique_id)

    def policy_documents(self, arn: str, unique_id: str) -> list[str]:
        """What a user or role may do, as documents; none when it is gone or was made anew since."""
        if not unique_id or self.unique_id(arn) != unique_id:
            return []
        backend = self.iam(_account_of(arn))
        holder = backend.roles.get(unique_id) or backend.users[arn.rpartition("/")[2]]
        managed = [
            version.document
            for policy in holder.managed_policies.values()
            for version in policy.versions
            if version.version_id == policy.default_version_id
        ]
        return [*holder.policies.values(), *managed]

    def delete_principal(self, arn: str) -> bool:
        """Take a user or role away with all it has; False when there is none."""
        unique_id = self.unique_id(arn)
        if not unique_id:
            return False
        backend = self.iam(_account_of(arn))
        if unique_id in backend.roles:
            del backend.roles[unique_id]
        else:
            del backend.users[arn.rpartition("/")[2]]
        self.show_as_deleted(arn, unique_id)
        return True

    def plant_role(self, account_id: str, role: RoleStory) -> None:
        """Put a role there, in place of one of that name."""
        backend = self.iam(account_id)
        before = self.role(account_id, role.name)
        self._replaced.setdefault((account_id, role.name), before)
        if before is not None:
            del backend.roles[before.id]
        _plant_role(backend, role)

    def take_role_back(self, account_id: str, name: str) -> bool:
        """Undo `plant_role`: what stood there before it is there again. False: nothing was planted."""
        if (account_id, name) not in self._replaced:
            return False
        backend = self.iam(account_id)
        before, planted = self._replaced.pop((account_id, name)), self.role(account_id, name)
        if planted is not None:
            del backend.roles[planted.id]
        if before is not None:
            backend.roles[before.id] = before
        return True

    def replaced(self) -> list[tuple[str, str]]:
        """Account and name of each planted role that can be taken back."""
        return list(self._replaced)


def _share_managed_policies() -> None:
    """AWS's own policies are the same in every account: let moto's accounts have the same objects."""
    known = json.loads(aws_managed_policies_data)
    shared: list[ManagedPolicy] = [
        AWSManagedPolicy.from_data(name, MANAGEMENT_ID, "aws", known[name]) for name in MANAGED_POLICIES
    ]
    setattr(IAMBackend, "_init_aws_policies", lambda _: shared)  # noqa: B010 - moto has no setting for it


def _account_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def _plant(story: Story, backend: IAMBackend) -> None:
    for role in story.roles:
        _plant_role(backend, role)
    for user in story.users:
        # moto gives users ids without IAM's prefix.
        planted = backend.create_user("aws", user.name)
        planted.id = "AIDA" + secrets.token_hex(9)[:17].upper()
        for arn in user.policies:
            backend.attach_user_policy(arn, user.name)
        for name, text in user.inline:
            backend.put_user_policy(user.name, name, text)
    for name in story.saml_providers:
        backend.create_saml_provider(name, "<EntityDescriptor/>")


def _plant_role(backend: IAMBackend, role: RoleStory) -> None:
    backend.create_role(role.name, role.trust, role.path, role.boundary or None, "", [], "3600")
    for arn in role.policies:
        backend.attach_role_policy(arn, role.name)
    for name, text in role.inline:
        backend.put_role_policy(role.name, name, text)


def _show_as_deleted(backend: IAMBackend, arn: str, unique_id: str) -> None:
    for role in backend.get_roles():
        if arn in role.assume_role_policy_document:
            trust = json.loads(role.assume_role_policy_document)
            role.assume_role_policy_document = json.dumps(_replaced(trust, arn, unique_id))


def _replaced(value: Any, arn: str, unique_id: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, arn, unique_id) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, arn, unique_id) for each in value]
    return unique_id if value == arn else value


def _plant_organization(world: World) -> None:
    backend: Any = organizations_backends[MANAGEMENT_ID]["aws"]
    backend.create_organization("us-east-1")
    backend.accounts[0].name = world.management.name
    backend.accounts[0].tags = dict(world.management.tags)
    units = {"": backend.org.root_id}
    for story in world.members:
        parent = _unit(backend, units, story.ou)
        account = FakeAccount(backend.org, AccountName=story.name, Email=f"aws+{story.id}@northwind.example")
        # It made itself an id, and a role in IAM under that.
        del iam_backends[account.id]
        account.id, account.parent_id = story.id, parent
        account.status = account.state = story.state.value
        account.tags = dict(story.tags)
        backend.accounts.append(account)


def _unit(backend: Any, units: dict[str, str], path: str) -> str:
    """The id of an organizational unit, made with all above it when it is not there yet."""
    if path not in units:
        above, _, name = path.rpartition("/")
        answer = backend.create_organizational_unit(ParentId=_unit(backend, units, above), Name=name)
        units[path] = answer["OrganizationalUnit"]["Id"]
    return units[path]
