"""What each Allow statement grants to whom, and what the Deny statements leave of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.domain.condition import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, Caller, Condition, holds, opposite
from bot.domain.finding import Reason
from bot.domain.trust_notes import few
from bot.domain.trust_policy import WAY_IN, Principal, PrincipalKind, Statement, Way


@dataclass(frozen=True, slots=True)
class Grant:
    """One principal that one Allow statement names, with the calls that would let it in."""

    principal: Principal
    ways: frozenset[Way]
    conditions: tuple[Condition, ...]
    notes: tuple[Reason, ...] = ()


def grants_of(statements: Iterable[Statement]) -> Iterator[Grant | Reason]:
    """Every grant of a policy after its Deny statements; or the reason why they leave nothing sure of it."""
    known = tuple(statements)
    denies = [statement for statement in known if not statement.allows]
    for statement in known:
        for principal in statement.principals if statement.allows else ():
            ways = _ways_in(principal) & statement.ways
            yield _after(denies, Grant(principal, ways, statement.conditions))


def caller_of(principal: Principal) -> Caller:
    """What the requests of a principal are known to bear; names that nobody has stand for a crowd's."""
    match principal.kind:
        case PrincipalKind.EVERYONE:
            roots = [f"arn:{principal.partition}:iam::{account}:" for account in _NO_ACCOUNTS]
            return Caller({PRINCIPAL_ARN: _strangers(roots), PRINCIPAL_ACCOUNT: _NO_ACCOUNTS})
        case PrincipalKind.ACCOUNT:
            strangers = _strangers([principal.text.removesuffix("root")])
            return Caller({PRINCIPAL_ARN: strangers, PRINCIPAL_ACCOUNT: (principal.account,)})
        case PrincipalKind.USER | PrincipalKind.ROLE:
            known = {PRINCIPAL_ARN: (principal.text,), PRINCIPAL_ACCOUNT: (principal.account,)}
            return Caller(known, exact=True)
        case PrincipalKind.SESSION:
            # Its requests bear its role's ARN, whose path the session's ARN does not tell.
            return Caller({PRINCIPAL_ACCOUNT: (principal.account,)}, exact=True)
        case _:
            return Caller({})


_NO_ACCOUNTS = ("028571428571", "714285714285")


def _strangers(roots: list[str]) -> tuple[str, ...]:
    return tuple(root + name for root in roots for name in ("user/q7x-nobody", "role/zk/w3v-none"))


def _ways_in(principal: Principal) -> frozenset[Way]:
    # Whether `*` takes in federated users is not documented: count every way in.
    if principal.kind is PrincipalKind.EVERYONE:
        return frozenset(Way)
    return frozenset({WAY_IN.get(principal.kind, Way.ROLE)})


def _after(denies: list[Statement], grant: Grant) -> Grant | Reason:
    for deny in denies:
        left = _apply(deny, grant)
        if isinstance(left, Reason):
            return left
        grant = left
    return grant


_DENIED = Reason("denied", "A Deny statement takes back what the trust policy allows.")
_UNCLEAR = Reason("trust-unreadable", "It denies all but some (NotPrincipal): whom that leaves is unclear.")
_PARTIAL = Reason("partial-deny", "A Deny statement keeps out some of those that it trusts.")


def _apply(deny: Statement, grant: Grant) -> Grant | Reason:
    """The grant as it was, with a note or narrower; or the reason why nothing sure is left of it."""
    if not grant.ways & deny.ways or _covers(deny, grant.principal) is False:
        return grant
    answers = [holds(condition, caller_of(grant.principal)) for condition in deny.conditions]
    if False in answers:
        return grant
    return _apply_surely(deny, grant) if all(answers) else _apply_perhaps(deny, grant)


def _apply_surely(deny: Statement, grant: Grant) -> Grant | Reason:
    if _covers(deny, grant.principal):
        left = replace(grant, ways=grant.ways - deny.ways)
        return left if left.ways else _DENIED
    return _UNCLEAR if deny.all_but else replace(grant, notes=(*grant.notes, _PARTIAL))


def _apply_perhaps(deny: Statement, grant: Grant) -> Grant:
    keys = few(sorted({condition.key for condition in deny.conditions}))
    note = Reason("conditional-deny", f"A Deny statement keeps them out under a condition on {keys}.")
    noted = replace(grant, notes=(*grant.notes, note))
    twin = opposite(deny.conditions[0]) if len(deny.conditions) == 1 else None
    if twin is None or not _covers(deny, grant.principal) or grant.ways - deny.ways:
        return noted
    return replace(noted, conditions=(*grant.conditions, twin))


def _covers(deny: Statement, principal: Principal) -> bool | None:
    """Whether a Deny is about all requests of a principal, none of them, or some or who knows (None)."""
    answers = [_covered_by(named, principal) for named in deny.principals]
    named_there = True if True in answers else (None if None in answers else False)
    if not deny.all_but:
        return named_there
    # NotPrincipal spares only who is named beside its account (IAM user guide), and in trust policies IAM
    # refuses it altogether: it keeps out all that are not named, and of those named nothing is certain.
    return True if named_there is False else None


def _covered_by(named: Principal, principal: Principal) -> bool | None:
    if named.kind is PrincipalKind.EVERYONE or _same(named, principal):
        return True
    if principal.kind is PrincipalKind.EVERYONE:
        return None
    if not named.account or (named.account, named.partition) != (principal.account, principal.partition):
        return False
    if named.kind is PrincipalKind.ACCOUNT:
        return True
    return None if principal.kind is PrincipalKind.ACCOUNT else _role_and_session(named, principal)


def _same(one: Principal, other: Principal) -> bool:
    # IAM names differ by more than case, so an ARN in another case is the same principal.
    return one.kind is other.kind and one.text.lower() == other.text.lower()


def _role_and_session(named: Principal, principal: Principal) -> bool | None:
    kinds = (named.kind, principal.kind)
    if kinds == (PrincipalKind.ROLE, PrincipalKind.SESSION):
        return _session_role(principal) == _role_name(named)
    if kinds == (PrincipalKind.SESSION, PrincipalKind.ROLE):
        return None if _session_role(named) == _role_name(principal) else False
    return False


def _role_name(role: Principal) -> str:
    return role.name.rpartition("/")[2].lower()


def _session_role(session: Principal) -> str:
    # A session's ARN gives its role's name without the path.
    return session.name.partition("/")[0].lower()
