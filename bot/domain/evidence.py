"""The evidence of an explanation: one sentence for each thing that was read, with the calls that gave it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.account import POLICY_NAME, AccountId
from bot.domain.deep_facts import (
    Carriers,
    DeepFacts,
    DeepRoleFacts,
    PolicyFacts,
    PolicyKind,
    Usage,
    administrator_arn,
    listing_call,
    lookup_call,
    same_name_arn,
    support_user_arn,
)
from bot.domain.facts import AccountFacts, RoleFacts
from bot.domain.finding import RoleFinding
from bot.domain.plan import Existence
from bot.domain.rule import candidates
from bot.domain.support_policy import SupportEffect, support_effect
from bot.domain.trust import Admission, read_trust
from bot.domain.trust_notes import few, shown
from bot.domain.wording import attached_elsewhere


class Weight(StrEnum):
    SAYS = "says"
    AGAINST = "against"
    """It speaks against the role, or against the account."""
    UNREAD = "unread"
    """Something that could not be read, so that less is known than was asked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str
    calls: tuple[str, ...] = ()
    """As in `iam:GetRole arn:aws:iam::111122223333:role/support`."""
    role: str = ""
    """ARN of the role that it is about; empty for the account."""
    weight: Weight = Weight.SAYS
    code: str = ""
    """Set where the finding bears it as a note too."""


OTHER_ACCESS = "other-access"
BOUNDARY_ONLY = "boundary-only"
SAME_NAME = "same-name"
_SUPPORT_DENIED = "support-denied"
_TOLD_APART = frozenset({_SUPPORT_DENIED, "principal-missing"})
"""Reasons that have evidence of their own."""


def denial(policy: PolicyFacts) -> str:
    """How a policy keeps its role from AWS Support, without a full stop; empty unless that is certain."""
    if policy.document is None:
        return ""
    effect = support_effect(policy.document)
    if effect is SupportEffect.DENIES:
        return f"Its {policy.kind} {shown(policy.name)} denies support:* outright"
    if effect is SupportEffect.SILENT and policy.kind is PolicyKind.BOUNDARY:
        return f"Its {policy.kind} {shown(policy.name)} allows nothing of support:*"
    return ""


def evidence_of_account(facts: AccountFacts) -> Iterator[Evidence]:
    """Who carries the policy, as the scan has read it."""
    calls = (listing_call(facts.account.policy_arn),)
    names = _carrying(facts)
    if names:
        text = f"As a permissions policy, {POLICY_NAME} is on {_roles(names)}."
        yield Evidence(text, calls)
    else:
        yield Evidence(
            f"No role carries {POLICY_NAME} as a permissions policy.", calls, weight=Weight.AGAINST
        )
    for note in attached_elsewhere(facts):
        yield Evidence(note.text, calls)


def _carrying(facts: AccountFacts) -> list[str]:
    return sorted(role.name for role in candidates(facts))


def _roles(names: list[str]) -> str:
    return f"role {shown(names[0])}" if len(names) == 1 else f"{len(names)} roles: {few(names, 5)}"


def evidence_of_role(
    role: RoleFacts,
    finding: RoleFinding,
    facts: AccountFacts,
    deep: DeepFacts,
    in_scope: frozenset[AccountId],
) -> Iterator[Evidence]:
    """Who can assume a role and on which conditions, and what keeps it from AWS Support."""
    yield from _of_trust(role, finding, facts, deep, in_scope)
    if deep.unreadable is None:
        yield from _of_policies(role, deep.role(role.arn))


