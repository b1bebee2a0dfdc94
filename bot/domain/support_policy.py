"""What a policy does to `support:*`: whether it denies all of it outright, for whomever and whenever."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.domain.glob import glob_match


class SupportEffect(StrEnum):
    """What one policy says of AWS Support as a whole."""

    DENIES = "denies"
    """It denies every support action, on every resource, without a condition."""
    SILENT = "silent"
    """It allows no support action at all: in a permissions boundary, that shuts them all out."""
    OTHER = "other"
    """It allows some of it, or denies it in part or under a condition."""
    UNCLEAR = "unclear"
    """It cannot be read as a policy of IAM's."""


def support_effect(document: str) -> SupportEffect:
    """Judge a policy's text; in doubt never DENIES nor SILENT, and never an exception."""
    statements = _statements(document)
    if statements is None:
        return SupportEffect.UNCLEAR
    if any(_denies_outright(each) for each in statements):
        return SupportEffect.DENIES
    if any(_is_odd(each) for each in statements):
        return SupportEffect.UNCLEAR
    return SupportEffect.OTHER if any(_may_allow(each) for each in statements) else SupportEffect.SILENT


Statement = Mapping[str, Any]

_SERVICE = "support:"
_TWO_ACTIONS = (f"{_SERVICE}q", f"{_SERVICE}{'zx' * 16}")
"""Names that share no letter with each other, nor with the service's. A pattern that matches both of them has
no letter of its own to ask for after the colon, nor a length: it covers every action."""


def _statements(document: str) -> list[Statement] | None:
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
        return None
    written = policy.get("Statement") if isinstance(policy, dict) else None
    statements: list[Any] = written if isinstance(written, list) else [written]
    return statements if all(isinstance(each, dict) for each in statements) else None


def _denies_outright(statement: Statement) -> bool:
    return (
        statement.get("Effect") == "Deny"
        and not statement.get("Condition")
        and any(_only_stars(each) for each in _texts(statement.get("Resource")) or ())
        and _is_about_all(statement)
    )


def _only_stars(pattern: str) -> bool:
    # Support knows no resources: only `*` is what its calls are about.
    return pattern != "" and not pattern.strip("*")


def _is_about_all(statement: Statement) -> bool:
    spared, named = _texts(statement.get("NotAction")), _texts(statement.get("Action"))
    if spared is not None:
        return not any(_may_name_one(each) for each in spared)
    return any(all(glob_match(each, action) for action in _TWO_ACTIONS) for each in named or ())


def _is_odd(statement: Statement) -> bool:
    return (
        statement.get("Effect") not in ("Allow", "Deny")
        or ("Action" in statement) == ("NotAction" in statement)
        or _texts(statement.get("Action", statement.get("NotAction"))) is None
    )


def _may_allow(statement: Statement) -> bool:
    if statement["Effect"] != "Allow":
        return False
    if "NotAction" in statement:
        patterns = _texts(statement["NotAction"]) or []
        return not any(all(glob_match(each, action) for action in _TWO_ACTIONS) for each in patterns)
    return any(_may_name_one(each) for each in _texts(statement["Action"]) or ())


def _may_name_one(pattern: str) -> bool:
    """Whether some action of the service matches: its prefix runs through the pattern, or into a star."""
    for expected, written in zip(_SERVICE, pattern.lower(), strict=False):
        if written == "*":
            return True
        if written not in ("?", expected):
            return False
    return len(pattern) > len(_SERVICE)


def _texts(value: Any) -> list[str] | None:
    """One text or a list of them; None for anything else."""
    texts: list[Any] = value if isinstance(value, list) else [value]
    return texts if all(isinstance(each, str) for each in texts) else None
