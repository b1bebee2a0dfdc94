"""Settings for tests: read from what a test writes down, and from nowhere else."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import SettingsError
from bot.settings import Settings, read_settings


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Settings]:
    """Read settings from TOML text, lines of .env, variables and flags; each may be left out."""

    def read_from(
        toml: str | None = None,
        *,
        dotenv: str | None = None,
        environ: Mapping[str, str] | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> Settings:
        if toml is not None:
            (tmp_path / "support-role.toml").write_text(toml, "utf-8")
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv, "utf-8")
        return read_settings(environ=environ or {}, flags=flags, directory=tmp_path)

    return read_from


@pytest.fixture
def problems(read: Callable[..., Settings]) -> Callable[..., list[str]]:
    """The problems in settings, a line each."""

    def problems_in(*sources: str, **more: Any) -> list[str]:
        with pytest.raises(SettingsError) as raised:
            read(*sources, **more)
        return [line.removeprefix("  - ") for line in str(raised.value).splitlines()[1:]]

    return problems_in
