"""Conditions of a trust policy: what each is about, and what can be said of it without a request at hand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.account import AccountId
from bot.domain.glob import glob_match

PRINCIPAL_ARN = "aws:principalarn"
PRINCIPAL_ACCOUNT = "aws:principalaccount"
_ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths")

_IS = {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
_IS_NOT = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
_LITERAL = {"stringequals", "stringequalsignorecase"}
_COMPARISONS = ("equals", "notequals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals")
_OTHER = {
    *("bool", "null", "binaryequals", "ipaddress", "notipaddress"),
    *(kind + comparison for kind in ("numeric", "date") for comparison in _COMPARISONS),
}
_OPERATORS = _IS | _IS_NOT.keys() | _OTHER
_ALWAYS_PRESENT = {PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, "aws:principaltype", "aws:userid"}
"""Keys that every signed request bears (IAM user guide, global condition context keys)."""

_OPERATOR = re.compile(
    r"(?:(?P<quantifier>forallvalues|foranyvalue):)?(?P<operator>[a-z]+?)(?P<if_exists>ifexists)?",
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. Any of the values satisfies it; a negative operator wants none of them."""

    operator: str
    """Lower case, without quantifier and `IfExists`."""
    key: str
    """Lower case: IAM does not tell the case of keys apart."""
    values: tuple[str, ...]
    if_exists: bool = False
    quantifier: str = ""

    @property
    def wants_presence(self) -> bool:
        """Whether a request without the key fails it."""
        return self.operator in _IS and not self.if_exists and self.quantifier != "forallvalues"


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known beforehand of the requests of a principal."""

    values: Mapping[str, tuple[str, ...]]
    """By key: the values that its requests bear, or samples of them."""
    exact: bool = False
    """The values are all there can be; otherwise they are samples from an open set."""


def parse_conditions(block: Any) -> tuple[Condition, ...] | None:
    """All conditions of a statement, which are and-ed; None for a shape or an operator that IAM lacks."""
    if not isinstance(block, dict):
        return None
    conditions: list[Condition] = []
    for operator, keys in block.items():
        match = _OPERATOR.fullmatch(operator.lower())
        if match is None or match["operator"] not in _OPERATORS or not isinstance(keys, dict):
            return None
        conditions += [_condition(match, key, value) for key, value in keys.items()]
    return tuple(conditions) if all(condition.values for condition in conditions) else None


def _condition(operator: re.Match[str], key: str, value: Any) -> Condition:
    return Condition(
        operator=operator["operator"],
        key=key.lower(),
        values=_values(value),
        if_exists=operator["if_exists"] is not None,
        quantifier=operator["quantifier"] or "",
    )


def _values(value: Any) -> tuple[str, ...]:
    """The values as text, or nothing where one of them is no scalar."""
    written = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | bool | int | float) for each in written):
        return ()
    return tuple(each if isinstance(each, str) else str(each).lower() for each in written)


def holds(condition: Condition, caller: Caller) -> bool | None:
    """Whether it is true of every request of the caller, of none (False), or cannot be said (None).

    ARN operators match segment by segment; here a wildcard may span them, so that `*` alone is all ARNs.
    """
    if condition.operator == "null" and condition.key in _ALWAYS_PRESENT:
        return condition.values == ("false",) if condition.values in (("true",), ("false",)) else None
    if _matches_anything(condition):
        return True
    if _matches_nothing(condition):
        return False
    known = caller.values.get(condition.key, ())
    if not known or any("${" in value for value in condition.values):
        return None
    hits = [any(_matches(condition, value, text) for value in condition.values) for text in known]
    if condition.operator in _IS:
        return _all_or_none(hits, none_is_sure=caller.exact)
    if condition.operator in _IS_NOT:
        answer = _all_or_none(hits, none_is_sure=caller.exact)
        return None if answer is None else not answer
    return None


def _all_or_none(hits: list[bool], *, none_is_sure: bool) -> bool | None:
    if all(hits):
        return True
    return False if none_is_sure and not any(hits) else None


def only_wildcards(value: str) -> bool:
    return value != "" and not value.strip("*")


def _matches_anything(condition: Condition) -> bool:
    wildcard = condition.operator in _IS - _LITERAL and any(only_wildcards(v) for v in condition.values)
    present = condition.key in _ALWAYS_PRESENT or not condition.wants_presence
    return wildcard and present


def _matches_nothing(condition: Condition) -> bool:
    # A common slip: StringEquals takes `*` for an asterisk, which no ARN, account or organization bears.
    about_caller = condition.key in (PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, *_ORGANIZATION)
    wants_value = condition.operator in _LITERAL and condition.wants_presence
    return about_caller and wants_value and all("*" in value for value in condition.values)


def _matches(condition: Condition, pattern: str, text: str) -> bool:
    if _IS_NOT.get(condition.operator, condition.operator) in _LITERAL:
        return pattern.lower() == text.lower()
    return glob_match(pattern, text)


def opposite(condition: Condition) -> Condition | None:
    """The positive twin of a negative condition: denying "unless it is X" leaves only those that are X.

    A missing key makes a negative condition true, with or without `IfExists`, so its twin wants the key.
    None for what has no such twin: a positive one, or one over each of many values.
    """
    positive = _IS_NOT.get(condition.operator)
    if positive is None or condition.quantifier:
        return None
    return replace(condition, operator=positive, if_exists=False)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Whom conditions narrow "everybody" down to: members of organizations, principals of accounts."""

    organizations: frozenset[str] = frozenset()
    accounts: frozenset[AccountId] = frozenset()


def narrowing(conditions: tuple[Condition, ...], *, partition: str) -> Narrowing | None:
    """Whom the conditions leave of everybody; None where they leave an open crowd.

    Only a positive operator that wants its key, on values that all name an organization or an account
    literally. Anything else, a tag or an address say, can be had by a stranger's account too.
    """
    organizations: set[str] = set()
    accounts: set[AccountId] = set()
    for condition in conditions:
        if condition.wants_presence and condition.key in _ORGANIZATION:
            organizations |= _named([_organization(value) for value in condition.values])
        elif condition.wants_presence and condition.key == PRINCIPAL_ACCOUNT:
            accounts |= {AccountId(a) for a in _named([_account(value) for value in condition.values])}
        elif condition.wants_presence and condition.key == PRINCIPAL_ARN:
            owners = [_arn_owner(value, condition.operator, partition) for value in condition.values]
            accounts |= {AccountId(a) for a in _named(owners)}
    if not organizations and not accounts:
        return None
    return Narrowing(frozenset(organizations), frozenset(accounts))


def _named(names: list[str]) -> set[str]:
    """The names, or none at all: values are or-ed, so one open value opens the condition."""
    return set(names) if all(names) else set()


def _organization(value: str) -> str:
    match = re.fullmatch(r"(o-[a-z0-9]+)(/.*)?", value, re.ASCII)
    return match[1] if match else ""


def _account(value: str) -> str:
    return value if re.fullmatch(r"\d{12}", value, re.ASCII) else ""


def _arn_owner(value: str, operator: str, partition: str) -> str:
    """The account that an ARN pattern names literally. Only ARN operators keep `*` within a segment."""
    first = rf"(?:{re.escape(partition)}|\*)" if operator.startswith("arn") else re.escape(partition)
    match = re.fullmatch(rf"arn:{first}:(?:iam|sts)::(\d{{12}}):\S+", value, re.ASCII)
    return match[1] if match else ""
