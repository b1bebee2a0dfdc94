"""Whether two policy documents say the same. IAM spells what it gives back in its own way."""

import json
from collections.abc import Mapping, Sequence

from bot.domain.canonical import Json, canonical_json


def says_the_same(one: str, other: str) -> bool:
    """True when two JSON texts differ only in what IAM does not keep; False when either is no policy."""
    try:
        return _spelled(one) == _spelled(other)
    except (ValueError, TypeError, RecursionError):
        return False


def _spelled(text: str) -> str:
    # Compared as text: to Python, true and 1 are equal, and to IAM they are not.
    return canonical_json(_order_apart(json.loads(text)))


def _order_apart(value: Json) -> Json:
    """A policy without what IAM does not keep: the order of a list, and whether a list of one is a list."""
    if isinstance(value, Mapping):
        return {key: _order_apart(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = sorted((_order_apart(item) for item in value), key=canonical_json)
        return items[0] if len(items) == 1 else items
    return value
