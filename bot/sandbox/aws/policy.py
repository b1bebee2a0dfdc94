"""Policy documents, evaluated as IAM would for the statements that roles of the sandbox have.

Conditions on keys that a call does not bear, and operators that are not known here, do not hold.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from bot.sandbox.aws.wire import Refusal

Context = Mapping[str, str]
"""Condition keys, in lower case, with their one value in this call."""
Statement = Mapping[str, Any]

_EXACT = {"stringequals", "arnequals", "bool"}
_LIKE = {"stringlike", "arnlike", "arnequals"}
"""ArnEquals takes wildcards just as ArnLike does (IAM user guide)."""


@lru_cache(maxsize=1024)
def parse_statements(text: str) -> tuple[Statement, ...]:
    """The statements of a document; Refusal when it is none."""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refusal("MalformedPolicyDocument", "Syntax errors in policy.") from None
    found = tuple(statements) if isinstance(statements, list) else (statements,)
    if not all(isinstance(each, dict) and each.get("Effect") in ("Allow", "Deny") for each in found):
        raise Refusal("MalformedPolicyDocument", "Syntax errors in policy.")
    return found


def allowed(statements: Iterable[Statement], action: str, resource: str, context: Context) -> bool:
    """Whether a statement allows the action there and none denies it."""
    effects = {
        each["Effect"]
        for each in statements
        if _names_action(each, action) and _names_resource(each, resource) and conditions_hold(each, context)
    }
    return effects == {"Allow"}


def conditions_hold(statement: Statement, context: Context) -> bool:
    return all(
        _holds(operator.lower(), key.lower(), listed(values), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _names_action(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not any(_like(each.lower(), action.lower()) for each in listed(statement["NotAction"]))
    return any(_like(each.lower(), action.lower()) for each in listed(statement.get("Action", ())))


def _names_resource(statement: Statement, resource: str) -> bool:
    return any(_like(each, resource) for each in listed(statement.get("Resource", ())))


def _holds(operator: str, key: str, values: list[Any], context: Context) -> bool:
    bare = operator.removesuffix("ifexists")
    if key not in context:
        return bare != operator
    value = context[key]
    if bare in _LIKE:
        return any(_like(str(each), value) for each in values)
    return bare in _EXACT and any(str(each) == value for each in values)


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.compile(expression, re.DOTALL)
