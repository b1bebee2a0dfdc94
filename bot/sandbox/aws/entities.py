"""ListEntitiesForPolicy as IAM answers it: boundaries told apart from permissions, and real pages."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.aws.wire import Answer, ApiCall, Refusal, element, render_result

KINDS = (("Role", "PolicyRoles"), ("Group", "PolicyGroups"), ("User", "PolicyUsers"))
DEFAULT_PAGE = 100
LARGEST_PAGE = 1000


def list_entities(backend: Any, call: ApiCall) -> Answer:
    """`backend` is moto's IAM of the account. Refusal for a policy that does not exist."""
    given = call.parameters
    policy_arn = given.get("PolicyArn", "")
    if policy_arn not in backend.managed_policies:
        raise Refusal("NoSuchEntity", f"Policy {policy_arn} does not exist or is not attachable.", 404)
    size = min(int(given.get("MaxItems", DEFAULT_PAGE)), LARGEST_PAGE)
    start = int(given.get("Marker", "0"))
    everybody = list(_entities(backend, policy_arn, given.get("EntityFilter", ""), _usages(given)))
    page = everybody[start : start + size]
    end = start + size
    inner = "".join(_listing(kind, listing, page) for kind, listing in KINDS)
    if end < len(everybody):
        return render_result(call, inner + element("IsTruncated", "true") + element("Marker", end))
    return render_result(call, inner + element("IsTruncated", "false"))


def _usages(given: Any) -> frozenset[str]:
    wanted = given.get("PolicyUsageFilter", "")
    return frozenset({wanted} if wanted else {"PermissionsPolicy", "PermissionsBoundary"})


def _entities(backend: Any, policy_arn: str, only: str, usages: frozenset[str]) -> Iterator[tuple[str, Any]]:
    everybody = {"Role": backend.roles, "Group": backend.groups, "User": backend.users}
    for kind, _ in KINDS:
        for entity in everybody[kind].values() if only in ("", kind) else ():
            attached = policy_arn in entity.managed_policies and "PermissionsPolicy" in usages
            bounded = getattr(entity, "permissions_boundary_arn", None) == policy_arn
            if attached or (bounded and "PermissionsBoundary" in usages):
                yield kind, entity


def _listing(kind: str, listing: str, page: list[tuple[str, Any]]) -> str:
    members = "".join(
        f"<member>{element(f'{kind}Name', entity.name)}{element(f'{kind}Id', entity.id)}</member>"
        for its, entity in page
        if its == kind
    )
    return f"<{listing}>{members}</{listing}>"
