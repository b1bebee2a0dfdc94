"""Reading the settings: all sources in their order, and every mistake in them at once."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.settings.crosscheck import contradictions
from bot.settings.layers import CONFIG, Entry, Layer, read_toml, read_variables
from bot.settings.mistakes import Location, problems_of
from bot.settings.models import Settings
from bot.settings.problem import Problem, settings_error

DEFAULT_FILE = "support-role.toml"
DOTENV = ".env"


def read_settings(
    config: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Defaults < file < .env < environment < flags (`{"check.strict": True}`; None is no flag at all).

    SettingsError with every problem of every source. `environ` is os.environ and `directory`, where
    support-role.toml and .env are looked for, the working directory unless given.
    """
    variables = os.environ if environ is None else environ
    folder = directory or Path()
    dotenv, unreadable = _read_dotenv(folder)
    layers = [
        Layer(problems=unreadable),
        _read_file(config, {**dotenv, **variables}, folder),
        read_variables(dotenv, DOTENV),
        read_variables(variables),
        _from_flags(flags or {}),
    ]
    return _validated(layers)


def aws_variables(directory: Path | None = None) -> dict[str, str]:
    """The AWS_* lines of .env: for the AWS libraries, which read the environment alone."""
    variables, _ = _read_dotenv(directory or Path())
    return {name: text for name, text in variables.items() if name.startswith("AWS_")}


def _read_file(config: Path | None, variables: Mapping[str, str], folder: Path) -> Layer:
    named = config or (Path(variables[CONFIG]) if variables.get(CONFIG) else None)
    if named is not None:
        return read_toml(named)
    default = folder / DEFAULT_FILE
    return read_toml(default) if default.exists() else Layer()


def _read_dotenv(folder: Path) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """What .env sets; nothing, and the problem, when it cannot be read."""
    file = folder / DOTENV
    if not file.is_file():
        return {}, ()
    from dotenv import dotenv_values  # noqa: PLC0415 - most installations have no such file

    try:
        # Without interpolation: a `$` in a secret is a `$`.
        found = dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        return {}, (Problem(str(file), "is not UTF-8 text"),)
    except OSError as error:
        return {}, (Problem(str(file), f"cannot be read: {error.strerror}"),)
    return {name: text for name, text in found.items() if text is not None}, ()


def _from_flags(flags: Mapping[str, Any]) -> Layer:
    entries = [
        Entry(tuple(name.split(".")), value, "the command line")
        for name, value in flags.items()
        if value is not None
    ]
    return Layer(tuple(entries))


class _Tree:
    """The layers merged, with the source of each value."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._sources: dict[Location, str] = {}

    def put(self, entry: Entry) -> None:
        table = self.values
        for key in entry.path[:-1]:
            inner = table.get(key)
            if not isinstance(inner, dict):
                inner = table[key] = {}
            table = inner
        key = entry.path[-1]
        if not (entry.value == {} and isinstance(table.get(key), dict)):
            table[key] = entry.value
            self._sources[entry.path] = entry.source

    def source_of(self, location: Location) -> str:
        """The source of the value at a location, or of the nearest value that holds it."""
        for length in range(len(location), 0, -1):
            if location[:length] in self._sources:
                return self._sources[location[:length]]
        inside = (source for path, source in self._sources.items() if path[: len(location)] == location)
        return next(inside, "")


def _validated(layers: Iterable[Layer]) -> Settings:
    tree = _Tree()
    problems: list[Problem] = []
    for layer in layers:
        problems += layer.problems
        for entry in layer.entries:
            tree.put(entry)
    try:
        settings = Settings.model_validate(tree.values)
    except ValidationError as error:
        problems += problems_of(error, tree.source_of)
        problems += _contradictions_in_the_rest(tree, error)
        raise settings_error(_once(problems)) from None
    problems += contradictions(settings, tree.source_of, range(len(settings.aws.accounts)))
    if problems:
        raise settings_error(_once(problems))
    return settings


def _contradictions_in_the_rest(tree: _Tree, error: ValidationError) -> list[Problem]:
    """Leave out the values that are wrong by themselves, and see whether the rest contradicts itself."""
    dropped: set[int] = set()
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        match each["loc"]:
            case ("aws", "accounts", int(number), *inner):
                _drop_from_account(tree.values["aws"]["accounts"], number, inner, dropped)
            case (section, key, *_) if isinstance(tree.values.get(str(section)), dict):
                tree.values[str(section)].pop(key, None)
            case (key, *_):
                tree.values.pop(str(key), None)
    accounts = tree.values.get("aws", {}).get("accounts", [])
    kept = [number for number in range(len(accounts)) if number not in dropped]
    if accounts:
        tree.values["aws"]["accounts"] = [accounts[number] for number in kept]
    try:
        return contradictions(Settings.model_validate(tree.values), tree.source_of, kept)
    except ValidationError:
        return []


def _drop_from_account(accounts: list[Any], number: int, inner: list[Any], dropped: set[int]) -> None:
    if not inner or inner[0] == "id" or not isinstance(accounts[number], dict):
        dropped.add(number)
    else:
        accounts[number].pop(inner[0], None)


def _once(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
