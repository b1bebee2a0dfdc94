"""Small checks that combine into the shape of a JSON object; each yields what is wrong, in Slack's words."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]
"""Takes a value and its JSON pointer."""


def error(problem: str, pointer: str) -> str:
    """One line as Slack puts it into `response_metadata.messages`."""
    return f"[ERROR] {problem} [json-pointer:{pointer}]"


def length(text: str) -> int:
    """Characters as Slack counts them: UTF-16 units, so that most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def string(most: int | None = None, least: int = 1, pattern: str = "") -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield error("must be a string", pointer)
        elif length(value) < least:
            yield error(f"must be more than {least - 1} characters", pointer)
        elif most is not None and length(value) > most:
            yield error(f"must be less than {most + 1} characters", pointer)
        elif pattern and not re.fullmatch(pattern, value):
            yield error(f"does not match {pattern}", pointer)

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield error("must be a boolean", pointer)


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one: what is no list is reported by `items`."""
    return value if isinstance(value, list) else []


def anything(_value: Any, _pointer: str) -> Iterator[str]:
    return iter(())


def number(least: float | None = None, most: float | None = None, *, above: float | None = None) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield error("must be a number", pointer)
        elif above is not None and value <= above:
            yield error(f"must be greater than {above}", pointer)
        elif least is not None and value < least:
            yield error(f"must be at least {least}", pointer)
        elif most is not None and value > most:
            yield error(f"must be at most {most}", pointer)

    return check


def integer(least: int, most: int | None = None) -> Check:
    within = number(least, most)

    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, float) and not value.is_integer():
            yield error("must be an integer", pointer)
        else:
            yield from within(value, pointer)

    return check


def one_of(*values: Any) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in values or isinstance(value, bool) != isinstance(values[0], bool):
            yield error(f"must be one of {', '.join(map(str, values))}", pointer)

    return check


def items(each: Check, most: int | None = None, least: int = 1) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield error("must be an array", pointer)
            return
        if len(value) < least:
            yield error(f"no less than {least} items allowed", pointer)
        if most is not None and len(value) > most:
            yield error(f"no more than {most} items allowed", pointer)
        for index, item in enumerate(value):
            yield from each(item, f"{pointer}/{index}")

    return check


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield error("must be an object", pointer)
            return
        for name in required:
            if value.get(name) is None:
                yield error(f"missing required field: {name}", pointer)
        for name, inner in value.items():
            if name not in known:
                yield error(f"invalid additional property: {name}", pointer)
            elif inner is not None:
                yield from known[name](inner, f"{pointer}/{name}")

    return check


def kinds(table: Mapping[str, Check]) -> Check:
    """An object whose `type` says which check it must pass."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict):
            yield error("must be an object", pointer)
        elif kind is None:
            yield error("missing required field: type", pointer)
        elif not isinstance(kind, str) or kind not in table:
            yield error(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            yield from table[kind](value, pointer)

    return check


def every(*checks: Check) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        for one in checks:
            yield from one(value, pointer)

    return check


def needs_any(*names: str) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            yield error(f"needs at least one of {', '.join(names)}", pointer)

    return check


def not_both(first: str, second: str) -> Check:
    def check(value: Any, pointer: str) -> Iterator[str]:
        if isinstance(value, dict) and value.get(first) and value.get(second):
            yield error(f"cannot have both {first} and {second}", pointer)

    return check


def exactly_one(first: str, second: str) -> Check:
    return every(needs_any(first, second), not_both(first, second))
