"""What the rule says to people: reasons of several roles put together, and the next step."""

from collections.abc import Iterable, Sequence

from bot.domain.account import Account, AccountState
from bot.domain.facts import AccountFacts, Unreadable
from bot.domain.finding import Reason, RoleFinding
from bot.domain.trust import REASON_ORDER
from bot.domain.trust_notes import few, shown

_LONGEST_CAUSE = 500


def reason_of(unreadable: Unreadable) -> Reason:
    return Reason(unreadable.code.value, shown(unreadable.text, _LONGEST_CAUSE))


def trust_unread(cause: Unreadable, roles: Sequence[str]) -> Reason:
    """Why it cannot be told who may assume these roles."""
    which = _roles(roles)
    text = f"Who can assume {which} could not be read: {shown(cause.text, _LONGEST_CAUSE)}"
    return Reason(cause.code.value, text)


def reasons_of_roles(roles: Sequence[tuple[str, RoleFinding]]) -> tuple[Reason, ...]:
    """One reason for each code, worst first, which says of which roles it is true; names beside findings."""
    names: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for name, finding in roles:
        for reason in finding.reasons:
            names.setdefault(reason.code, []).append(name)
            texts.setdefault(reason.code, []).append(reason.text)
    codes = sorted(names, key=_rank)
    return tuple(Reason(code, _of_roles(names[code], texts[code])) for code in codes)


def _rank(code: str) -> int:
    return REASON_ORDER.index(code) if code in REASON_ORDER else len(REASON_ORDER)


def _of_roles(names: list[str], texts: list[str]) -> str:
    which = _roles(names)
    more = len(set(texts)) - 1
    return f"{which[0].upper()}{which[1:]}: {texts[0]}" + (f" And {more} more of that kind." if more else "")


def _roles(names: Sequence[str]) -> str:
    distinct = sorted(set(names))
    return f"role {shown(distinct[0])}" if len(distinct) == 1 else f"roles {few(distinct)}"


def notes_of_roles(findings: Iterable[RoleFinding]) -> tuple[Reason, ...]:
    """The notes of all of them, each once."""
    return tuple(dict.fromkeys(note for finding in findings for note in finding.notes))


def unsound_beside(roles: Sequence[str]) -> tuple[Reason, ...]:
    """A note on the roles that carry the policy beside a sound one; none where there are none."""
    if not roles:
        return ()
    text = f"Beside the sound one, {_roles(roles)} carried the policy too and could not be found sound."
    return (Reason("unsound-roles", text),)


def notes_of_state(account: Account) -> tuple[Reason, ...]:
    """A note on an account that is read although AWS Organizations does not have it as active."""
    if account.state is not AccountState.OTHER:
        return ()
    text = "AWS Organizations has it in a state that this bot does not know: it is read, and never changed."
    return (Reason("account-state", text),)


def attached_elsewhere(facts: AccountFacts) -> tuple[Reason, ...]:
    """Notes on users and groups that carry the policy, which this control does not count."""
    would_do = "CIS 1.2 and Security Hub IAM.18 would accept that; this control asks for a role."
    carriers = (("user-attached", "Users", facts.users), ("group-attached", "Groups", facts.groups))
    return tuple(
        Reason(code, f"{who} carry the policy: {few(sorted(names))}. {would_do}")
        for code, who, names in carriers
        if names
    )


def next_step_for_unknown(unreadable: Unreadable, account: Account) -> str:
    deploy = f"Deploy the scan role (support-role iam), then check again: /support-role status {account.id}"
    return shown(unreadable.next_step, _LONGEST_CAUSE) or deploy


_STEPS = {
    "trusts-everyone": "In {account}, change the trust policy of {roles} now: name who may assume it, "
    "not everybody.",
    "foreign-account": "In {account}, take the other account out of the trust policy of {roles}, "
    "or add it to aws.trusted_account_ids.",
    "trust-unreadable": "In {account}, write the trust policy of {roles} anew: "
    "allow a named principal sts:AssumeRole.",
    "denied": "In {account}, take the Deny out of the trust policy of {roles}, or narrow it.",
    "support-denied": "In {account}, take away what keeps {roles} from support:*, "
    "or give the policy to another role.",
    "principal-deleted": "In {account}, name a living role or user in the trust policy of {roles}.",
    "principal-missing": "In {account}, name a role or user that exists in the trust policy of {roles}.",
    "provider-missing": "In {account}, create the identity provider again, "
    "or name one that exists in the trust policy of {roles}.",
    "no-assume": "In {account}, allow sts:AssumeRole to a named principal in the trust policy of {roles}.",
    "no-human": "In {account}, name the people's role or user in the trust policy of {roles}.",
}
_ANY_STEP = "In {account}, look at the trust policy of {roles}."


def next_step_for_weak(code: str, roles: Sequence[str], account: Account) -> str:
    """What mends the worst reason, with the roles and the account that it is about."""
    step = _STEPS.get(code, _ANY_STEP)
    return step.format(account=shown(account.label), roles=_roles(roles))
