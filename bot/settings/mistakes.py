"""pydantic's errors in this project's words: full names, what is expected, and never the value."""

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from bot.settings.models import Settings
from bot.settings.problem import Problem

Location = tuple[int | str, ...]

_EXPECTED = {
    "missing": "is needed",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
    "dict_type": "should be a table",
    "tuple_type": "should be a list",
    "string_type": "should be text in quotation marks",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
}


def problems_of(error: ValidationError, source_of: Callable[[Location], str]) -> list[Problem]:
    """One problem for each error; `source_of` tells where the value at a location came from."""
    return [_problem(each, source_of) for each in error.errors(include_url=False, include_input=False)]


def full_name(location: Location) -> str:
    """`remediation.approvers[2]`; what does not print in a key is escaped."""
    name = ""
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{_shown(part)}"
    return name.removeprefix(".")


def known_names(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """The full name of every section and setting; those of an account as `aws.accounts[].id`."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        inner = section_in(field.annotation)
        if inner is not None:
            mark = "" if field.annotation is inner else "[]"
            yield from known_names(inner, f"{prefix}{name}{mark}.")


def section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field is, or is a list of; None for a plain value."""
    candidates = (annotation, *get_args(annotation))
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _shown(key: str) -> str:
    escaped = (key or '""') if key.isprintable() else key.encode("unicode_escape").decode("ascii")
    return escaped if len(escaped) <= 60 else escaped[:59] + "…"


def _problem(error: Any, source_of: Callable[[Location], str]) -> Problem:
    location, kind = error["loc"], error["type"]
    if kind == "value_error":
        expected = str(error["ctx"]["error"])
    elif kind == "extra_forbidden":
        expected = f"is not a setting{suggestion(location)}"
    else:
        expected = _EXPECTED.get(kind) or error["msg"].replace("Input should", "should")
    return Problem(full_name(location), expected, source_of(location))


def suggestion(location: Location) -> str:
    """`; did you mean aws.scan_role?`, or nothing when no known name comes near."""
    wanted = re.sub(r"\[\d+\]", "[]", full_name(location))
    names = list(known_names())
    key = wanted.rpartition(".")[2]
    # The right key in the wrong section first, then a slip of the pen.
    same_key = [name for name in names if name.rpartition(".")[2] == key]
    near = difflib.get_close_matches(wanted, same_key, n=1, cutoff=0) or difflib.get_close_matches(
        wanted, names, n=1, cutoff=0.75
    )
    if not near:
        return ""
    index = next((f"[{part}]" for part in location if isinstance(part, int)), "[]")
    return f"; did you mean {near[0].replace('[]', index)}?"
