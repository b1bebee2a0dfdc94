"""The plans of a bulk request, seen together: accounts whose plans say the same but for the account's id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.account import AccountId
from bot.domain.plan import Plan

PLACEHOLDER = AccountId("{account}")
"""Stands for the account's own id. No ARN of a role or user in settings can hold the braces of it."""


@dataclass(frozen=True, slots=True)
class PlanShape:
    """One plan for many accounts: put an account's id in the place of `{account}` and it is that one's."""

    plan: Plan
    """With the placeholder; its hash and fingerprint mean nothing."""
    account_ids: tuple[AccountId, ...]


def shapes_of(plans: Sequence[Plan]) -> tuple[PlanShape, ...]:
    """Every shape there is, in the order of its first account."""
    found: dict[Plan, list[AccountId]] = {}
    for plan in plans:
        found.setdefault(_shape(plan), []).append(plan.account_id)
    return tuple(PlanShape(shape, tuple(ids)) for shape, ids in found.items())


def _shape(plan: Plan) -> Plan:
    own = plan.account_id
    return replace(
        plan,
        account_id=PLACEHOLDER,
        trust=plan.trust.replace(own, PLACEHOLDER),
        permissions_boundary=plan.permissions_boundary.replace(own, PLACEHOLDER),
        fingerprint="",
    )
