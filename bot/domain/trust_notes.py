"""How a trust policy's parts are put before people: short, bounded, and without its secrets."""

from collections.abc import Iterable, Sequence

from bot.domain.condition import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, Condition
from bot.domain.finding import Reason

_MFA = Reason("mfa", "It asks for multi-factor authentication.")
_EXTERNAL_ID = Reason("external-id", "It asks for an external id.")
_SOURCE_IDENTITY = Reason("source-identity", "It asks for a source identity.")
_CALLER = Reason("principal-condition", "A condition on the caller narrows whom it trusts.")
_NOTES = {
    "aws:multifactorauthpresent": _MFA,
    "aws:multifactorauthage": _MFA,
    "sts:externalid": _EXTERNAL_ID,
    "sts:sourceidentity": _SOURCE_IDENTITY,
    "aws:sourceidentity": _SOURCE_IDENTITY,
    PRINCIPAL_ARN: _CALLER,
    PRINCIPAL_ACCOUNT: _CALLER,
    "aws:principalorgid": _CALLER,
    "aws:principalorgpaths": _CALLER,
}


def shown(text: str, longest: int = 200) -> str:
    """At most so many characters of a text from AWS, on one line."""
    line = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def few(names: Sequence[str], most: int = 3) -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - most
    listed = ", ".join(shown(name) for name in names[:most])
    return f"{listed} and {more} more" if more > 0 else listed


def condition_notes(conditions: Iterable[Condition]) -> tuple[Reason, ...]:
    """One note for each thing that conditions ask of a caller; never a value (external ids are secrets).

    An audience or subject is what every federated sign-in bears: no note for these.
    """
    notes = [
        _NOTES.get(condition.key) or _other(condition.key)
        for condition in conditions
        if not condition.key.endswith((":aud", ":sub"))
    ]
    return tuple(dict.fromkeys(notes))


def _other(key: str) -> Reason:
    return Reason("condition", f"It applies only under a condition on {shown(key)}, which was not judged.")
