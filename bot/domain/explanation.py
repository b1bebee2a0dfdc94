"""The deeper look, judged: evidence for a finding, each piece with the AWS calls that gave it.

The finding can become stricter by it (`support-denied`, `principal-missing`), and never better: whatever
could not be read deeper is said, and leaves the verdict as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.domain.account import AccountId
from bot.domain.canonical import Json
from bot.domain.deep_facts import DeepFacts
from bot.domain.evidence import (
    Evidence,
    Weight,
    denial,
    evidence_of_account,
    evidence_of_others,
    evidence_of_role,
)
from bot.domain.facts import AccountFacts, ProviderKind
from bot.domain.finding import Finding, Reason, Verdict
from bot.domain.plan import Existence
from bot.domain.rule import Doubts, candidates, evaluate
from bot.domain.trust import read_trust

__all__ = [
    "DeepFacts",
    "Evidence",
    "Explanation",
    "Weight",
    "explain",
    "explanation_json",
    "names_in_trust",
    "providers_in_trust",
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding with all that it rests on."""

    finding: Finding
    """With the deeper reads taken into account: as strict as the scan's, or stricter."""
    scanned: Verdict
    """The verdict that a scan of the same moment gives, without the deeper reads."""
    evidence: tuple[Evidence, ...]

    @property
    def is_stricter(self) -> bool:
        return self.finding.verdict is not self.scanned

    def about(self, role_arn: str) -> tuple[Evidence, ...]:
        """The evidence about one role; with an empty ARN, that about the account as a whole."""
        return tuple(each for each in self.evidence if each.role == role_arn)


def names_in_trust(facts: AccountFacts, *, in_scope: frozenset[AccountId]) -> tuple[str, ...]:
    """Users, roles and role sessions, by ARN, that get in by a trust policy: a deeper look looks them up."""
    arns = [arn for arn in _trusted(facts, in_scope) if _NAMED & set(_kind_of(arn))]
    return tuple(dict.fromkeys(arns))


def providers_in_trust(facts: AccountFacts, *, in_scope: frozenset[AccountId]) -> frozenset[ProviderKind]:
    """Kinds of identity provider that trust policies name and that the scan had no need to read."""
    if facts.providers.kinds:
        return frozenset()
    kinds = {kind for arn in _trusted(facts, in_scope) for kind in _kind_of(arn)}
    return frozenset(provider for name, provider in _PROVIDERS.items() if name in kinds)


def explain(facts: AccountFacts, deep: DeepFacts, in_scope: frozenset[AccountId]) -> Explanation:
    """Judge the facts of one account together with what a deeper look read there; pure and total."""
    scanned = evaluate(facts, in_scope=in_scope)
    if scanned.meets_benchmark is None:
        weight = Weight.UNREAD if scanned.verdict is Verdict.UNKNOWN else Weight.SAYS
        said = tuple(Evidence(reason.text, weight=weight) for reason in scanned.reasons)
        return Explanation(scanned, scanned.verdict, said)
    known = replace(facts, providers=deep.providers) if deep.providers.kinds else facts
    doubts = Doubts(_missing(deep), tuple(_denials(facts, deep)))
    found = evaluate(known, in_scope=in_scope, doubts=doubts)
    evidence = tuple(_evidence(known, deep, found, in_scope))
    notes = [Reason(each.code, each.text) for each in evidence if each.code]
    finding = replace(found, notes=(*found.notes, *notes, *_not_deep(evidence)))
    return Explanation(finding, scanned.verdict, evidence)


def explanation_json(explanation: Explanation) -> list[Json]:
    """The evidence in its public shape: an addition to a finding's JSON."""
    return [{"text": each.text, "calls": list(each.calls)} for each in explanation.evidence]


def _evidence(
    facts: AccountFacts, deep: DeepFacts, found: Finding, in_scope: frozenset[AccountId]
) -> Iterator[Evidence]:
    yield from evidence_of_account(facts)
    for role, finding in zip(candidates(facts), found.roles, strict=True):
        yield from evidence_of_role(role, finding, facts, deep, in_scope)
    yield from evidence_of_others(facts, deep)


def _not_deep(evidence: tuple[Evidence, ...]) -> tuple[Reason, ...]:
    unread = sum(each.weight is Weight.UNREAD for each in evidence)
    if not unread:
        return ()
    things = "One thing" if unread == 1 else f"{unread} things"
    return (Reason("deep-unread", f"{things} could not be looked into: the evidence says what."),)


_NAMED = {"user", "role", "assumed-role"}
_PROVIDERS = {"saml-provider": ProviderKind.SAML, "oidc-provider": ProviderKind.OIDC}


def _trusted(facts: AccountFacts, in_scope: frozenset[AccountId]) -> Iterator[str]:
    """Everything that gets in, whoever else does: a scan's finding has an unread role's trust as empty."""
    for role in candidates(facts):
        if role.trust is not None:
            reading = read_trust(
                role.trust, account=facts.account, in_scope=in_scope, providers=facts.providers
            )
            yield from reading.trusts


def _kind_of(arn: str) -> tuple[str, ...]:
    """`role` of `arn:aws:iam::111122223333:role/path/name`; nothing for what is no ARN."""
    parts = arn.split(":", 5)
    return (parts[5].partition("/")[0],) if len(parts) == 6 else ()


def _missing(deep: DeepFacts) -> frozenset[str]:
    return frozenset(each.arn for each in deep.principals if each.existence is Existence.MISSING)


def _denials(facts: AccountFacts, deep: DeepFacts) -> Iterator[tuple[str, Reason]]:
    for role in candidates(facts):
        for policy in deep.role(role.arn).policies:
            text = denial(policy)
            if text:
                yield role.arn, Reason("support-denied", f"{text}, so nobody can use it for AWS Support.")