def _of_trust(
    role: RoleFacts,
    finding: RoleFinding,
    facts: AccountFacts,
    deep: DeepFacts,
    in_scope: frozenset[AccountId],
) -> Iterator[Evidence]:
    call = f"iam:GetRole {role.arn}"
    said: set[str] = set()
    if role.trust is not None:
        reading = read_trust(role.trust, account=facts.account, in_scope=in_scope, providers=facts.providers)
        for admission in dict.fromkeys(reading.admits):
            if _is_said_by_reason(admission, finding):
                continue
            said |= {note.text for note in admission.notes}
            yield _of_admission(admission, role.arn, facts, deep)
    unread = role.trust is None
    for reason in finding.reasons:
        if reason.code not in _TOLD_APART:
            weight = Weight.UNREAD if unread or reason.code == "provider-unread" else Weight.AGAINST
            yield Evidence(reason.text, (call,), role.arn, weight)
    for note in finding.notes:
        if note.code not in _TOLD_APART and note.text not in said:
            yield Evidence(note.text, (call,), role.arn)


def _is_said_by_reason(admission: Admission, finding: RoleFinding) -> bool:
    """Whether a reason against the role names the principal already, as `*` or a service."""
    reasons = [reason.text for reason in finding.reasons if reason.code not in _TOLD_APART]
    return any(admission.principal in text for text in reasons)


def _of_admission(admission: Admission, role_arn: str, facts: AccountFacts, deep: DeepFacts) -> Evidence:
    principal, fact = admission.principal, deep.principal(admission.principal)
    call = f"iam:GetRole {role_arn}"
    asked = " ".join(["", *dict.fromkeys(note.text for note in admission.notes)])
    who = "Anybody (*)" if principal == "*" else shown(principal)
    if fact is None:
        exists = " This identity provider exists." if principal in facts.providers.arns else ""
        calls = (call, _provider_call(principal)) if exists else (call,)
        return Evidence(f"{who} can assume it.{exists}{asked}", calls, role_arn)
    if fact.existence is Existence.IAM_DECIDES:
        text = f"{who} can assume it. Its account is not ours to read: whether it exists was not looked up."
        return Evidence(text + asked, (call,), role_arn)
    calls = (call, lookup_call(principal))
    if fact.existence is Existence.EXISTS:
        return Evidence(f"{who} can assume it, and exists.{asked}", calls, role_arn)
    if fact.existence is Existence.MISSING:
        text = f"Its trust policy names {who}, which does not exist."
        return Evidence(text, calls, role_arn, Weight.AGAINST)
    why = shown(fact.unreadable.text, 500) if fact.unreadable else "no answer"
    text = f"{who} can assume it. Whether it exists could not be read: {why}.{asked}"
    return Evidence(text, calls, role_arn, Weight.UNREAD)


def _provider_call(principal: str) -> str:
    is_saml = ":saml-provider/" in principal
    return "iam:ListSAMLProviders *" if is_saml else "iam:ListOpenIDConnectProviders *"


def _of_policies(role: RoleFacts, deep: DeepRoleFacts) -> Iterator[Evidence]:
    if role.trust is not None and not role.boundary:
        yield Evidence("It has no permissions boundary.", (f"iam:GetRole {role.arn}",), role.arn)
    for policy in deep.policies:
        found = _of_policy(policy, role.arn)
        if found is not None:
            yield found
    for unreadable in deep.unreadable:
        text = f"What else is on it could not be listed: {shown(unreadable.text, 500)}."
        yield Evidence(text, _listings(role.arn), role.arn, Weight.UNREAD)
    harmless = [each for each in deep.policies if _is_harmless(each)]
    if harmless:
        names = few(sorted(each.name for each in harmless), 5)
        text = f"These on it do not deny support:* outright: {names}."
        calls = [*_listings(role.arn), *(call for each in harmless for call in each.calls)]
        yield Evidence(text, tuple(dict.fromkeys(calls)), role.arn)
    elif not deep.unreadable and not any(each.kind is not PolicyKind.BOUNDARY for each in deep.policies):
        yield Evidence(f"No policy but {POLICY_NAME} is on it.", _listings(role.arn), role.arn)


