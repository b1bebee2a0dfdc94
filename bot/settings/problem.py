"""One mistake in the configuration, and how all of them are told at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting by its full name, what it should be, and where the wrong value came from, if known.

    Nothing of the value itself: it may be a secret in the wrong place.
    """

    name: str
    """E.g. `remediation.approvers[2]`; a file's name when it cannot be read at all."""
    expected: str
    """The rest of a sentence that begins with the name."""
    source: str = ""
    """A file or an environment variable."""

    def __str__(self) -> str:
        return f"{self.name} {self.expected}" + (f" (from {self.source})" if self.source else "")


def settings_error(problems: Iterable[Problem]) -> SettingsError:
    lines = [str(problem) for problem in problems]
    count = "There is a problem" if len(lines) == 1 else f"There are {len(lines)} problems"
    return SettingsError("\n".join([f"{count} in the configuration:", *(f"  - {line}" for line in lines)]))
