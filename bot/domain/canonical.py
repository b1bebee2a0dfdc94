"""One spelling for a JSON value, so that equal values have equal hashes (RFC 8785)."""

import hashlib
import json
from collections.abc import Mapping, Sequence

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""What may be hashed. No floats: RFC 8785 spells them as ECMAScript does, and nothing here needs one."""


def canonical_json(value: Json) -> str:
    """The RFC 8785 form of a value without floats.

    Keys are sorted by UTF-16 code units, as the RFC asks, which differs from Python's order beyond U+FFFF.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """Hex SHA-256 of UTF-8 text; a lone surrogate is hashed as its escape rather than refused."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _ordered(value: Json) -> Json:
    if isinstance(value, float):
        raise TypeError("canonical JSON holds no floats")
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=_utf16)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_ordered(item) for item in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
