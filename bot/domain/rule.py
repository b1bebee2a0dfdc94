"""The rule: what an account gets, from the facts read there and nothing else."""

from dataclasses import dataclass, replace

from bot.domain.account import POLICY_NAME, Account, AccountId
from bot.domain.facts import AccountFacts, ProviderKind, Providers, RoleFacts, Unreadable, UnreadableCode
from bot.domain.finding import Finding, Reason, RoleFinding, Severity, Verdict
from bot.domain.trust import TrustReading, read_trust, worst_first
from bot.domain.trust_notes import few, shown
from bot.domain.trust_policy import PrincipalKind, parse_trust_policy
from bot.domain.wording import (
    attached_elsewhere,
    next_step_for_unknown,
    next_step_for_weak,
    notes_of_roles,
    notes_of_state,
    reason_of,
    reasons_of_roles,
    trust_unread,
    unsound_beside,
)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What a deeper look holds against roles that the scan alone would find sound; see `explanation`."""

    missing: frozenset[str] = frozenset()
    """Principals named in trust policies, as written, that were looked up and do not exist."""
    denials: tuple[tuple[str, Reason], ...] = ()
    """Role ARNs, each with why that role may not use AWS Support."""

    def against(self, arn: str) -> tuple[Reason, ...]:
        return tuple(reason for role, reason in self.denials if role == arn)


NO_DOUBTS = Doubts()


def evaluate(facts: AccountFacts, *, in_scope: frozenset[AccountId], doubts: Doubts = NO_DOUBTS) -> Finding:
    """The finding for one account; `in_scope` are the ids of all accounts that are checked.

    Doubts only ever make it stricter. Pure and total: whatever could not be read becomes UNKNOWN with its
    reason, never an exception.
    """
    if not facts.account.is_checked:
        return _skipped(facts)
    finding = _evaluate(facts, in_scope, doubts)
    return replace(finding, notes=(*notes_of_state(facts.account), *finding.notes))


def _evaluate(facts: AccountFacts, in_scope: frozenset[AccountId], doubts: Doubts) -> Finding:
    unreadable = facts.unreadable or _of_another_account(facts)
    if unreadable:
        return _unknown(facts, unreadable)
    roles = candidates(facts)
    if not roles:
        return _fail(facts)
    return _judge_roles(facts, [_judge(role, facts, in_scope, doubts) for role in roles])


def providers_needed(facts: AccountFacts) -> frozenset[ProviderKind]:
    """Kinds of identity provider to read, because the verdict rests on them; empty for most accounts.

    Which accounts are in scope is not known here. A role that trusts another account is taken for unsound,
    so that a list is at worst read without need, and never missed.
    """
    if not facts.account.is_checked or facts.unreadable:
        return frozenset()
    roles = candidates(facts)
    if not any(_names_provider(role.trust, facts.account) for role in roles):
        return frozenset()
    unread = replace(facts, providers=Providers())
    judged = [_judge(role, unread, frozenset(), NO_DOUBTS) for role in roles]
    if any(_OPEN in each.codes or each.finding.sound for each in judged):
        return frozenset()
    return frozenset(kind for each in judged for kind in each.depends_on)


def _names_provider(trust: str | None, account: Account) -> bool:
    # Judging every role twice to learn that it names none took a twentieth of a scan.
    policy = parse_trust_policy(trust, partition=account.partition)
    named = {principal.kind for statement in policy.statements for principal in statement.principals}
    return bool(named & {PrincipalKind.SAML, PrincipalKind.OIDC})


def counts_as_compliant(finding: Finding, *, strict: bool) -> bool:
    """PASS, and WEAK unless strict. UNKNOWN never is; WAIVED and SKIPPED are shown apart."""
    return finding.verdict is Verdict.PASS or (finding.verdict is Verdict.WEAK and not strict)


def counts_as_non_compliant(finding: Finding, *, strict: bool) -> bool:
    """FAIL, and WEAK when strict. Not the opposite of compliant: UNKNOWN, WAIVED and SKIPPED are neither."""
    return finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.WEAK and strict)


_OPEN = "trusts-everyone"


@dataclass(frozen=True, slots=True)
class _Judged:
    """A role's finding, and what it still hangs on."""

    name: str
    finding: RoleFinding
    unreadable: Unreadable | None = None
    """Why it cannot be told whether the role is sound."""
    depends_on: frozenset[ProviderKind] = frozenset()

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(reason.code for reason in self.finding.reasons)


def candidates(facts: AccountFacts) -> list[RoleFacts]:
    """Roles that count: a service-linked one belongs to an AWS service, and no human can assume it."""
    return [role for role in facts.roles if not _is_service_linked(role)]


def _is_service_linked(role: RoleFacts) -> bool:
    return role.name.startswith("AWSServiceRoleFor") or ":role/aws-service-role/" in role.arn


def _of_another_account(facts: AccountFacts) -> Unreadable | None:
    """A second look at what the reader already checks: answers of another account must never be judged."""
    account = facts.account
    own = ("arn", account.partition, "iam", "", account.id)
    strangers = [
        r.arn for r in facts.roles if r.arn.startswith("arn:") and tuple(r.arn.split(":")[:5]) != own
    ]
    if not strangers:
        return None
    return Unreadable(
        UnreadableCode.WRONG_ACCOUNT,
        f"The roles that were read are not of {shown(account.label)} in partition {account.partition}: "
        f"{few(strangers, 1)}.",
        f"Check the scan role and the partition that settings give for {account.id}.",
    )


