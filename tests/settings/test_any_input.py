"""Whatever is written into settings: they are read, or every mistake is told; nothing else ever happens."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import SettingsError
from bot.settings import Settings, read_settings
from bot.settings.mistakes import known_names

SECRET = "hunter2"
NAMES = [name for name in known_names() if "[" not in name]
SCALARS = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from([SECRET, "111122223333", "U0123ABCD", "*", "", "{account_id}", "arn:aws:iam::x:role/y"]),
)
KEYS = st.sampled_from(
    ["id", "scan_role", "trusted_principals", "external_id_file", "cron", "minutes", "zzz", "a.b"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def outcome(**sources: Any) -> str:
    try:
        return str(read_settings(directory=Path("/nonexistent"), **{"environ": {}, **sources}))
    except SettingsError as error:
        return str(error)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*NAMES, "nothing", "aws.nothing"]), VALUES, max_size=4))
def test_any_values_in_any_place(flags: dict[str, Any]) -> None:
    told = outcome(flags=flags)

    assert told.startswith(("aws=", "There "))


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([f"SUPPORT_ROLE_{name.upper().replace('.', '__')}" for name in NAMES]),
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
        | st.sampled_from(["[", "{}", "[1, [2]]", '{"id": 1}', '[{"id": "1", "x": {}}]', "null"]),
        max_size=4,
    )
)
def test_any_text_in_any_variable(environ: dict[str, str]) -> None:
    told = outcome(environ=environ)

    assert told.startswith(("aws=", "There "))


@settings(deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(["", "x", " ", "[", '{"a": "']))
def test_a_wrong_value_is_never_shown(name: str, around: str) -> None:
    value = f"{around}{SECRET}\x00{around}"
    problem = (
        outcome(flags={name: value}) + outcome(flags={name: [value]}) + outcome(flags={name: {"zzz": value}})
    )

    assert SECRET not in problem


def test_every_setting_has_a_default() -> None:
    assert Settings() == Settings.model_validate({})
