"""Who can assume a role: its trust policy judged as IAM would, and never better than is certain."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.account import Account, AccountId
from bot.domain.condition import Condition, holds, narrowing, only_wildcards
from bot.domain.facts import ProviderKind, Providers
from bot.domain.finding import Reason
from bot.domain.trust_grants import Grant, caller_of, grants_of
from bot.domain.trust_notes import condition_notes, few, shown
from bot.domain.trust_policy import Principal, PrincipalKind, parse_trust_policy

REASON_ORDER = (
    "trusts-everyone",
    "foreign-account",
    "trust-unreadable",
    "denied",
    "support-denied",
    "principal-deleted",
    "principal-missing",
    "provider-missing",
    "no-assume",
    "no-human",
    "provider-unread",
)
"""Worst first. The first three make a role unsound whoever else may use it."""

_UNSOUND_ALWAYS = frozenset(REASON_ORDER[:3])


@dataclass(frozen=True, slots=True)
class Admission:
    """A principal that gets in, as written, and what is asked of it or should be known of it."""

    principal: str
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustReading:
    """What a trust policy says of its role. Sound: a named human principal gets in, and no open crowd."""

    sound: bool
    reasons: tuple[Reason, ...] = ()
    """Why it is not sound, worst first; empty when it is."""
    notes: tuple[Reason, ...] = ()
    trusts: tuple[str, ...] = ()
    """Principals that get in, as written (an account as its `:root`)."""
    depends_on: frozenset[ProviderKind] = frozenset()
    """Kinds of identity provider that were not read and would make the role sound if theirs exist."""
    admits: tuple[Admission, ...] = ()
    """The same principals as in `trusts`, each with its own notes; one of two statements stands twice."""


def read_trust(
    document: str | None,
    *,
    account: Account,
    in_scope: frozenset[AccountId],
    providers: Providers,
    missing: frozenset[str] = frozenset(),
) -> TrustReading:
    """Judge the trust policy (JSON text) of a role of this account; never raises, whatever the text.

    A federated principal of a kind that `providers` does not hold is reported in `depends_on`, not as sound.
    `missing` are principals, as written, that were looked up and do not exist.
    """
    policy = parse_trust_policy(document, partition=account.partition)
    ground = _Ground(account, in_scope | account.trusted_account_ids | {account.id}, providers, missing)
    outcomes = [
        _Outcome(reason=grant) if isinstance(grant, Reason) else _judge(grant, ground)
        for grant in grants_of(policy.statements)
    ]
    if not outcomes and not policy.problems:
        outcomes = [_Outcome(reason=_ALLOWS_NOTHING)]
    return _reading(outcomes, policy.problems)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a principal is judged against."""

    account: Account
    ours: frozenset[AccountId]
    providers: Providers
    missing: frozenset[str]

    def here(self, principal: Principal) -> bool:
        return self.owns(principal) and principal.account == self.account.id

    def owns(self, principal: Principal) -> bool:
        # Account ids are unique within a partition only, and no principal crosses from one to another.
        return principal.account in self.ours and principal.partition == self.account.partition


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a grant: a human gets in, or the reason why not, or why that is too many."""

    human: bool = False
    lets_in: str = ""
    """The principal as written, where somebody or something gets in."""
    reason: Reason | None = None
    notes: tuple[Reason, ...] = ()
    needs: ProviderKind | None = None


_ALLOWS_NOTHING = Reason("no-assume", "Its trust policy allows nobody anything.")
_NO_ASSUME = Reason("no-assume", "What its trust policy allows does not include assuming the role.")
_SHUT_OUT = Reason("no-assume", "A condition of its trust policy shuts out the very principals it names.")


def _judge(grant: Grant, ground: _Ground) -> _Outcome:
    if not grant.ways:
        return _Outcome(reason=_NO_ASSUME)
    caller = caller_of(grant.principal)
    answers = [(condition, holds(condition, caller)) for condition in grant.conditions]
    if any(answer is False for _, answer in answers):
        return _Outcome(reason=_SHUT_OUT)
    left = tuple(condition for condition, answer in answers if answer is None)
    outcome = _JUDGES[grant.principal.kind](grant.principal, left, ground)
    said = {note.code for note in outcome.notes}
    asked = [note for note in condition_notes(left) if note.code not in said]
    return replace(outcome, notes=(*outcome.notes, *asked, *grant.notes))


def _everyone(_: Principal, conditions: tuple[Condition, ...], ground: _Ground) -> _Outcome:
    crowd = narrowing(conditions, partition=ground.account.partition)
    if crowd is None:
        text = "Anybody in any AWS account can assume it: it trusts * without a condition on who that is."
        return _Outcome(lets_in="*", reason=Reason("trusts-everyone", text))
    foreign = crowd.accounts - ground.ours
    if foreign:
        return _Outcome(lets_in="*", reason=_foreign(foreign))
    whom = few([*sorted(crowd.organizations), *sorted(crowd.accounts)])
    text = f"It trusts * as far as a condition on the caller allows: {whom}. Who that is does not show here."
    return _Outcome(human=True, lets_in="*", notes=(Reason("principal-condition", text),))


def _aws_principal(principal: Principal, _: tuple[Condition, ...], ground: _Ground) -> _Outcome:
    if not ground.owns(principal):
        return _Outcome(lets_in=principal.text, reason=_foreign({principal.account}))
    if principal.text in ground.missing:
        text = f"{shown(principal.text)} does not exist: nobody gets in by that name."
        return _Outcome(reason=Reason("principal-missing", text))
    return _Outcome(human=True, lets_in=principal.text, notes=_who_notes(principal, ground))


def _foreign(accounts: Iterable[AccountId]) -> Reason:
    which = few(sorted(accounts))
    text = f"It trusts another account that is neither in scope nor in trusted_account_ids: {which}."
    return Reason("foreign-account", text)


def _who_notes(principal: Principal, ground: _Ground) -> tuple[Reason, ...]:
    if principal.kind is PrincipalKind.ACCOUNT:
        whose = "its own account" if ground.here(principal) else f"account {principal.account}"
        text = f"It trusts all of {whose}: every principal there that may call sts:AssumeRole gets in."
        return (Reason("root-delegation", text),)
    if principal.kind is PrincipalKind.SESSION:
        text = f"It trusts one session, {shown(principal.text)}; IAM does not show whether its source exists."
        return (Reason("session-principal", text),)
    return ()


def _deleted(principal: Principal, _: tuple[Condition, ...], _ground: _Ground) -> _Outcome:
    text = f"{shown(principal.text)} stands for a deleted principal; creating it anew does not reconnect it."
    return _Outcome(reason=Reason("principal-deleted", text))


def _service(principal: Principal, _: tuple[Condition, ...], _ground: _Ground) -> _Outcome:
    text = f"AWS itself acts through {shown(principal.text)}: no human gets in that way."
    return _Outcome(lets_in=principal.text, reason=Reason("no-human", text))


def _provider(principal: Principal, conditions: tuple[Condition, ...], ground: _Ground) -> _Outcome:
    kind = ProviderKind.SAML if principal.kind is PrincipalKind.SAML else ProviderKind.OIDC
    known = kind in ground.providers.kinds and ground.providers.unreadable is None
    exists = principal.text in ground.providers.arns
    if not ground.owns(principal):
        return _Outcome(reason=_foreign({principal.account}))
    # IAM looks a provider up in the role's own account only.
    if not ground.here(principal) or (known and not exists):
        text = f"Identity provider {shown(principal.text)} does not exist in this account."
        return _Outcome(reason=Reason("provider-missing", text))
    if exists or _kept_by_identity_center(principal):
        return _Outcome(human=True, lets_in=principal.text, notes=_open_notes(principal, conditions))
    text = f"Whether identity provider {shown(principal.text)} exists was not read."
    return _Outcome(lets_in=principal.text, reason=Reason("provider-unread", text), needs=kind)


def _kept_by_identity_center(principal: Principal) -> bool:
    # IAM Identity Center makes this provider in every account it serves, and keeps it as long as its roles.
    return principal.name.startswith("AWSSSO_") and principal.name.endswith("_DO_NOT_DELETE")


def _open_notes(principal: Principal, conditions: tuple[Condition, ...]) -> tuple[Reason, ...]:
    if principal.kind is PrincipalKind.SAML or _claims(principal.name, conditions):
        return ()
    text = f"No condition says whose sign-in: whomever {shown(principal.name)} signs in gets in."
    return (Reason("any-sign-in", text),)


def _public_identity(principal: Principal, conditions: tuple[Condition, ...], _: _Ground) -> _Outcome:
    """Never a named human: anybody may register there, and nothing in AWS says who is behind a sign-in.

    Without a condition on the provider's own claims it is an open door: any app's users get in.
    """
    if not _claims(principal.text, conditions):
        text = f"Anybody who signs in at {principal.text} can assume it: no condition names an app."
        return _Outcome(lets_in=principal.text, reason=Reason("trusts-everyone", text))
    text = f"{shown(principal.text)} signs in the users of an app: no named person."
    return _Outcome(lets_in=principal.text, reason=Reason("no-human", text))


def _claims(provider: str, conditions: tuple[Condition, ...]) -> bool:
    """Whether a condition asks for values of the provider's claims; `amr` only says how one signed in."""
    return any(
        condition.key.startswith(f"{provider.lower()}:")
        and not condition.key.endswith(":amr")
        and condition.wants_presence
        and not any(only_wildcards(value) for value in condition.values)
        for condition in conditions
    )


