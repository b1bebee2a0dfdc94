"""A deeper look: what it read when all is well, and explanations made of it."""

import json
from dataclasses import replace
from typing import Any

from bot.domain.account import AccountId
from bot.domain.deep_facts import (
    Carriers,
    DeepFacts,
    DeepRoleFacts,
    PolicyFacts,
    PolicyKind,
    policies_to_ask_about,
)
from bot.domain.explanation import Explanation, explain, names_in_trust
from bot.domain.facts import AccountFacts, Unreadable, UnreadableCode
from bot.domain.plan import Existence, PrincipalFact

DENIED = Unreadable(UnreadableCode.ACCESS_DENIED, "GetPolicy x as Scanner: AccessDenied", "Allow it.")
DENY_SUPPORT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "support:*", "Resource": "*"}],
    }
)
ALLOW_ALL = DENY_SUPPORT.replace("Deny", "Allow").replace("support:*", "*")
ALLOW_S3 = ALLOW_ALL.replace('"*"', '"s3:*"', 1)


def in_scope_of(facts: AccountFacts, *others: str) -> frozenset[AccountId]:
    return frozenset({facts.account.id, *map(AccountId, others)})


def deep_of(facts: AccountFacts, *others: str, **changes: Any) -> DeepFacts:
    """Nothing but the policy on any role, every principal there, and no other way to AWS Support."""
    names = names_in_trust(facts, in_scope=in_scope_of(facts, *others))
    deep = DeepFacts(
        roles=tuple(DeepRoleFacts(role.arn) for role in facts.roles),
        principals=tuple(PrincipalFact(arn, Existence.EXISTS) for arn in names),
        carriers=tuple(Carriers(arn, usage) for arn, usage in policies_to_ask_about(facts.account)),
    )
    return replace(deep, **changes)


def a_policy_on(role_arn: str, kind: PolicyKind, document: str | None, name: str = "") -> DeepRoleFacts:
    """A role with one more policy."""
    name = name or ("guard" if kind is PolicyKind.INLINE else "arn:aws:iam::111122223333:policy/Guard")
    calls = (f"iam:GetPolicy {name}",)
    policy = PolicyFacts(kind, name, document, calls, None if document else DENIED)
    return DeepRoleFacts(role_arn, (policy,))


def an_explanation(facts: AccountFacts, **changes: Any) -> Explanation:
    return explain(facts, deep_of(facts, **changes), in_scope_of(facts))
