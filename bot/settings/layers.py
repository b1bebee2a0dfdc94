"""Where settings come from: each source as a layer of entries, later layers over earlier ones.

A layer never fails as a whole: what cannot be read in it becomes a problem, and the rest is used.
"""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.settings.mistakes import full_name, known_names, section_in
from bot.settings.models import Settings
from bot.settings.problem import Problem

PREFIX = "SUPPORT_ROLE_"
SEPARATOR = "__"
CONFIG = "SUPPORT_ROLE_CONFIG"
SLACK_NAMES = {
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_SIGNING_SECRET": ("slack", "signing_secret"),
    "SLACK_API_URL": ("slack", "api_url"),
}
"""Slack's own names for them, as its documentation and tools use them."""

SECRET_KEYS = ("bot_token", "app_token", "signing_secret", "external_id", "url")

NEAR = 0.85
"""How much a variable resembles a setting that is meant: Kubernetes' own of a service store does not."""

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value at its place, e.g. `("aws", "scan_role")`, and what a person would call its source."""

    path: KeyPath
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Layer:
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_toml(path: Path) -> Layer:
    """A file's tables; one problem when it cannot be read or is no TOML."""
    try:
        tables = tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        return Layer(problems=(Problem(str(path), f"is not valid TOML: {_place_in(error)}"),))
    except RecursionError:
        return Layer(problems=(Problem(str(path), "is not valid TOML: it is nested too deeply"),))
    except UnicodeDecodeError:
        return Layer(problems=(Problem(str(path), "is not UTF-8 text"),))
    except OSError as error:
        return Layer(problems=(Problem(str(path), f"cannot be read: {error.strerror}"),))
    return with_secret_files([Entry(path_, value, path.name) for path_, value in _leaves(tables)])


def _place_in(error: tomllib.TOMLDecodeError) -> str:
    # Its words may quote the file's text, a secret perhaps: only the place in parentheses is safe.
    _, _, place = str(error).rpartition("(")
    return place.removesuffix(")")


def _leaves(table: Mapping[str, Any], path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def read_variables(variables: Mapping[str, str], where: str = "") -> Layer:
    """Settings in environment variables; `where` names the file that they stand in, if any.

    Others are not ours: Kubernetes itself sets SUPPORT_ROLE_BOT_PORT beside a service of that name.
    """
    entries, problems = [], []
    for name, text in sorted(variables.items()):
        source = f"{name} in {where}" if where else name
        path = _path_of(name)
        if path is None:
            problems += _no_setting(name, source)
            continue
        if name.startswith("SLACK_") and not text:
            continue
        try:
            entries.append(Entry(path, _parsed(path, text), source))
        except (ValueError, RecursionError):
            problems.append(Problem(full_name(path), "should be a list: JSON, or values with commas", source))
    layer = with_secret_files(_own_names_last(entries))
    return Layer(layer.entries, (*problems, *layer.problems))


def _own_names_last(entries: list[Entry]) -> list[Entry]:
    # Where both are set, SUPPORT_ROLE_SLACK__BOT_TOKEN wins over SLACK_BOT_TOKEN: it says more.
    return sorted(entries, key=lambda entry: not entry.source.startswith("SLACK_"))


def _path_of(name: str) -> KeyPath | None:
    bare = name.removesuffix("_FILE")
    if bare in SLACK_NAMES:
        section, key = SLACK_NAMES[bare]
        return (section, key if bare == name else f"{key}_file")
    if not name.startswith(PREFIX) or SEPARATOR not in name:
        return None
    return tuple(name.removeprefix(PREFIX).lower().split(SEPARATOR))


def _no_setting(name: str, source: str) -> list[Problem]:
    """A variable with our prefix that comes near a setting, and is none."""
    if not name.startswith(PREFIX) or name == CONFIG:
        return []
    bare = name.removesuffix("_FILE")
    if bare.removeprefix(PREFIX).lower() in Settings.model_fields:
        return [Problem(name, f"is not a setting; those in it are named {bare}{SEPARATOR}…", source)]
    meant = _meant_by(bare.removeprefix(PREFIX).lower())
    if not meant:
        return []
    variable = PREFIX + meant.replace(".", SEPARATOR).upper()
    return [Problem(name, f"is not a setting; did you mean {variable}?", source)]


def _meant_by(words: str) -> str:
    """One underscore too few, a key without its section, or a slip of the pen; else nothing."""
    names = [each for each in known_names() if "." in each and "[" not in each]
    keys = [each for each in names if each.rpartition(".")[2] == words]
    if len(keys) == 1:
        return keys[0]
    flat = {each.replace(".", "_"): each for each in names}
    near = difflib.get_close_matches(words, flat, n=1, cutoff=NEAR)
    return flat[near[0]] if near else ""


def _parsed(path: KeyPath, text: str) -> Any:
    """Text as its setting wants it: lists from JSON or commas, tables from JSON; else ValueError."""
    model: type[BaseModel] | None = Settings
    annotation: Any = Settings
    for key in path:
        field = model.model_fields.get(key) if model else None
        if field is None:
            return text
        annotation, model = field.annotation, section_in(field.annotation)
    is_list = "tuple" in str(annotation)
    if text.lstrip().startswith(("[", "{")) and (is_list or model):
        return json.loads(text)
    if model is not None:
        raise ValueError("a table in a variable is JSON")
    return [item.strip() for item in text.split(",") if item.strip()] if is_list else text


def with_secret_files(entries: list[Entry]) -> Layer:
    """Read every secret that is given as `NAME_FILE`; one that cannot be read is a problem."""
    read, problems = [], []
    given = {entry.path for entry in entries}
    for entry in entries:
        value, found = _without_files(entry.value, entry.path, entry.source)
        problems += found
        key = _secret_key(entry.path[-1])
        if not key:
            read.append(Entry(entry.path, value, entry.source))
        elif (*entry.path[:-1], key) in given:
            problems.append(
                Problem(full_name(entry.path), f"stands beside {key}: one of them is too many", entry.source)
            )
        else:
            secret, found = _read_secret(entry.value, entry.path, entry.source)
            problems += found
            read += [] if found else [Entry((*entry.path[:-1], key), secret, entry.source)]
    return Layer(tuple(read), tuple(problems))


def _without_files(value: Any, path: tuple[int | str, ...], source: str) -> tuple[Any, list[Problem]]:
    """The same inside a list of tables: the accounts."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return value, []
    problems: list[Problem] = []
    tables: list[dict[str, Any]] = []
    for number, table in enumerate(value):
        tables.append({})
        for name, inner in table.items():
            secret, found = inner, list[Problem]()
            key = _secret_key(name)
            if key:
                secret, found = _read_secret(inner, (*path, number, name), source)
            problems += found
            tables[-1] |= {} if found else {key or name: secret}
    return tables, problems


def _secret_key(name: str) -> str:
    key = name.removesuffix("_file")
    return key if key != name and key in SECRET_KEYS else ""


def _read_secret(file: Any, path: tuple[int | str, ...], source: str) -> tuple[str, list[Problem]]:
    try:
        return Path(str(file)).read_text("utf-8").rstrip("\r\n"), []
    except (OSError, ValueError) as error:
        # Not the file's name: a token that was put here by mistake would be shown.
        why = getattr(error, "strerror", None) or "it is not text"
        return "", [Problem(full_name(path), f"should name a file that can be read: {why}", source)]