_JUDGES = {
    PrincipalKind.EVERYONE: _everyone,
    PrincipalKind.ACCOUNT: _aws_principal,
    PrincipalKind.USER: _aws_principal,
    PrincipalKind.ROLE: _aws_principal,
    PrincipalKind.SESSION: _aws_principal,
    PrincipalKind.DELETED: _deleted,
    PrincipalKind.SAML: _provider,
    PrincipalKind.OIDC: _provider,
    PrincipalKind.PUBLIC_IDENTITY: _public_identity,
    PrincipalKind.SERVICE: _service,
}


def _reading(outcomes: list[_Outcome], problems: tuple[str, ...]) -> TrustReading:
    unreadable = [
        Reason("trust-unreadable", f"Its trust policy cannot be judged: {each}.") for each in problems
    ]
    reasons = worst_first([*unreadable, *(outcome.reason for outcome in outcomes if outcome.reason)])
    notes = [note for outcome in outcomes if outcome.human or outcome.needs for note in outcome.notes]
    trusts = tuple(dict.fromkeys(outcome.lets_in for outcome in outcomes if outcome.lets_in))
    admits = tuple(Admission(each.lets_in, each.notes) for each in outcomes if each.lets_in)
    too_many = any(reason.code in _UNSOUND_ALWAYS for reason in reasons)
    if not too_many and any(outcome.human for outcome in outcomes):
        return TrustReading(sound=True, notes=_once([*notes, *reasons]), trusts=trusts, admits=admits)
    needs = frozenset(outcome.needs for outcome in outcomes if outcome.needs and not too_many)
    return TrustReading(
        sound=False, reasons=reasons, notes=_once(notes), trusts=trusts, depends_on=needs, admits=admits
    )


def worst_first(reasons: list[Reason]) -> tuple[Reason, ...]:
    """The reasons in the order of `REASON_ORDER`, each once."""
    return _once(sorted(reasons, key=lambda reason: REASON_ORDER.index(reason.code)))


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