def _of_policy(policy: PolicyFacts, role_arn: str) -> Evidence | None:
    """What one policy has to say for itself; None for one that is counted among the harmless."""
    denied = denial(policy)
    if denied:
        return Evidence(f"{denied}.", policy.calls, role_arn, Weight.AGAINST)
    which = f"Its {policy.kind} {shown(policy.name)}"
    if policy.document is None:
        why = shown(policy.unreadable.text, 500) if policy.unreadable else "no answer"
        return Evidence(f"{which} could not be read: {why}.", policy.calls, role_arn, Weight.UNREAD)
    if support_effect(policy.document) is SupportEffect.UNCLEAR:
        return Evidence(f"{which} is no policy that can be judged.", policy.calls, role_arn, Weight.UNREAD)
    if policy.kind is PolicyKind.BOUNDARY:
        return Evidence(f"{which} does not shut out support:* as a whole.", policy.calls, role_arn)
    return None


def _is_harmless(policy: PolicyFacts) -> bool:
    return policy.kind is not PolicyKind.BOUNDARY and _of_policy(policy, "") is None


def _listings(role_arn: str) -> tuple[str, ...]:
    return f"iam:ListAttachedRolePolicies {role_arn}", f"iam:ListRolePolicies {role_arn}"


def evidence_of_others(facts: AccountFacts, deep: DeepFacts) -> Iterator[Evidence]:
    """Other ways to AWS Support, and what looks like the control's role without being one."""
    if deep.unreadable is not None:
        text = f"The account could not be looked into any deeper: {shown(deep.unreadable.text, 500)}."
        yield Evidence(text, weight=Weight.UNREAD)
    for carriers in deep.carriers:
        found = _of_carriers(carriers, facts)
        if found is not None:
            yield found
    others = [deep.carriers_of(arn(facts.account)) for arn in (administrator_arn, support_user_arn)]
    if not _carrying(facts) and all(each is not None and each.are_none for each in others):
        text = "Nobody carries AdministratorAccess or the job-function policy SupportUser either."
        yield Evidence(text, tuple(listing_call(each.policy_arn) for each in others if each))


def _of_carriers(carriers: Carriers, facts: AccountFacts) -> Evidence | None:
    calls = (listing_call(carriers.policy_arn),)
    if carriers.unreadable is not None:
        text = f"Who carries {carriers.policy_arn} could not be read: {shown(carriers.unreadable.text, 500)}."
        return Evidence(text, calls, weight=Weight.UNREAD)
    text, code = _text_of_carriers(carriers, facts)
    return Evidence(text, calls, code=code) if text else None


def _text_of_carriers(carriers: Carriers, facts: AccountFacts) -> tuple[str, str]:
    """What it means that they carry it, and the code of that note; empty where nobody does."""
    account, who = facts.account, _who(carriers)
    if carriers.usage is Usage.BOUNDARY:
        bounded = sorted({*carriers.roles}.difference(_carrying(facts)))
        text = f"{POLICY_NAME} is only the permissions boundary of {_roles(bounded)}" if bounded else ""
        return (f"{text}. That grants nothing, so it does not count.", BOUNDARY_ONLY) if text else ("", "")
    if carriers.policy_arn == same_name_arn(account) and who:
        text = f"A customer managed policy that is merely named {POLICY_NAME} is on {who}"
        return f"{text}. Only AWS's own {account.policy_arn} counts.", SAME_NAME
    if carriers.policy_arn == administrator_arn(account) and who:
        return (
            f"AWS Support can be reached another way: AdministratorAccess is on {who}. {_NO_ROLE}",
            OTHER_ACCESS,
        )
    if carriers.policy_arn == support_user_arn(account) and who:
        text = f"AWS Support can be reached another way: the job-function policy SupportUser is on {who}"
        return f"{text}. It lacks support-console:*, and {_NO_ROLE[0].lower()}{_NO_ROLE[1:]}", OTHER_ACCESS
    return "", ""


_NO_ROLE = "The control does not count it."


def _who(carriers: Carriers) -> str:
    kinds = (("role", carriers.roles), ("user", carriers.users), ("group", carriers.groups))
    return " and ".join(_counted(kind, sorted(names)) for kind, names in kinds if names)


def _counted(kind: str, names: list[str]) -> str:
    return f"{kind} {shown(names[0])}" if len(names) == 1 else f"{len(names)} {kind}s ({few(names, 5)})"