def _judge(role: RoleFacts, facts: AccountFacts, in_scope: frozenset[AccountId], doubts: Doubts) -> _Judged:
    providers = facts.providers
    if role.trust is None:
        unreadable = role.unreadable or _TRUST_NOT_READ
        finding = RoleFinding(role.arn, sound=False, reasons=(reason_of(unreadable),))
        return _Judged(role.name, finding, unreadable)
    trust = read_trust(
        role.trust,
        account=facts.account,
        in_scope=in_scope,
        providers=providers,
        missing=doubts.missing,
    )
    unread = (providers.unreadable or _PROVIDERS_NOT_READ) if trust.depends_on else None
    return _Judged(role.name, _role_finding(role, trust, doubts.against(role.arn)), unread, trust.depends_on)


_TRUST_NOT_READ = Unreadable(
    UnreadableCode.BAD_ANSWER,
    "The trust policy was missing from AWS's answer.",
    "Check the account again; if it stays so, look at the role in the IAM console.",
)
_PROVIDERS_NOT_READ = Unreadable(
    UnreadableCode.BAD_ANSWER,
    "The account's identity providers were not read.",
    "Check the account again.",
)


def _role_finding(role: RoleFacts, trust: TrustReading, denials: tuple[Reason, ...]) -> RoleFinding:
    notes = trust.notes
    if role.name.startswith("AWSReservedSSO_"):
        text = "IAM Identity Center manages it: who is assigned to it is not visible from this account."
        notes = (Reason("identity-center", text), *notes)
    reasons = worst_first([*trust.reasons, *denials])
    return RoleFinding(role.arn, trust.sound and not denials, reasons, notes, trust.trusts)


def _judge_roles(facts: AccountFacts, judged: list[_Judged]) -> Finding:
    if any(_OPEN in each.codes for each in judged):
        return _weak(facts, judged, Severity.CRITICAL)
    if any(each.finding.sound for each in judged):
        return _pass(facts, judged)
    if any(each.unreadable for each in judged):
        return _unknown_trust(facts, judged)
    foreign = any("foreign-account" in each.codes for each in judged)
    return _weak(facts, judged, Severity.HIGH if foreign else Severity.MEDIUM)


def _reasons(judged: list[_Judged]) -> tuple[Reason, ...]:
    return reasons_of_roles([(each.name, each.finding) for each in judged if not each.unreadable])


def _unread(judged: list[_Judged]) -> tuple[Reason, ...]:
    """One reason for each thing that could not be read, with the roles that hang on it."""
    causes = dict.fromkeys(each.unreadable for each in judged if each.unreadable)
    return tuple(
        trust_unread(cause, [each.name for each in judged if each.unreadable == cause]) for cause in causes
    )


def _skipped(facts: AccountFacts) -> Finding:
    state = facts.account.state.value
    code = f"account-{state.lower().replace('_', '-')}"
    return Finding(
        facts.account,
        Verdict.SKIPPED,
        meets_benchmark=None,
        checked_at=facts.read_at,
        reasons=(Reason(code, f"AWS Organizations has the account as {state}: it cannot be read."),),
        next_step=f"Nothing to do while it is {state}; exclude it in settings to list it no longer.",
    )


def _unknown(facts: AccountFacts, unreadable: Unreadable) -> Finding:
    return Finding(
        facts.account,
        Verdict.UNKNOWN,
        meets_benchmark=None,
        checked_at=facts.read_at,
        reasons=(reason_of(unreadable),),
        next_step=next_step_for_unknown(unreadable, facts.account),
        severity=Severity.MEDIUM,
    )


def _fail(facts: AccountFacts) -> Finding:
    return Finding(
        facts.account,
        Verdict.FAIL,
        meets_benchmark=False,
        checked_at=facts.read_at,
        reasons=(Reason("no-role", f"No role carries {POLICY_NAME} as a permissions policy."),),
        notes=attached_elsewhere(facts),
        next_step=f"Ask for the fix: /support-role fix {facts.account.id}",
        severity=Severity.MEDIUM,
    )


def _unknown_trust(facts: AccountFacts, judged: list[_Judged]) -> Finding:
    """The benchmark's letter is met; whether anybody can use a role could not be read."""
    first = next(each.unreadable for each in judged if each.unreadable)
    return Finding(
        facts.account,
        Verdict.UNKNOWN,
        meets_benchmark=True,
        checked_at=facts.read_at,
        reasons=(*_unread(judged), *_reasons(judged)),
        notes=attached_elsewhere(facts),
        roles=tuple(each.finding for each in judged),
        next_step=next_step_for_unknown(first, facts.account),
        severity=Severity.MEDIUM,
    )


def _weak(facts: AccountFacts, judged: list[_Judged], severity: Severity) -> Finding:
    reasons = _reasons(judged)
    worst = reasons[0].code
    culprits = [each.name for each in judged if worst in each.codes]
    return Finding(
        facts.account,
        Verdict.WEAK,
        meets_benchmark=True,
        checked_at=facts.read_at,
        reasons=reasons,
        notes=(
            *attached_elsewhere(facts),
            *_unread(judged),
            *notes_of_roles(each.finding for each in judged),
        ),
        roles=tuple(each.finding for each in judged),
        next_step=next_step_for_weak(worst, culprits, facts.account),
        severity=severity,
    )


def _pass(facts: AccountFacts, judged: list[_Judged]) -> Finding:
    sound = [each.finding for each in judged if each.finding.sound]
    others = [each.name for each in judged if not each.finding.sound]
    return Finding(
        facts.account,
        Verdict.PASS,
        meets_benchmark=True,
        checked_at=facts.read_at,
        notes=(*attached_elsewhere(facts), *unsound_beside(others), *notes_of_roles(sound)),
        roles=tuple(each.finding for each in judged),
    )
